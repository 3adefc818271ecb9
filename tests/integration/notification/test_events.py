"""Events in, deliveries in the ledger: who is told of what, once."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from services.notification.adapters.postgres import PostgresLedger
from services.notification.domain.model import Delivery, Result
from services.notification.entrypoints.consumer import Consumer
from services.notification.handlers import Notifying
from shared.chassis import cloudevents
from shared.chassis.database import Pool, open_pool
from shared.chassis.kafka import Record
from shared.contracts import topic_names as names
from shared.contracts.events import Alert, AlertChanged, Order, OrderChanged, OrderItem, TimelineItem
from tests.conftest import DatabaseFactory

pytestmark = pytest.mark.engines


class NoSites:
    def get(self, key: str) -> None:
        return None


class TwoChannels:
    names = frozenset({"app", "sms"})

    def lane(self, channel: str, address: str) -> str:
        return channel

    def check(self, channel: str, address: str) -> None:
        pass

    async def send(self, delivery: Delivery) -> Result:
        return Result(delivered=True)


class World:
    def __init__(self, pool: Pool, owner: Pool) -> None:
        self.pool = pool
        self.owner = owner
        channels = TwoChannels()
        self.ledger = PostgresLedger(pool, channels.lane)
        self.use = Notifying(self.ledger, channels, {})
        self.consumer = Consumer(self.use, NoSites(), asyncio.Event())

    async def take(self, topic: str, event_id: str, changed: Any) -> None:
        headers = cloudevents.headers("cn.gas.x.v1", "/test", "s1", 0, id_=event_id)
        value = msgspec.json.encode(changed)
        await self.consumer.handle(Record(topic, 0, 0, b"s1", value, headers, 0))

    async def told(self) -> set[tuple[str, str, str]]:
        rows = await self.pool.fetch("SELECT recipient, channel, title FROM delivery")
        return {(row["recipient"], row["channel"], row["title"]) for row in rows}


@pytest.fixture
async def world(database: DatabaseFactory) -> AsyncIterator[World]:
    made = await database("notification")
    owner = await open_pool(made.services["notification"].owner, application_name="test")
    await owner.executemany(
        "INSERT INTO contact (contact_id, operator_id, area_code, name, role, crew_id, person, language,"
        " addresses) VALUES ($1, 'op1', '530602', $1, $2, $3, $1, 'zh-CN', $4)",
        [
            (name, role, crew, [{"channel": "app", "address": "x"}, {"channel": "sms", "address": "1"}])
            for name, role, crew in (
                ("wang", "watch", None),
                ("li", "crew_lead", "c1"),
                ("zhao", "crew_member", "c2"),
                ("helper", "crew_member", "c1"),
            )
        ],
    )
    pool = await open_pool(made.services["notification"].worker, application_name="test")
    yield World(pool, owner)
    await owner.close()
    await pool.close()


def order(former: str | None, *members: str, crew_id: str = "c2", reserved: bool = False) -> OrderChanged:
    return OrderChanged(
        Order(
            order_id="o1", site_id="s1", operator_id="op1", area_code="530602", kind="response",
            priority="P1", state="assigned", text="G02 · 厨房", alert_ids=[], crew_id=crew_id, lead=None,
            members=list(members), opened_at_ms=0, updated_at_ms=0, reserved=reserved,
        ),
        OrderItem(at_ms=0, kind="reassigned", crew_id=crew_id, former_crew_id=former),
    )  # fmt: skip


async def test_the_crew_that_loses_an_order_is_told_once_and_not_to_go(world: World) -> None:
    for _ in range(2):
        # helper stands in for the new crew this time, and need not hear that the old one is free
        await world.take(names.ORDER, "e1", order("c1", "zhao", "helper"))
    found = await world.told()
    assert {(name, "不必前往" in title) for name, _, title in found} == {
        ("zhao", False),
        ("helper", False),
        ("li", True),
    }
    assert len(found) == 6
    assert await world.pool.fetchval("SELECT count(*) FROM delivery") == 6


async def test_who_reads_of_an_order_hears_what_joins_it_and_who_directs_that_it_waits(world: World) -> None:
    came = order(None, "zhao")
    valve = OrderItem(at_ms=0, kind="alert_joined", actor="rule:V01", alert_id="a9")
    await world.take(names.ORDER, "e1", OrderChanged(came.order, valve))
    assert {(name, "切断阀未关闭" in title) for name, _, title in await world.told()} == {("zhao", True)}
    await world.owner.execute("UPDATE contact SET role = 'dispatcher' WHERE contact_id = 'wang'")
    waiting = msgspec.structs.replace(came.order, priority="P2", crew_id=None, members=[])
    await world.take(names.ORDER, "e2", OrderChanged(waiting, OrderItem(at_ms=0, kind="opened")))
    assert {name for name, _, title in await world.told() if "待派班组" in title} == {"wang"}


async def test_nobody_is_told_off_without_a_change_of_crew_or_for_a_canary(world: World) -> None:
    await world.take(names.ORDER, "e1", order(None, "zhao"))
    await world.take(names.ORDER, "e2", order("c2", "zhao"))
    await world.take(names.ORDER, "e3", order("c1", "zhao", reserved=True))
    assert {name for name, _, _ in await world.told()} == {"zhao"}


def changed(alert_id: str, rule: Any = "G01", priority: Any = "P2", **more: Any) -> AlertChanged:
    alert = Alert(
        alert_id=alert_id, rule=rule, priority=priority, site_id="s1", operator_id="op1",
        area_code="530602", zone="kitchen", device_ids=[], active=True, acknowledged=False, suppressed=False,
        test=False, opened_at_ms=0, updated_at_ms=0, rule_version=1,
    )  # fmt: skip
    alert = msgspec.structs.replace(alert, **more)
    return AlertChanged(alert, TimelineItem(at_ms=0, kind="raised" if alert.active else "cleared"))


def flood(*, active: bool = True, alert_id: str = "f1", operator_id: str = "op1") -> AlertChanged:
    site_id = f"operator:{operator_id}"
    return changed(
        alert_id, "S01", "P3", reason="flood", active=active, site_id=site_id, operator_id=operator_id
    )


async def pending(world: World) -> list[Any]:
    found: list[Any] = await world.pool.fetch(
        "SELECT *, due_at > clock_timestamp() AS waits FROM delivery ORDER BY created_at, channel"
    )
    return found


async def the_minute_ends(world: World) -> None:
    await world.pool.execute("UPDATE delivery SET due_at = due_at - interval '1 minute'")


async def test_in_a_flood_a_person_gets_one_message_a_minute(world: World) -> None:
    await world.take(names.ALERT, "f", flood())
    for number in range(35):
        for _ in range(2):
            await world.take(names.ALERT, f"e{number}", changed(f"a{number}", zone=f"zone-{number}"))
    rows = await pending(world)
    windows = {row["idempotency_key"].split(":")[2] for row in rows}
    assert len(rows) == 2 * len(windows) <= 4  # the minute may have ended between two of them
    assert sum(len(row["gathered"]) for row in rows) == 70
    assert all(row["waits"] for row in rows)
    assert await world.ledger.claim(4, []) == []
    await the_minute_ends(world)
    sent = await world.ledger.claim(4, [])
    assert {one.channel for one in sent} == {"app", "sms"}
    if len(windows) == 1:
        assert all(one.title == "报警洪泛，汇总 35 条" and "另有 5 条" in one.body for one in sent)
        assert "zone-0" in sent[0].body.splitlines()[0]


async def test_what_comes_while_the_message_is_on_its_way_is_in_the_next(world: World) -> None:
    await world.take(names.ALERT, "f", flood())
    await world.take(names.ALERT, "e1", changed("a1"))
    # All windows that may be meant are on their way.
    await the_minute_ends(world)
    sent = await world.ledger.claim(4, [])
    assert {one.title for one in sent} == {one["title"] for one in await pending(world)}
    await world.take(names.ALERT, "e2", changed("a2", zone="cellar"))
    rows = await pending(world)
    assert len(rows) == 4
    assert sum("cellar" in row["title"] for row in rows) == 2
    assert len({row["idempotency_key"] for row in rows}) == 4


async def test_p1_and_tests_and_other_operators_never_wait(world: World) -> None:
    await world.take(names.ALERT, "f0", flood(operator_id="op2"))
    await world.take(names.ALERT, "e0", changed("a0"))
    assert len(await world.ledger.claim(9, [])) == 2
    await world.take(names.ALERT, "f1", flood())
    await world.take(names.ALERT, "e1", changed("a1", "G02", "P1"))
    await world.take(names.ALERT, "e2", changed("a2", test=True))
    await world.take(names.ALERT, "e3", changed("a3", "S02", "P3"))
    rows = await pending(world)
    assert len(rows) == 8
    assert not any((row["waits"] and row["attempts"] == 0) or row["gathered"] for row in rows)


async def test_when_the_flood_is_over_each_message_goes_at_once(world: World) -> None:
    await world.take(names.ALERT, "f1", flood())
    await world.take(names.ALERT, "f2", flood(alert_id="f2"))
    await world.take(names.ALERT, "f3", flood(active=False))  # an earlier flood's end comes again
    await world.take(names.ALERT, "e1", changed("a1"))
    assert all(row["waits"] for row in await pending(world))
    await world.take(names.ALERT, "f4", flood(active=False, alert_id="f2"))
    await world.take(names.ALERT, "e2", changed("a2"))
    assert sum(row["waits"] for row in await pending(world)) == 2
    assert len(await world.ledger.claim(4, [])) == 2


async def test_two_consumers_gather_into_one_message(world: World) -> None:
    await world.take(names.ALERT, "f", flood())
    await asyncio.gather(*(world.take(names.ALERT, f"e{n}", changed(f"a{n}")) for n in range(20)))
    rows = await pending(world)
    assert sum(len(row["gathered"]) for row in rows) == 40
    assert len(rows) <= 4


async def test_what_was_planned_before_the_flood_was_known_is_gathered_too(world: World) -> None:
    for number in range(10):
        await world.take(names.ALERT, f"e{number}", changed(f"a{number}", zone=f"zone-{number}"))
    sent = await world.ledger.claim(2, [])
    await world.take(names.ALERT, "p1", changed("urgent", "G02", "P1"))
    await world.take(names.ALERT, "t", changed("test", test=True))
    await world.take(names.ALERT, "other", changed("elsewhere", operator_id="op2"))
    await world.take(names.ALERT, "f", flood())
    rows = await pending(world)
    gathered = [row for row in rows if row["gathered"]]
    assert sum(len(row["gathered"]) for row in gathered) == 20 - len(sent) == 18
    assert len(gathered) <= 4
    assert all(row["waits"] for row in gathered)
    due = await world.ledger.claim(99, [])
    assert {one.subject for one in due} == {"alert:urgent", "alert:test"}


async def titles_of_level(world: World, level: int) -> set[str]:
    await world.pool.execute("UPDATE escalation SET due_at = now() WHERE level = $1", level)
    assert await world.use.escalate() == 1
    rows = await world.pool.fetch("SELECT title FROM delivery WHERE recipient = 'boss'")
    return {row["title"] for row in rows}


async def test_who_is_told_later_hears_that_the_alert_is_over_and_that_it_is_back(
    world: World,
) -> None:
    await world.owner.execute(
        "INSERT INTO contact (contact_id, operator_id, area_code, name, role, language, addresses)"
        " VALUES ('boss', 'op1', '530602', 'boss', 'watch_supervisor', 'zh-CN', $1)",
        [{"channel": "app", "address": "x"}],
    )
    await world.take(names.ALERT, "e1", changed("a1", "V01", "P1"))
    await world.take(names.ALERT, "e2", changed("a1", "V01", "P1", active=False))
    [title] = await titles_of_level(world, 1)
    assert "已恢复正常" in title
    await world.take(names.ALERT, "e3", changed("a2", "V01", "P1"))
    await world.take(names.ALERT, "e4", changed("a2", "V01", "P1", active=False))
    await world.take(names.ALERT, "e5", changed("a2", "V01", "P1"))
    assert len(await titles_of_level(world, 1)) == 2, "the second says nothing of normal"


async def test_a_burst_is_gathered_before_s01_says_that_there_is_one(world: World) -> None:
    for number in range(24):
        await world.take(names.ALERT, f"e{number}", changed(f"a{number}", zone=f"zone-{number}"))
    await world.take(names.ALERT, "p1", changed("urgent", "G02", "P1"))
    rows = await pending(world)
    singly = [row for row in rows if row["gathered"] is None and row["priority"] == "P2"]
    assert len(singly) == 2 * 10
    assert sum(len(row["gathered"]) for row in rows if row["gathered"]) == 2 * 14
    due = await world.ledger.claim(99, [])
    assert len(due) == 22, "the urgent one on two channels, and what went before the burst"
    await world.pool.execute("UPDATE delivery SET created_at = created_at - interval '2 minutes'")
    await world.take(names.ALERT, "calm", changed("calm"))
    assert len(await world.ledger.claim(99, [])) == 2
