"""The API as its own OpenAPI describes it, asked with what fits the description and with what does not.

Seed and counts are fixed. `make test` asks 5 examples of each operation, so that it stays short;
`make faults` asks 50 (`pytest -m full tests/e2e/test_fuzz.py`). Whoever may use the operation asks; in half
of the examples the address names a thing of the asker's own firm, which no other test needs. Administrators
write only where nobody else may: what they write could concern other firms.
"""

import asyncio
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis.openapi
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import response_schema_conformance

from deploy.native.places import PROJECT
from shared.contracts.access import MAY, route_of
from tests.e2e.rights_ground import API, Ground, Person

SEED = 20_260_105
EXAMPLES, EXAMPLES_FULL = 5, 50
LIMIT_S = 30


def _operations() -> Iterator[Any]:
    document = schemathesis.openapi.from_path(PROJECT / "services/portal/ui/openapi.json")
    return (found.ok() for found in document.get_all_operations() if isinstance(found, Ok))


OPERATIONS = {found.label: found for found in _operations()}
WHO = ("operator_admin-d", "watch_supervisor-d", "crew_lead-d", "regulator_officer-530602")
IF_MATCH = ('"1"', '"2"', '"3"', "*", "x")


def route(label: str) -> str:
    method, path = label.split(" ")
    return route_of(method, path.removeprefix(API))


def who_may(ground: Ground, label: str) -> list[Person | None]:
    """Return who asks: everybody of ours who may, an administrator when nobody else does; else nobody."""
    roles = MAY.get(route(label), frozenset())
    found = [ground.people[name] for name in WHO if name.partition("-")[0] in roles]
    if not found or label.startswith("GET"):
        found += [ground.people["administrator"]] if "administrator" in roles else []
    return [*found] or [None]


def strategies(label: str, ground: Ground) -> list[st.SearchStrategy[Any]]:
    """Return ways to make an example: as described or not, of one's own thing or of any."""
    operation, things = OPERATIONS[label], ground.owners["d"].things
    collection = operation.path.removeprefix(API).split("/")[0]
    names = [one.name for one in operation.path_parameters]
    own = {names[0]: things[collection]} if names and collection in things else None
    return [
        operation.as_strategy(mode, path_parameters=path)
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        for path in ((None, own) if own else (None,))
    ]


@pytest.fixture(scope="module")
def wire() -> Iterator[requests.Session]:
    with requests.Session() as found:
        yield found


def faults_of(label: str, ground: Ground, wire: requests.Session, examples: int) -> list[str]:
    """Ask so many examples of an operation; return the requests that were answered as none may be."""
    faults: list[str] = []
    people, ways = who_may(ground, label), strategies(label, ground)

    @seed(SEED)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    def ask(data: st.DataObject) -> None:
        case = data.draw(data.draw(st.sampled_from(ways)))
        who = data.draw(st.sampled_from(people))
        headers = {
            "Authorization": f"Bearer {who.token if who else 'nobody'}",
            "Idempotency-Key": str(uuid.uuid4()),
            "If-Match": data.draw(st.sampled_from(IF_MATCH)),
        }
        answer = case.call(ground.origin, session=wire, headers=headers, timeout=LIMIT_S)
        try:
            case.validate_response(answer, checks=[not_a_server_error, response_schema_conformance])
        except (Failure, FailureGroup) as error:
            faults.append(f"{answer.status_code} by {who.role if who else 'nobody'}: {error}")

    ask()
    return faults


async def stay_signed_in(ground: Ground) -> None:
    async with ground.opened():
        await ground.stay_signed_in()


@pytest.mark.engines
@pytest.mark.parametrize("examples", [EXAMPLES, pytest.param(EXAMPLES_FULL, marks=pytest.mark.full)])
@pytest.mark.parametrize("label", OPERATIONS)
def test_whatever_is_asked_the_service_answers_as_described(ground: Ground, wire, label: str, examples: int):
    asyncio.run(stay_signed_in(ground))
    faults: Any = faults_of(label, ground, wire, examples)
    assert faults == [], f"{len(faults)} of {examples}: {faults[0]}"
