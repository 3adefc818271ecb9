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
from shared.contracts.events import Order, OrderChanged, OrderItem
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
    def __init__(self, pool: Pool) -> None:
        self.pool = pool
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
    await owner.close()
    pool = await open_pool(made.services["notification"].worker, application_name="test")
    yield World(pool)
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


async def test_nobody_is_told_off_without_a_change_of_crew_or_for_a_canary(world: World) -> None:
    await world.take(names.ORDER, "e1", order(None, "zhao"))
    await world.take(names.ORDER, "e2", order("c2", "zhao"))
    await world.take(names.ORDER, "e3", order("c1", "zhao", reserved=True))
    assert {name for name, _, _ in await world.told()} == {"zhao"}
