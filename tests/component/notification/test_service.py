"""Notification as a process: an event in, a webhook called; crashes, slow receivers, escalation."""

import asyncio
import json
import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from deploy.timescaledb.provision import Database
from shared.contracts import topic_names as names
from tests.answers import HOOKS
from tests.component.dispatch.support import (
    SITE,
    Bus,
    Service,
    Sink,
    alert,
    environment,
    headers,
    key_file,
    until,
)
from tests.conftest import DatabaseFactory

pytestmark = pytest.mark.engines


class World:
    def __init__(self, service: Service, bus: Bus, sink: Sink, database: Database, key: Path) -> None:
        self.service = service
        self.bus = bus
        self.sink = sink
        self.database = database
        self.key = key
        self.client = httpx.AsyncClient(base_url=service.url, trust_env=False, event_hooks=HOOKS)
        self.rows: asyncpg.Connection[Any]

    async def ask(
        self, method: str, path: str, role: str = "operator_admin", json: Any = None, **who: Any
    ) -> httpx.Response:
        asked = headers(self.key, "notification", role, **who)
        return await self.client.request(method, f"/api/v1/{path}", json=json, headers=asked)

    async def contact(self, contact_id: str, role: str, *addresses: tuple[str, str], **more: Any) -> None:
        body = {
            "contact_id": contact_id,
            "area_code": "530602",
            "name": contact_id,
            "role": role,
            "addresses": [{"channel": channel, "address": address} for channel, address in addresses],
        }
        answer = await self.ask("POST", "contacts", json=body | more)
        assert answer.status_code == 201, answer.text

    def told(self) -> Counter[tuple[str, str]]:
        return Counter((body["recipient"], body["channel"]) for _, body in self.sink.calls)

    async def pending(self) -> int:
        found: int = await self.rows.fetchval("SELECT count(*) FROM delivery WHERE state = 'pending'")
        return found

    async def settled(self) -> bool:
        planned = await self.rows.fetchval("SELECT count(*) FROM delivery")
        return bool(planned) and await self.pending() == 0

    async def minutes_pass(self) -> None:
        await self.rows.execute("UPDATE escalation SET due_at = due_at - interval '10 minutes'")


