"""People at once, and input that nobody should send, against the running service."""

import asyncio
import json
from typing import Any

import asyncpg
import pytest

from tests.component.dispatch.support import alert, headers, until
from tests.component.dispatch.world import World

pytestmark = pytest.mark.engines


async def test_a_crew_accepts_nothing_that_was_given_to_another_meanwhile(world: World) -> None:
    await world.crew()
    await world.crew("c2", 104.5)
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(crew_id="c1"))
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:
        holding = connection.transaction()
        await holding.start()
        await connection.execute("SELECT FROM site_lock WHERE site_id = 's1' FOR UPDATE")
        accepting = asyncio.create_task(world.mine("accept", order["order_id"]))

        async def waits() -> Any:
            return await connection.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted")

        await until(waits, what="the first crew's word waits for the site")
        await connection.execute("UPDATE orders SET crew_id = 'c2', crews_before = ARRAY['c1']")
        await holding.commit()
        answer = await accepting
    finally:
        await connection.close()
    assert answer.status_code == 409, answer.text
    [after] = await world.orders()
    assert (after["state"], after["crew_id"]) == ("assigned", "c2")


async def test_odd_input_is_refused(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(crew_id="c1"))
    tag = {"If-Match": '"1"'}
    for body in ({"name": None}, {"members": None}, {"skills": None}):
        answer = await world.ask("PATCH", "crews/c1", json=body, extra=tag)
        assert answer.status_code == 422, (body, answer.text)
    texts = ('{"a": ' + "9" * 40 + "}", '{"a": NaN}', '{"a": "\\u0000"}', '{"a": "\\ud800"}', '{"a": 1e400}')
    for text in texts:
        sent = '{"step": "located", "device_time": "2026-01-01T00:00:00Z", "readings": [' + text + "]}"
        said = headers(world.key, "dispatch", "crew_lead", subject="lead", crew_id="c1")
        answer = await world.client.post(
            f"/api/v1/orders/{order['order_id']}:step",
            content=sent,
            headers=said | {"Content-Type": "application/json"},
        )
        assert answer.status_code == 422, (text, answer.text)
    for cursor in ("WyJhIiwiYiJd", "W251bGwsbnVsbF0", "WzFlNDAsImIiXQ", "W3sgfSwxXQ"):
        answer = await world.ask("GET", f"orders?cursor={cursor}")
        assert answer.status_code == 422, (cursor, answer.text)
    for query in ("site_id=%00", "alert_id=%00", "member=%ff"):
        assert (await world.ask("GET", f"orders?{query}")).status_code in {200, 422}, query
    nan = '{"longitude": NaN, "latitude": 1, "device_time": "2026-01-01T00:00:00Z"}'
    said = headers(world.key, "dispatch", "dispatcher") | {"Content-Type": "application/json"}
    answer = await world.client.post("/api/v1/crews/c1:position", content=nan, headers=said)
    assert answer.status_code == 422, answer.text


async def test_a_phone_ahead_of_time_does_not_pin_its_crew(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    [order] = await until(lambda: world.orders(crew_id="c1"))
    far = {"longitude": 100.0, "latitude": 20.0, "device_time": "2099-01-01T00:00:00Z"}
    assert (await world.ask("POST", "crews/c1:position", json=far)).status_code == 422
    step = {"step": "located", "device_time": far["device_time"]}
    step["position"] = {"longitude": 100.0, "latitude": 20.0}
    assert (await world.mine("step", order["order_id"], step)).status_code == 200
    assert (await world.ask("GET", "crews/c1")).json()["longitude"] == 103.71
    assert json.dumps(far)


async def test_a_site_that_changed_hands_with_an_open_order_is_a_409(world: World) -> None:
    await world.crew()
    await world.bus.alert(alert())
    await until(world.orders)
    connection = await asyncpg.connect(world.database.services["dispatch"].worker)
    try:
        await connection.execute("UPDATE orders SET operator_id = 'op-old'")
    finally:
        await connection.close()
    body = {"site_id": "s1", "kind": "response", "priority": "P2", "text": "x"}
    answer = await world.ask("POST", "orders", json=body)
    assert answer.status_code == 409, answer.text
