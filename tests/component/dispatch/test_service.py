"""Dispatch as a process: alert in, order out; what the API lets people do."""

from typing import Any

import httpx
import pytest

from shared.contracts import topic_names as names
from tests.component.dispatch.support import alert, headers, until
from tests.component.dispatch.world import World

pytestmark = pytest.mark.engines


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
