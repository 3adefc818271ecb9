"""Dispatch as a process: alert in, order out; what the API lets people do; what a kill leaves behind."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.timescaledb.provision import Database
from shared.contracts import topic_names as names
from tests.answers import HOOKS
from tests.component.dispatch.support import SITE, Bus, Service, alert, environment, headers, key_file, until
from tests.conftest import DatabaseFactory

pytestmark = pytest.mark.engines


class World:
    def __init__(
        self,
        service: Service,
        bus: Bus,
        database: Database,
        key: Path,
        bootstrap: str,
        prefix: str,
        folder: Path,
    ) -> None:
        self.service = service
        self.bus = bus
        self.database = database
        self.key = key
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.folder = folder
        self.client = httpx.AsyncClient(base_url=service.url, trust_env=False, event_hooks=HOOKS)

    async def ask(
        self,
        method: str,
        path: str,
        *roles: str,
        json: Any = None,
        extra: dict[str, str] | None = None,
        **who: Any,
    ) -> httpx.Response:
        asked = headers(self.key, "dispatch", *(roles or ("dispatcher",)), **who) | (extra or {})
        return await self.client.request(method, f"/api/v1/{path}", json=json, headers=asked)

    async def crew(
        self, crew_id: str = "c1", longitude: float = 103.71, members: tuple[str, ...] = ("lead", "mate")
    ) -> None:
        body = {
            "crew_id": crew_id,
            "area_code": "530602",
            "name": crew_id,
            "lead": "lead",
            "members": list(members),
            "skills": ["leak"],
            "longitude": longitude,
            "latitude": 27.33,
        }
        assert (await self.ask("POST", "crews", json=body)).status_code == 201
        shift = {
            "shift_id": f"shift-{crew_id}",
            "crew_id": crew_id,
            "from": "2020-01-01T00:00:00+08:00",
            "to": "2099-01-01T00:00:00+08:00",
        }
        assert (await self.ask("POST", "shifts", json=shift)).status_code == 201

    async def orders(self, **filters: str) -> list[dict[str, Any]]:
        asked = headers(self.key, "dispatch", "dispatcher")
        answer = await self.client.get("/api/v1/orders", params=filters, headers=asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def mine(
        self, verb: str, order_id: str, json: Any = None, role: str = "crew_lead", crew_id: str = "c1"
    ) -> httpx.Response:
        return await self.ask(
            "POST", f"orders/{order_id}:{verb}", role, json=json, subject="lead", crew_id=crew_id
        )

    def another(self, **more: str) -> Service:
        settings = environment("dispatch", self.bootstrap, self.prefix, self.database, self.key, **more)
        return Service("dispatch", settings, self.folder)


@pytest.fixture
async def world(
    kafka_bootstrap: str, topic_prefix: str, database: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[World]:
    made = await database("dispatch")
    key = key_file(tmp_path)
    async with Bus(kafka_bootstrap, topic_prefix).open() as bus:
        await bus.site(SITE)
        service = Service(
            "dispatch", environment("dispatch", kafka_bootstrap, topic_prefix, made, key), tmp_path
        )
        try:
            world = World(await service.start(), bus, made, key, kafka_bootstrap, topic_prefix, tmp_path)
            yield world
            await world.client.aclose()
        finally:
            await service.kill()


async def test_a_verb_with_what_is_out_of_date_is_412_and_without_it_goes_on(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(site_id="s1"))
    order_id, revision = order["order_id"], order["revision"]

    async def ask(verb: str, given: str | None, role: str = "crew_lead", body: Any = None) -> httpx.Response:
        asked = headers(world.key, "dispatch", role, subject="lead", crew_id="c1")
        asked |= {"If-Match": given} if given else {}
        return await world.client.post(f"/api/v1/orders/{order_id}:{verb}", json=body, headers=asked)

    step = {"step": "cordoned", "device_time": "2026-01-01T00:00:00Z"}
    for verb, role, body in (
        ("accept", "crew_lead", None),
        ("arrive", "crew_lead", None),
        ("step", "crew_lead", step),
        ("close", "crew_lead", None),
        ("cancel", "dispatcher", None),
        ("reassign", "dispatcher", {"crew_id": "c1"}),
    ):
        for given in (f'"{revision + 1}"', '"77"', "nonsense"):
            answer = await ask(verb, given, role, body)
            assert (answer.status_code, answer.json()["type"]) == (412, "precondition-failed"), verb
    assert (await world.orders(site_id="s1"))[0]["revision"] == revision, "nothing has changed"
    accepted = await ask("accept", f'"{revision}"')
    assert (accepted.status_code, accepted.headers["etag"]) == (200, f'"{revision + 1}"')
    assert (await ask("depart", accepted.headers["etag"])).status_code == 200
    assert (await ask("step", None, body=step)).status_code == 200
    assert (await ask("arrive", None)).status_code == 200


async def test_from_an_alert_to_a_closed_order(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(site_id="s1"))
    assert (order["state"], order["crew_id"], order["alert_ids"]) == ("assigned", "c1", ["a1"])
    order_id = order["order_id"]
    for verb in ("accept", "depart", "arrive"):
        answer = await world.mine(verb, order_id)
        assert answer.status_code == 200, answer.text
    assert answer.json()["holds_site"] is True
    late = {
        "step": "cordoned",
        "device_time": "2026-01-01T00:00:00Z",
        "readings": [{"lel_percent": 3}],
        "attachment_ids": [],
    }
    later = {
        "step": "located",
        "device_time": "2026-01-01T01:00:00Z",
        "position": {"longitude": 103.7, "latitude": 27.3},
    }
    assert (await world.mine("step", order_id, later)).status_code == 200
    assert (await world.mine("step", order_id, late)).status_code == 200
    refused = await world.mine("close", order_id)
    assert (refused.status_code, refused.json()["alert_ids"]) == (409, ["a1"])
    await world.bus.alert(alert(active=False), "reset")

    async def closed() -> bool:
        return bool((await world.mine("close", order_id)).status_code == 200)

    assert await until(closed)
    whole = await world.ask("GET", f"orders/{order_id}")
    assert whole.headers["etag"] == f'"{whole.json()["revision"]}"'
    assert [step["step"] for step in whole.json()["steps"]] == ["cordoned", "located"]
    kinds = ["opened", "assigned", "accepted", "departed", "arrived", "step", "step", "closed"]
    assert [item["kind"] for item in whole.json()["timeline"]] == kinds
    events = await world.bus.read(names.ORDER, lambda found: len(found) >= len(kinds))
    assert [type_ for type_, _, _ in events] == [f"cn.gas.order.{kind}.v1" for kind in kinds]
    assert {key for _, key, _ in events} == {b"s1"}
    assert events[-1][2]["order"]["holds_site"] is False


async def test_people_may_do_what_their_role_and_crew_allow(world: World) -> None:
    await world.crew()
    await world.crew("c2", 104.5)
    await world.bus.alert(alert())
    [order] = await until(world.orders)
    path = f"orders/{order['order_id']}"
    assert (await world.client.get(f"/api/v1/{path}")).status_code == 401
    assert (await world.ask("GET", path, operator_id="op2")).status_code == 404
    assert (await world.ask("GET", path, "crew_member", crew_id="c2")).status_code == 404
    assert (await world.ask("GET", path, "crew_member", crew_id="c1")).status_code == 200
    assert (
        await world.ask("GET", path, "regulator_viewer", operator_id=None, area_code="530600")
    ).status_code == 200
    assert (
        await world.ask("GET", path, "regulator_viewer", operator_id=None, area_code="530300")
    ).status_code == 404
    assert (await world.ask("POST", f"{path}:cancel", "crew_lead", crew_id="c1")).status_code == 403
    assert (await world.ask("POST", f"{path}:accept", "dispatcher")).status_code == 403
    assert (await world.mine("close", order["order_id"], role="crew_member")).status_code == 403
    assert (await world.mine("arrive", order["order_id"])).status_code == 409
    listed = await world.ask("GET", "orders", "crew_member", crew_id="c2")
    assert listed.json()["items"] == []
    body = {"site_id": "s1", "kind": "response", "priority": "P2", "text": "x"}
    taken = await world.ask("POST", "orders", json=body)
    assert (taken.status_code, taken.json()["order_id"]) == (409, order["order_id"])
    assert (await world.ask("POST", "orders", json=body | {"surprise": 1})).status_code == 422
    assert (await world.ask("POST", "orders", json=body | {"site_id": "nowhere"})).status_code == 404
    assert (await world.ask("POST", "orders", json=body, operator_id="op2")).status_code == 404


async def test_the_same_key_acts_once(world: World) -> None:
    await world.crew()
    body = {"site_id": "s1", "kind": "response", "priority": "P1", "text": "闻到异味"}
    first = await world.ask("POST", "orders", json=body, extra={"Idempotency-Key": "k1"})
    again = await world.ask("POST", "orders", json=body, extra={"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert first.json()["state"] == "assigned"
    other = await world.ask("POST", "orders", json=body | {"text": "y"}, extra={"Idempotency-Key": "k1"})
    assert other.status_code == 422
    assert len(await world.orders()) == 1


async def test_reassigning_cancelling_and_crews(world: World) -> None:
    await world.crew()
    await world.crew("c2", 104.5)
    await world.bus.alert(alert())
    [order] = await until(world.orders)
    advice = (await world.ask("GET", f"orders/{order['order_id']}/recommendation")).json()["items"]
    assert [one["crew_id"] for one in advice] == ["c2"]
    moved = await world.ask(
        "POST", f"orders/{order['order_id']}:reassign", json={"crew_id": "c2", "reason": "nearer"}
    )
    assert (moved.status_code, moved.json()["crew_id"]) == (200, "c2")
    assert (await world.mine("accept", order["order_id"])).status_code == 409
    assert (await world.ask("GET", "crews/c2")).json()["load"] == 1
    refused = await world.ask("POST", f"orders/{order['order_id']}:cancel", json={"reason": "误报"})
    assert (refused.status_code, refused.json()["alert_ids"]) == (409, order["alert_ids"])
    await world.bus.alert(alert(active=False), "cleared")

    async def cancelled() -> bool:
        path = f"orders/{order['order_id']}:cancel"
        return bool((await world.ask("POST", path, json={"reason": "误报"})).status_code == 200)

    assert await until(cancelled)
    crew = await world.ask("GET", "crews/c2")
    assert crew.json()["load"] == 0
    tag = {"If-Match": crew.headers["etag"]}
    assert (await world.ask("PATCH", "crews/c2", json={"name": "二班"})).status_code == 428
    assert (await world.ask("PATCH", "crews/c2", json={"name": "二班"}, extra=tag)).json()["name"] == "二班"
    assert (await world.ask("PATCH", "crews/c2", json={"name": "三班"}, extra=tag)).status_code == 412
    off = await world.ask("PATCH", "shifts/shift-c2", json={"on_duty": False}, extra={"If-Match": '"1"'})
    assert off.json()["on_duty"] is False
    assert (await world.ask("GET", "crews/c2")).json()["on_shift"] is False


async def test_unreadable_events_become_dead_letters_and_the_rest_goes_on(world: World) -> None:
    await world.bus.raw(names.ALERT, b"{nonsense")
    await world.bus.alert(alert())
    assert await until(world.orders)


async def test_killed_in_the_middle_of_an_assignment_there_is_one_order(world: World) -> None:
    """Fault 7: held inside its transaction by a lock on the crews, killed, started again."""
    await world.crew()
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:
        blocking = connection.transaction()
        await blocking.start()
        await connection.execute("SELECT FROM crew FOR UPDATE")
        await world.bus.alert(alert())

        async def waits() -> Any:
            return await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")

        await until(waits, what="dispatch waits inside its transaction")
        await world.service.kill()
        await blocking.rollback()
        assert await connection.fetchval("SELECT count(*) FROM orders") == 0
        again = world.another()
        try:
            await again.start()
            await until(lambda: connection.fetchval("SELECT count(*) FROM orders"))
            events = await world.bus.read(names.ORDER, lambda found: len(found) >= 2)
            assert [type_ for type_, _, _ in events] == ["cn.gas.order.opened.v1", "cn.gas.order.assigned.v1"]
            assert await connection.fetchval("SELECT count(*) FROM orders") == 1
            assert await connection.fetchval("SELECT crew_id FROM orders") == "c1"
            assert await again.stop() == 0
        finally:
            await again.kill()
    finally:
        await connection.close()


async def test_not_accepted_in_time_goes_to_the_next_crew_even_across_a_restart(world: World) -> None:
    await world.crew()
    await world.crew("c2", 104.5)
    await world.bus.alert(alert())
    await until(lambda: world.orders(crew_id="c1"))
    await world.service.kill()
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:  # a minute passes
        await connection.execute(
            "UPDATE orders SET accept_by_ms = accept_by_ms - 60000, due_at_ms = due_at_ms - 60000"
        )
        again = world.another()
        try:
            await again.start()
            await until(lambda: connection.fetchval("SELECT true FROM orders WHERE crew_id = 'c2'"))
        finally:
            await again.kill()
    finally:
        await connection.close()
