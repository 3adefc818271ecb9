"""What people read of orders, crews and shifts, each held against the OpenAPI document."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.dispatch.adapters import crews, queries
from services.dispatch.adapters.postgres import PostgresOrders
from services.dispatch.domain.model import Limits, Place
from services.dispatch.entrypoints import api
from services.dispatch.entrypoints.requests import Orders
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.contracts.access import may
from tests.answers import HOOKS
from tests.conftest import DatabaseFactory

KEY = PrincipalKey(bytes(range(32)))
DISPATCHER = Principal("he", frozenset({"dispatcher"}), operator_id="op1")
LEAD = Principal("lead", frozenset({"crew_lead"}), operator_id="op1", crew_id="c1")
SITE = Place(site_id="s1", operator_id="op1", area_code="530602", longitude=103.7, latitude=27.3)
CREW = {
    "crew_id": "c1",
    "area_code": "530602",
    "name": "一班",
    "lead": "lead",
    "members": ["lead", "mate"],
    "skills": ["leak"],
}
SHIFT = {"shift_id": "t1", "crew_id": "c1", "from": "2020-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z"}
STEP = {
    "step": "cordoned",
    "device_time": "2026-01-01T00:00:00Z",
    "position": {"longitude": 103.7, "latitude": 27.3},
    "readings": [{"lel_percent": 3}],
    "note": "second valve, too",
    "corrects": "2026-01-01T00:00:00.000Z",
}


class Api:
    def __init__(self, app: FastAPI) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://dispatch", event_hooks=HOOKS
        )

    async def ask(
        self, method: str, path: str, who: Principal, body: Any = None, *, changes: str = ""
    ) -> dict[str, Any]:
        headers = {HEADER: KEY.sign(who, "dispatch"), "Idempotency-Key": str(uuid.uuid4())}
        headers |= {"If-Match": changes} if changes else {}
        answer = await self.client.request(method, f"/api/v1/{path}", json=body, headers=headers)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def dispatch(database: DatabaseFactory) -> AsyncIterator[Api]:
    pool = await open_pool((await database("dispatch")).services["dispatch"].api, application_name="test")
    app = create_app("dispatch", health=Health(), key=KEY, may=may)
    places = {"s1": SITE}
    orders = Orders(pool, lambda unit: PostgresOrders(pool, unit), queries, places, Limits())
    api.add(app, orders, crews)
    made = Api(app)
    yield made
    await made.client.aclose()
    await pool.close()


async def test_a_crew_on_its_way_is_read_by_who_sent_it(dispatch: Api) -> None:
    await dispatch.ask("POST", "crews", DISPATCHER, CREW)
    await dispatch.ask("POST", "shifts", DISPATCHER, SHIFT)
    order = {"site_id": "s1", "kind": "repair", "priority": "P2", "text": "漏"}
    order_id = (await dispatch.ask("POST", "orders", DISPATCHER, order))["order_id"]
    [advice] = (await dispatch.ask("GET", f"orders/{order_id}/recommendation", DISPATCHER))["items"]
    assert (advice["crew_id"], advice["available"]) == ("c1", True)
    await dispatch.ask("POST", f"orders/{order_id}:reassign", DISPATCHER, {"crew_id": "c1"})
    for verb in ("accept", "depart", "arrive"):
        await dispatch.ask("POST", f"orders/{order_id}:{verb}", LEAD)
    await dispatch.ask("POST", f"orders/{order_id}:step", LEAD, STEP)
    told = await dispatch.ask("GET", f"orders/{order_id}/timeline", DISPATCHER)
    assert [line["kind"] for line in told["items"]][-2:] == ["arrived", "step"]
    told_of = told["steps"][0]
    assert {name: told_of[name] for name in ("position", "note", "corrects")} == {
        name: STEP[name] for name in ("position", "note", "corrects")
    }
    detail = await dispatch.ask("GET", f"orders/{order_id}", LEAD)
    assert (detail["timeline"], detail["steps"]) == (told["items"], told["steps"])
    [listed] = (await dispatch.ask("GET", "orders", DISPATCHER))["items"]
    assert listed == {name: value for name, value in detail.items() if name not in {"timeline", "steps"}}


async def test_a_crew_says_where_it_is(dispatch: Api) -> None:
    await dispatch.ask("POST", "crews", DISPATCHER, CREW)
    there = {"longitude": 103.7, "latitude": 27.3, "device_time": "2026-01-01T00:00:00Z"}
    moved = await dispatch.ask("POST", "crews/c1:position", LEAD, there)
    assert (moved["longitude"], moved["position_at"]) == (103.7, "2026-01-01T00:00:00.000Z")
    for who in (DISPATCHER, LEAD):
        assert (await dispatch.ask("GET", "crews", who))["items"] == [moved]
    await dispatch.ask("PATCH", "crews/c1", DISPATCHER, {"name": "二班"}, changes='"1"')
    assert (await dispatch.ask("GET", "crews/c1", LEAD))["name"] == "二班"


async def test_a_shift_is_read_and_changed(dispatch: Api) -> None:
    await dispatch.ask("POST", "crews", DISPATCHER, CREW)
    made = await dispatch.ask("POST", "shifts", DISPATCHER, SHIFT)
    assert (await dispatch.ask("GET", "shifts", LEAD))["items"] == [made]
    await dispatch.ask("PATCH", "shifts/t1", DISPATCHER, {"on_duty": False}, changes='"1"')
    assert (await dispatch.ask("GET", "shifts/t1", LEAD))["on_duty"] is False
