"""The ledger in PostgreSQL: once taken in, claimed by one, marked for good."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.notification.adapters.channels import ConfiguredChannels
from services.notification.adapters.postgres import PostgresLedger
from services.notification.adapters.webhook import Webhook
from services.notification.domain.backoff import LEASE_S
from services.notification.domain.model import Delivery, Result
from services.notification.domain.targets import origin_of
from services.notification.handlers import Notifying
from shared.chassis.database import Pool, open_pool
from tests.component.dispatch.support import Sink
from tests.conftest import DatabaseFactory
from tests.unit.notification.test_routing import notice


class World:
    def __init__(self, pool: Pool, sink: Sink, client: httpx.AsyncClient) -> None:
        self.pool = pool
        self.sink = sink
        webhook = Webhook(client, [origin_of(sink.origin)])
        urls = {name: f"webhook:{sink.origin}/{name}" for name in ("app", "sms")}
        self.channels = ConfiguredChannels(urls, webhook)
        self.ledger = PostgresLedger(pool, self.channels.lane)
        self.use = Notifying(self.ledger, self.channels, {})

    async def count(self, where: str = "true", table: str = "delivery") -> int:
        found: int = await self.pool.fetchval(f"SELECT count(*) FROM {table} WHERE {where}")
        return found

    async def later(self, seconds: float) -> None:
        for table in ("delivery", "escalation"):
            await self.pool.execute(
                f"UPDATE {table} SET due_at = due_at - make_interval(secs => $1)", seconds
            )


@pytest.fixture
async def world(database: DatabaseFactory) -> AsyncIterator[World]:
    made = await database("notification")
    owner = await open_pool(made.services["notification"].owner, application_name="test")
    await owner.execute(
        "INSERT INTO contact (contact_id, operator_id, area_code, name, role, language, addresses)"
        " SELECT role, 'op1', '530602', role, role, 'zh-CN', $1"
        " FROM unnest(ARRAY['watch', 'watch_supervisor', 'duty_manager']) AS role",
        [{"channel": "app", "address": "x"}, {"channel": "sms", "address": "1"}],
    )
    await owner.close()
    pool = await open_pool(made.services["notification"].worker, application_name="test")
    async with Sink().open() as sink, httpx.AsyncClient(trust_env=False) as client:
        yield World(pool, sink, client)
    await pool.close()


async def test_an_event_is_taken_in_once_however_often_at_once(world: World) -> None:
    found = await asyncio.gather(*(world.use.take_in(notice(), "m1") for _ in range(20)))
    assert sum(one is not None for one in found) == 1
    assert await world.count() == 2
    assert await world.count(table="escalation") == 2


async def test_an_event_that_leads_to_nothing_leaves_nothing(world: World) -> None:
    intake = await world.use.take_in(notice(event_id="e5", what="order_linked"), "m5")
    assert intake is not None
    assert intake.empty
    assert [await world.count(table=one) for one in ("inbox", "delivery", "escalation")] == [0, 0, 0]


async def test_a_delivery_is_claimed_by_one_until_its_lease_runs_out(world: World) -> None:
    await world.use.take_in(notice(), "m1")
    claimed = await asyncio.gather(*(world.ledger.claim(4, []) for _ in range(5)))
    keys = [one.idempotency_key for batch in claimed for one in batch]
    assert sorted(keys) == ["e1:app:watch", "e1:sms:watch"]
    await world.later(LEASE_S + 1)
    again = await world.ledger.claim(4, [])
    assert sorted(one.idempotency_key for one in again) == sorted(keys)
    assert {one.attempts for one in again} == {2}


async def test_a_lease_is_renewed_by_its_holder_only(world: World) -> None:
    await world.use.take_in(notice(), "m1")
    first = await world.ledger.claim(4, [])
    await world.later(LEASE_S + 1)
    await world.ledger.keep(first)
    assert await world.ledger.claim(4, []) == []
    await world.later(LEASE_S + 1)
    second = await world.ledger.claim(4, [])
    await world.later(LEASE_S + 1)
    await world.ledger.keep(first)
    assert len(await world.ledger.claim(4, [])) == len(second) == 2


async def test_a_stale_failure_does_not_disturb_the_attempt_that_runs(world: World) -> None:
    await world.use.take_in(notice(), "m1")
    [first, *_] = await world.ledger.claim(4, [])
    await world.later(LEASE_S + 1)
    await world.ledger.claim(4, [])
    await world.ledger.mark(first, Result(delivered=False, detail="too late"), 0)
    assert await world.ledger.claim(4, []) == []
    await world.ledger.mark(first, Result(delivered=True), 1)
    assert await world.count("state = 'delivered'") == 1
    await world.ledger.mark(first, Result(delivered=False), None)
    assert await world.count("state = 'delivered'") == 1
    assert await world.count(table="outbox") == 1


async def test_p1_goes_first_and_busy_lanes_wait(world: World) -> None:
    await world.use.take_in(notice(event_id="e2", subject="alert:a2", rule="G01", priority="P2"), "m2")
    await world.use.take_in(notice(), "m1")
    [first] = await world.ledger.claim(1, [])
    assert first.priority == "P1"
    assert {one.channel for one in await world.ledger.claim(9, ["app"])} == {"sms"}


async def test_what_is_given_up_is_said(world: World) -> None:
    await world.use.take_in(notice(), "m1")
    world.sink.answer = lambda _: "500 Broken"
    for attempts in range(1, 12):
        batch = await world.ledger.claim(4, [])
        assert {one.attempts for one in batch} == {attempts}
        for one in batch:
            await world.use.mark(one, await world.use.channels.send(one))
        await world.later(3600)
    assert await world.ledger.claim(4, []) == []
    assert await world.count("state = 'failed' AND detail = 'HTTP 500'") == 2
    assert await world.count("type = 'cn.gas.notification.failed.v1'", "outbox") == 2


async def test_escalations_ring_once_and_an_answer_ends_them(world: World) -> None:
    await world.use.take_in(notice(), "m1")
    assert await world.use.escalate() == 0
    await world.later(61)
    assert sum(await asyncio.gather(*(world.use.escalate() for _ in range(5)))) == 1
    assert await world.count("recipient = 'watch_supervisor'") == 2
    await world.use.take_in(notice(event_id="e9", what="acknowledged"), "m9", acknowledged=True)
    await world.later(1000)
    assert await world.use.escalate() == 0
    assert await world.count("recipient = 'duty_manager'") == 0


async def test_a_name_that_turns_private_is_not_called(world: World) -> None:
    """Rebinding: whatever the name says, the address that was checked is the one that is called."""
    asked: list[tuple[str, int]] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return ["127.0.0.1"]

    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://hooks.example.cn:{world.sink.port}/x"
        result = await Webhook(client, [origin_of(url)], resolve).send(url, delivery())
    assert (result.delivered, result.final) == (False, True)
    assert len(asked) == 1
    assert world.sink.calls == []


async def test_the_name_that_was_asked_for_stands_in_the_host_header(world: World) -> None:
    async def resolve(_host: str, _port: int) -> list[str]:
        return ["127.0.0.1"]

    async with httpx.AsyncClient(trust_env=False) as client:
        url = f"http://localhost:{world.sink.port}/x"
        result = await Webhook(client, [origin_of(url)], resolve).send(url, delivery())
    assert result == Result(True, "HTTP 200")
    assert world.sink.calls[0][0]["host"] == f"localhost:{world.sink.port}"


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
async def test_apprise_carries_other_channels(world: World) -> None:
    """Against the local sink by Apprise's json plugin; in production a short-message gateway or the like."""
    urls = {"other": f"json://127.0.0.1:{world.sink.port}/{{address}}"}
    channels = ConfiguredChannels(urls, Webhook(httpx.AsyncClient(trust_env=False), []))
    assert (await channels.send(delivery(channel="other", address="139"))).delivered
    assert world.sink.calls[0][1]["message"].strip() == "body"
    world.sink.answer = lambda _: "500 Broken"
    assert not (await channels.send(delivery(channel="other", address="139"))).delivered
    assert (await channels.send(delivery(channel="other", address="1/../2?x="))).final
    assert len(world.sink.calls) == 2


def delivery(**more: Any) -> Delivery:
    values: dict[str, Any] = dict.fromkeys(Delivery.__slots__, "") | {
        "attempts": 1,
        "created_at_ms": 0,
        "title": "title",
        "body": "body",
        "idempotency_key": "k",
    }
    return Delivery(**(values | more))
