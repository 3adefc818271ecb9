"""The document that the front end's types are made of says what the code does, of every operation."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.openapi import KEPT, document, text
from services.portal.app import show_alert, show_order
from shared.contracts.access import MAY, route_of
from tests import answers

# Who is not signed in yet, or leaves, has no role.
WITHOUT_ROLE = {"POST session", "POST session:refresh", "DELETE session", "POST session:screen"}
TO_BE_BUILT: set[str] = set()


def operations(said: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each operation with its line in the table of rights."""
    for path, methods in said["paths"].items():
        for method, operation in methods.items():
            yield route_of(method.upper(), path.removeprefix("/api/v1/")), operation


def unsaid(said: dict[str, Any]) -> set[str]:
    """Return the operations of which the document does not say what they answer."""
    found = set()
    for line, operation in operations(said):
        for status, answer in operation["responses"].items():
            if status.startswith("2") and status != "204":
                contents = answer.get("content", {}).values()
                if not contents or not all(content.get("schema") for content in contents):
                    found.add(line)
        if not any(status.startswith("2") for status in operation["responses"]):
            found.add(line)
    return found


def loose(said: dict[str, Any]) -> set[str]:
    """Return the components that take fields which they do not name; a problem has what its type needs."""
    return {
        name
        for name, schema in said["components"]["schemas"].items()
        if schema.get("type") == "object" and schema.get("additionalProperties") is not False
    }


def test_the_committed_document_is_what_the_code_says() -> None:
    same = KEPT.read_text() == text()
    assert same, "run python -m deploy.openapi > services/portal/ui/openapi.json"


def test_every_operation_says_what_it_answers() -> None:
    said = document()
    assert unsaid(said) == set()
    broken = copy.deepcopy(said)
    broken["paths"]["/api/v1/alerts"]["get"]["responses"]["200"]["content"]["application/json"] = {
        "schema": {}
    }
    del broken["paths"]["/api/v1/orders"]["post"]["responses"]["201"]
    assert unsaid(broken) == {"GET alerts", "POST orders"}


def test_every_operation_says_how_it_refuses() -> None:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for line, operation in operations(document()):
        assert operation["responses"]["default"]["content"] == {"application/problem+json": problem}, line
        own = [answer for status, answer in operation["responses"].items() if status[0] in "45"]
        assert all(list(answer["content"]) == ["application/problem+json"] for answer in own), line


def test_answers_are_strict() -> None:
    # The body of a photo is a form that FastAPI describes itself.
    assert loose(document()) == {"FieldFault", "Problem", "Body_add_api_v1_attachments_post"}


def test_the_table_of_rights_names_every_operation_and_no_other() -> None:
    said = {line for line, _ in operations(document())}
    assert said - set(MAY) == WITHOUT_ROLE
    assert set(MAY) - said == TO_BE_BUILT


def test_what_a_route_reads_by_itself_is_said() -> None:
    readings = document()["paths"]["/api/v1/readings"]["get"]
    assert {"from", "to", "device_id", "bucket"} <= {one["name"] for one in readings["parameters"]}
    sites = document()["paths"]["/api/v1/sites"]["get"]
    assert {"operator_id", "kind"} <= {one["name"] for one in sites["parameters"]}


def test_a_stream_gives_resources_as_get_does() -> None:
    folder = Path(__file__).parents[3] / "shared" / "contracts" / "examples"
    for name, show, component in (
        ("cn.gas.alert.raised.v1.json", show_alert, "alerting.Alert"),
        ("cn.gas.order.assigned.v1.json", show_order, "dispatch.Order"),
    ):
        seen = show(json.dumps(json.loads((folder / name).read_text())["data"]).encode())
        assert seen is not None
        assert answers.component_faults(component, json.loads(seen[2])) == []
        assert answers.component_faults(component, {})


KEY = {"kty": "OKP", "crv": "Ed25519", "x": "a", "use": "sig", "alg": "Ed25519", "kid": "k"}


@pytest.mark.parametrize(
    ("status", "body", "media_type", "right"),
    [
        (200, {"keys": [KEY]}, "application/json", True),
        (200, {"keys": [KEY | {"d": "secret"}]}, "application/json", False),
        (200, {"keys": [{}]}, "application/json", False),
        (200, {}, "application/json", False),
        (202, {"keys": []}, "application/json", False),
        (200, {"keys": []}, "text/plain", False),
        (404, {"type": "not-found", "title": "No.", "status": 404}, "application/problem+json", True),
        (404, {"detail": "Not Found"}, "application/problem+json", False),
        (404, {"type": "not-found", "title": "No.", "status": 404}, "application/json", False),
    ],
)
async def test_the_check_of_answers_finds_what_is_wrong(
    status: int, body: dict[str, Any], media_type: str, right: bool
) -> None:
    request = httpx.Request("GET", "http://portal/api/v1/command-keys")
    answer = httpx.Response(status, json=body, headers={"content-type": media_type}, request=request)
    assert (answers.faults(answer) == []) is right
    if not right:
        with pytest.raises(AssertionError):
            await answers.fits(answer)


@pytest.mark.parametrize(
    ("moment", "right"), [("2026-01-31T08:00:00Z", True), ("2026-01-31T08:00:00", False)]
)
def test_times_are_in_utc(moment: str, right: bool) -> None:
    request = httpx.Request("POST", "http://portal/api/v1/session")
    answer = httpx.Response(200, json={"token": "t", "expires_at": moment}, request=request)
    assert (answers.faults(answer) == []) is right