@pytest.fixture
async def world(
    kafka_bootstrap: str, topic_prefix: str, database: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[World]:
    made = await database("notification")
    key = key_file(tmp_path)
    async with Bus(kafka_bootstrap, topic_prefix).open() as bus, Sink().open() as sink:
        await bus.site(SITE)
        channels = {name: f"webhook:{sink.origin}/{name}" for name in ("push", "sms", "voice")}
        settings = environment(
            "notification",
            kafka_bootstrap,
            topic_prefix,
            made,
            key,
            GW_CHANNELS=json.dumps(channels),
            GW_WEBHOOK_ALLOW=json.dumps([sink.origin]),
        )
        service = Service("notification", settings, tmp_path)
        rows = await asyncpg.connect(made.services["notification"].worker)
        try:
            world = World(await service.start(), bus, sink, made, key)
            world.rows = rows
            yield world
            await world.client.aclose()
        finally:
            await service.kill()
            await rows.close()


WATCH = (("push", "wang"), ("sms", "13900000001"))


async def test_an_alert_reaches_people_on_two_channels_and_is_published(world: World) -> None:
    await world.contact("wang", "watch", *WATCH)
    await world.contact("li", "watch", ("webhook", f"{world.sink.origin}/li"), language="en")
    event = await world.bus.alert(alert())
    await until(world.settled)
    expected = {("wang", "push"), ("wang", "sms"), ("li", "webhook"), ("site-s1-13800000000", "voice")}
    assert dict(world.told()) == dict.fromkeys(expected, 1)
    by_key = {body["idempotency_key"]: (head, body) for head, body in world.sink.calls}
    head, body = by_key[f"{event}:push:wang"]
    assert head["idempotency-key"] == f"{event}:push:wang"
    assert body["title"].startswith("P1 紧急 G02 燃气泄漏高报 · 老街火锅")
    for words in ("62 %LEL", "爆炸下限 5 %", "爆炸上限 15 %", "应当：", "严禁："):
        assert words in body["body"]
    english = by_key[f"{event}:webhook:li"][1]["body"]
    assert "LEL 5 vol%, UEL 15 vol%" in english
    results = await world.bus.read(names.NOTIFICATION, lambda found: len(found) >= len(expected))
    assert {type_ for type_, _, _ in results} == {"cn.gas.notification.delivered.v1"}
    assert {value["idempotency_key"] for _, _, value in results} == set(by_key)
    shown = await world.ask("GET", "deliveries?recipient=wang", "watch")
    assert {item["state"] for item in shown.json()["items"]} == {"delivered"}
    other = await world.ask("GET", "deliveries", "watch", operator_id="op2")
    assert other.json()["items"] == []


async def test_the_same_event_again_sends_nothing_more(world: World) -> None:
    await world.contact("wang", "watch", *WATCH)
    event = await world.bus.alert(alert())
    await until(world.settled)
    calls = len(world.sink.calls)
    await world.bus.alert(alert(), event_id=event)
    await world.bus.alert(alert("a2"))
    await until(lambda: len(world.sink.calls) == 2 * calls)
    await until(world.settled)
    assert (
        len({body["idempotency_key"] for _, body in world.sink.calls}) == len(world.sink.calls) == 2 * calls
    )


async def test_killed_between_send_and_mark_the_same_key_is_sent_again(world: World) -> None:
    """At least once: duplicates only across the crash, and only with the same key."""
    await world.contact("wang", "watch", *WATCH)
    world.sink.hold = asyncio.Event()  # it has the message, and has not answered
    await world.bus.alert(alert())
    await until(lambda: len(world.sink.calls) == 3)
    await world.service.kill()
    world.sink.hold.set()
    world.sink.hold = None
    assert await world.pending() == 3
    before = Counter(body["idempotency_key"] for _, body in world.sink.calls)
    await world.rows.execute(
        "UPDATE delivery SET due_at = due_at - interval '1 minute'"
    )  # the lease runs out
    await world.service.start()
    await until(world.settled)
    after = Counter(body["idempotency_key"] for _, body in world.sink.calls)
    assert set(after) == set(before)
    assert set(after.values()) == {2}
    assert {body["attempt"] for _, body in world.sink.calls[3:]} == {2}


async def test_a_receiver_that_fails_is_tried_again_until_it_takes_it(world: World) -> None:
    await world.contact("wang", "watch", ("push", "wang"))
    world.sink.answer = lambda number: "503 Busy" if number <= 3 else "200 OK"
    await world.bus.alert(alert(rule="G01", priority="P2"))
    await until(world.settled)
    assert [body["attempt"] for _, body in world.sink.calls] == [1, 2, 3, 4]
    assert len({body["idempotency_key"] for _, body in world.sink.calls}) == 1


async def test_a_redirect_is_refused_and_said(world: World) -> None:
    await world.contact("wang", "watch", ("push", "wang"))
    world.sink.answer = lambda _: f"307 Elsewhere\r\nLocation: {world.sink.origin}/inside"
    await world.bus.alert(alert(rule="G01", priority="P2"))
    await until(world.settled)
    assert len(world.sink.calls) == 1
    [(type_, _, value)] = await world.bus.read(names.NOTIFICATION, lambda found: len(found) >= 1)
    assert (type_, value["detail"]) == ("cn.gas.notification.failed.v1", "refused: redirect 307")


async def test_p1_escalates_until_somebody_acknowledges(world: World) -> None:
    await world.contact("wang", "watch", *WATCH)
    await world.contact("sup", "watch_supervisor", ("push", "sup"), ("sms", "13900000002"))
    await world.contact("boss", "duty_manager", ("push", "boss"), ("sms", "13900000003"))
    await world.bus.alert(alert("a1"))
    await world.bus.alert(alert("a2"))
    await until(world.settled)
    assert await world.rows.fetchval("SELECT count(*) FROM escalation") == 4
    await world.bus.alert(alert("a2", acknowledged=True), "acknowledged")

    async def left() -> bool:
        return bool(await world.rows.fetchval("SELECT count(*) = 2 FROM escalation"))

    await until(left)
    await world.minutes_pass()
    await until(lambda: len([1 for name, _ in world.told().elements() if name in {"sup", "boss"}]) == 4)
    titles = [body["title"] for _, body in world.sink.calls if body["recipient"] == "sup"]
    assert all(title.startswith("无人确认，升级至值班主管") for title in titles)
    subjects = {body["subject"] for _, body in world.sink.calls if body["recipient"] in {"sup", "boss"}}
    assert subjects == {"alert:a1"}


async def test_canaries_reach_nobody_and_tests_are_marked_and_never_escalate(world: World) -> None:
    await world.contact("wang", "watch", *WATCH)
    await world.bus.alert(alert("a1", reserved=True))
    await world.bus.alert(alert("a2", test=True))
    await until(world.settled)
    assert {body["subject"] for _, body in world.sink.calls} == {"alert:a2"}
    assert all(body["title"].startswith("【测试】") for _, body in world.sink.calls)
    assert "voice" not in {channel for _, channel in world.told()}
    assert await world.rows.fetchval("SELECT count(*) FROM escalation") == 0


async def test_one_receiver_that_hangs_does_not_hold_up_the_others(world: World) -> None:
    async with Sink().open() as slow:
        slow.hold = asyncio.Event()
        await world.service.kill()
        world.service.environment["GW_WEBHOOK_ALLOW"] = json.dumps([world.sink.origin, slow.origin])
        await world.service.start()
        await world.contact("slow", "watch", ("webhook", f"{slow.origin}/x"))
        await world.contact("wang", "watch", ("push", "wang"))
        for number in range(30):
            await world.bus.alert(alert(f"a{number}"))
        await until(lambda: world.told()["wang", "push"] == 30, limit_s=10)
        assert len(slow.calls) <= 8
        slow.hold.set()


async def test_contacts_hold_no_address_that_may_not_be_called(world: World) -> None:
    def body(channel: str, address: str) -> dict[str, Any]:
        return {
            "contact_id": "x",
            "area_code": "530602",
            "name": "x",
            "role": "watch",
            "addresses": [{"channel": channel, "address": address}],
        }

    for address in (
        "http://127.0.0.1:1/",
        "http://[::1]/",
        "http://2130706433/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        f"http://u:p@127.0.0.1:{world.sink.port}/",
        f"https://127.0.0.1:{world.sink.port}/",
    ):
        answer = await world.ask("POST", "contacts", json=body("webhook", address))
        assert answer.status_code == 422, address
    assert (await world.ask("POST", "contacts", json=body("telex", "1"))).status_code == 422
    assert (await world.ask("POST", "contacts", json=body("sms", "1/../?x"))).status_code == 422
    assert (await world.ask("POST", "contacts", "watch", json=body("sms", "139"))).status_code == 403
    assert (await world.ask("POST", "contacts", json=body("sms", "139"))).status_code == 201
    assert (await world.ask("GET", "contacts/x", operator_id="op2")).status_code == 404
    assert (await world.ask("GET", "deliveries?state=lost")).status_code == 422
    assert (await world.ask("GET", "deliveries?state=failed")).status_code == 200
    changed = await world.ask("PATCH", "contacts/x", json={"active": False})
    assert changed.status_code == 428


async def test_an_own_route_replaces_the_default_for_what_it_matches(world: World) -> None:
    await world.contact("wang", "watch", *WATCH)
    await world.contact("qian", "expert", ("push", "qian"))
    route = {
        "route_id": "r1",
        "area_code": "530602",
        "topic": "alert",
        "priorities": ["P2"],
        "roles": ["expert"],
        "rules": ["G01"],
    }
    assert (await world.ask("POST", "routes", json=route)).status_code == 201
    await world.bus.alert(alert("a1", rule="G01", priority="P2"))
    await world.bus.alert(alert("a2", rule="G05", priority="P2"))
    await until(lambda: len(world.sink.calls) == 3)
    await until(world.settled)
    told = {(body["recipient"], body["subject"]) for _, body in world.sink.calls}
    assert told == {("qian", "alert:a1"), ("wang", "alert:a2")}


async def test_it_stops_within_ten_seconds(world: World) -> None:
    world.service.send(signal.SIGTERM)
    assert await world.service.stop() == 0
