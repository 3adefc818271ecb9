"""Nobody sees or does what is not theirs: every route × every role × whose the thing is, on the real product.

The routes come from the product's own OpenAPI, the roles of each from `shared/contracts/access.py`; whose
things are, and what a right request for them looks like, stands by hand in `rights_table.py`.
"""

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from deploy.native.places import PROJECT
from shared.contracts.access import MAY, ROLES, route_of
from tests.e2e import rights_table as table
from tests.e2e.rights_asking import Asking
from tests.e2e.rights_ground import Ground

OPENAPI = json.loads((PROJECT / "services/portal/ui/openapi.json").read_text())


def routes_of(document: dict[str, Any]) -> set[str]:
    """Return the routes of an OpenAPI document as the table of rights writes them."""
    return {
        route_of(method.upper(), path.removeprefix("/api/v1/"))
        for path, operations in document["paths"].items()
        for method in operations
    }


ROUTES = routes_of(OPENAPI) - table.BEFORE_ROLES


def test_every_route_has_its_line_and_every_line_its_route():
    assert routes_of(OPENAPI) >= table.BEFORE_ROLES
    assert ROUTES - MAY.keys() == set(), "not in the table of rights"
    assert MAY.keys() - ROUTES == set(), "in the table of rights, but nowhere else"


@pytest.mark.parametrize("route", table.DANGEROUS)
def test_what_is_dangerous_is_left_to_whom_it_is_meant_for(route):
    assert set(MAY[route]) == table.DANGEROUS[route]


def test_the_administrator_sees_no_valve_and_a_crew_no_people():
    assert {
        route for route in MAY if route.split(" ")[1].startswith("valves/") if "administrator" in MAY[route]
    } == set()
    own = {"GET people/me", "POST people/me:password", "POST people/me:second-factor"}
    for role in ROLES - {"administrator"}:
        assert {route for route in MAY if " people" in route if role in MAY[route]} == own


def test_every_thing_of_every_route_has_an_owner_and_every_body_a_route():
    named = {route.split(" ")[1].split("/")[0] for route in ROUTES if "{}" in route} - {"rules", "stream"}
    assert named == table.BELONGS_TO.keys()
    assert table.WRITES.keys() | table.REFERS_TO.keys() <= ROUTES


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asking(ground: Ground) -> AsyncIterator[Asking]:
    async with ground.opened():
        await ground.stay_signed_in()
        yield Asking(ground, sorted(ROUTES), MAY)


engines = pytest.mark.engines
one_loop = pytest.mark.asyncio(loop_scope="module")


@engines
@one_loop
async def test_the_product_describes_the_routes_that_it_has(asking):
    ground = asking.ground
    answer = await ground.http.get("/api/openapi.json")
    assert routes_of(answer.json()) == routes_of(OPENAPI)


@engines
@one_loop
@pytest.mark.timeout(600)  # six thousand requests: half a minute, but not on a machine that does much else
async def test_nobody_does_what_the_role_may_not_and_nobody_reaches_what_is_anothers(asking, capsys):
    """Each (route, role, owner): 403 by role, 404 by owner, and what is left gets through to the thing."""
    before = await asking.snapshot()
    faults = await asking.refused_by_role() + await asking.refused_unread()
    faults += await asking.refused_by_owner() + await asking.reached()
    assert faults == []
    assert await asking.snapshot() == before, "something changed although nobody might change it"
    with capsys.disabled():
        sys.stdout.write(
            f"\n{sum(asking.cells.values())} cells of (route, role, owner): {dict(asking.cells)}\n"
        )
    assert asking.cells.keys() == {"refused by role", "refused by owner", "reached"}


@engines
@one_loop
async def test_lists_and_files_hold_what_is_ones_own_and_nothing_else(asking, capsys):
    faults, rows = await asking.lists()
    assert faults == []
    with capsys.disabled():
        sys.stdout.write(f"\n{sum(rows.values())} rows of {len(rows)} lists looked at\n")


@engines
@one_loop
async def test_a_right_code_closes_no_strangers_valve(asking):
    assert await asking.armed() == []


@engines
@one_loop
async def test_what_is_ones_own_goes_when_its_owner_says_so(asking):
    assert await asking.deleted() == []


@engines
@one_loop
async def test_without_a_living_session_there_is_nothing(asking):
    assert await asking.unknown() == []


@engines
@one_loop
async def test_a_page_from_elsewhere_does_nothing_with_the_cookie(asking):
    assert await asking.from_elsewhere() == []
