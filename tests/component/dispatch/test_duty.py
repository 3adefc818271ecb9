"""A crew goes on and off duty by itself, and never with an order in hand."""

import asyncio
from typing import Any

import asyncpg
import httpx
import pytest

from tests.component.dispatch.support import alert, headers, until
from tests.component.dispatch.world import World

pytestmark = pytest.mark.engines


async def duty(
    world: World,
    on: object,
    crew_id: str = "c1",
    role: str = "crew_member",
    **who: Any,
) -> httpx.Response:
    return await world.ask(
        "POST", f"crews/{crew_id}:duty", role, json={"on": on}, **({"crew_id": "c1"} | who)
    )


async def shifts(world: World, crew_id: str = "c1") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await world.ask("GET", f"shifts?crew_id={crew_id}")).json()["items"]
    return found


async def test_off_and_on_again_within_a_shift(world: World) -> None:
    await world.crew()
    off = await duty(world, on=False)
    assert (off.status_code, off.json()["on_shift"]) == (200, False)
    again = await duty(world, on=False)
    assert (again.status_code, again.json()["on_shift"]) == (200, False)
    [shift] = await shifts(world)
    assert (shift["on_duty"], shift["revision"]) == (False, 2)
    on = await duty(world, on=True)
    assert (on.status_code, on.json()["on_shift"]) == (200, True)
    [shift] = await shifts(world)
    assert (shift["on_duty"], shift["revision"]) == (True, 3)


async def test_without_a_shift_one_of_twelve_hours_begins(world: World) -> None:
    await world.crew()
    ended = await asyncpg.connect(world.database.services["dispatch"].worker)
    await ended.execute("UPDATE shift SET to_ms = from_ms + 1")
    await ended.close()
    assert (await duty(world, on=False)).json()["on_shift"] is False
    assert len(await shifts(world)) == 1, "going off duty begins no shift"
    on = await duty(world, on=True, role="crew_lead")
    assert on.json()["on_shift"] is True
    assert (await duty(world, on=True)).json()["on_shift"] is True
    found = sorted(await shifts(world), key=lambda one: str(one["from"]))
    assert len(found) == 2
    begun, until_ = found[-1]["from"], found[-1]["to"]
    assert found[-1]["operator_id"] == "op1"
    hours = (int(until_[11:13]) - int(begun[11:13])) % 24
    assert (hours, begun[13:]) == (12, until_[13:])


async def test_not_off_duty_with_an_order_in_hand(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(crew_id="c1"))
    refused = await duty(world, on=False)
    assert (refused.status_code, refused.json()["type"]) == (409, "order-in-hand")
    assert (await world.ask("GET", "crews/c1")).json()["on_shift"] is True
    for verb in ("accept", "depart", "arrive", "close"):
        body = {"reason": "repaired"} if verb == "close" else None
        assert (await world.mine(verb, order["order_id"], body)).status_code == 200
    assert (await duty(world, on=False)).status_code == 200


async def test_whoever_is_off_duty_is_sent_nowhere_until_on_duty_again(world: World) -> None:
    await world.crew()
    assert (await duty(world, on=False)).status_code == 200
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(site_id="s1"))
    assert order["crew_id"] is None
    assert (await duty(world, on=True)).status_code == 200
    await until(lambda: world.orders(crew_id="c1"), what="the order that waited goes to the crew")


async def test_for_another_crew_it_is_not_there(world: World) -> None:
    await world.crew()
    await world.crew("c2", 104.0)
    assert (await duty(world, on=False, crew_id="c2")).status_code == 404
    assert (await duty(world, on=False, role="crew_lead", crew_id="c2")).status_code == 404
    stranger: dict[str, Any] = {"crew_id": None, "operator_id": "op2"}
    assert (
        await world.ask("POST", "crews/c1:duty", "dispatcher", json={"on": False}, **stranger)
    ).status_code == 404
    assert (await world.ask("POST", "crews/none:duty", "dispatcher", json={"on": False})).status_code == 404
    assert (await world.ask("POST", "crews/c1:duty", "watch", json={"on": False})).status_code == 403
    assert (await world.ask("GET", "crews/c2")).json()["on_shift"] is True
    planner = await world.ask("POST", "crews/c2:duty", "operator_admin", json={"on": False})
    assert (planner.status_code, planner.json()["on_shift"]) == (200, False)


async def test_odd_words(world: World) -> None:
    await world.crew()
    for body in (None, {}, {"on": 1}, {"on": "true"}, {"on": None}, {"on": True, "until": "x"}):
        answer = await world.ask("POST", "crews/c1:duty", "crew_lead", json=body, crew_id="c1")
        assert answer.status_code == 422, body


async def test_twice_with_one_key_is_once(world: World) -> None:
    await world.crew()
    asked = headers(world.key, "dispatch", "crew_lead", subject="lead", crew_id="c1")
    for _ in range(2):
        answer = await world.client.post("/api/v1/crews/c1:duty", json={"on": False}, headers=asked)
        assert answer.status_code == 200
    assert (await shifts(world))[0]["revision"] == 2
    other = await world.client.post("/api/v1/crews/c1:duty", json={"on": True}, headers=asked)
    assert other.status_code == 422


async def test_an_order_and_the_end_of_duty_at_once(world: World) -> None:
    """Whichever comes first, no crew is off duty with an order that was given to it."""
    await world.crew()
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:
        holding = connection.transaction()
        await holding.start()
        await connection.execute("SELECT FROM crew WHERE crew_id = 'c1' FOR NO KEY UPDATE")
        leaving = asyncio.create_task(duty(world, on=False))

        async def waits() -> Any:
            return await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")

        await until(waits, what="the crew's word waits")
        await connection.execute(
            "INSERT INTO orders SELECT (jsonb_populate_record(NULL::orders, $1)).*",
            ORDER,
        )
        await holding.commit()
        answer = await leaving
    finally:
        await connection.close()
    assert (answer.status_code, answer.json()["type"]) == (409, "order-in-hand")


ORDER = """{"order_id": "o1", "site_id": "s9", "operator_id": "op1", "area_code": "530602",
 "kind": "repair", "priority": "P2", "state": "assigned", "text": "x", "alert_ids": [], "skills": [],
 "crew_id": "c1", "members": [], "tried": [], "crews_before": [], "opened_at_ms": 1, "updated_at_ms": 1,
 "waiting": false, "late_said": false, "holds_site": false, "test": false, "reserved": false,
 "revision": 1}"""


async def test_the_list_of_what_is_overdue(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(crew_id="c1"))
    assert await world.orders(overdue="true") == []
    [same] = await world.orders(overdue="false")
    assert same["order_id"] == order["order_id"]
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    await connection.execute("UPDATE orders SET arrive_by_ms = 1")
    await connection.close()
    [late] = await world.orders(overdue="true")
    assert late["order_id"] == order["order_id"]
    viewer = await world.ask(
        "GET", "orders?overdue=true", "regulator_viewer", operator_id=None, area_code="530600"
    )
    assert len(viewer.json()["items"]) == 1
    far = await world.ask(
        "GET", "orders?overdue=true", "regulator_viewer", operator_id=None, area_code="530300"
    )
    assert far.json()["items"] == []
    assert (await world.ask("GET", "orders?overdue=perhaps")).status_code == 422
