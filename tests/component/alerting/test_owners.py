"""Several owners, orders, late registration, and a halt: what a single record does not show."""

import asyncio
import json
import random

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from shared.chassis import cloudevents
from shared.contracts import topic_names as names
from shared.contracts.events import Order, OrderChanged, OrderItem
from shared.contracts.objects import Device, Site
from shared.contracts.telemetry import partition_of
from tests.component.alerting.running import SITE, World, until

pytestmark = pytest.mark.engines
SITES = 24


async def _city(world: World) -> None:
    for n in range(SITES):
        site = Site(f"many-{n}", "op-1", "530602", "店", "restaurant")
        await world.put(names.SITE, site.site_id, site)
        device = Device(f"many-det-{n}", site.site_id, "op-1", "530602", "z1", "detector", f"many-det-{n}")
        await world.put(names.DEVICE, device.device_id, device)


async def test_two_instances_and_a_kill_give_each_alarm_one_alert(world: World) -> None:
    await _city(world)
    first = await world.start()
    await until(lambda: world.db.fetchval("SELECT count(*) = 12 FROM partition"), what="claims")
    second = await world.start(GW_INSTANCE="2")
    rng = random.Random(7)
    order = list(range(SITES)) * 3
    rng.shuffle(order)
    for place, n in enumerate(order):
        await world.send(world.item(f"many-det-{n}", status="alarm_high"), site_id=f"many-{n}")
        if place == SITES:
            first.kill()
            await first.wait()
    await until(
        lambda: world.db.fetchval("SELECT count(DISTINCT subject) = $1 FROM alert WHERE rule = 'G02'", SITES),
        limit_s=40,
        what="all alarms",
    )
    for n in range(SITES):
        await world.decided(f"many-{n}")
    rows = await world.alerts(rule="G02")
    assert len(rows) == SITES
    raised = await world.db.fetchval("SELECT count(*) FROM outbox WHERE type = 'cn.gas.alert.raised.v1'")
    assert raised == len(await world.alerts())
    assert await world.stop(second) == 0


async def test_a_device_registered_while_running_alerts(world: World) -> None:
    await world.start()
    await until(lambda: world.db.fetchval("SELECT count(*) = 12 FROM partition"), what="claims")
    device = Device("det-new", "site-1", "op-1", "530602", "z9", "detector", "det-new", gas="CH4")
    await world.put(names.DEVICE, device.device_id, device)

    async def alarmed() -> bool:
        await world.send(world.item("det-new", status="alarm_high"))
        return bool(await world.alerts(subject="det-new"))

    await until(alarmed, what="the new device's alert")
    assert len(await world.alerts(subject="det-new")) == 1


async def test_orders_say_who_holds_a_site(world: World) -> None:
    await world.start()
    await world.send(world.item("det-1", status="alarm_high"))
    alert = await world.wait_alert(rule="G02")
    order = Order(
        "order-1", SITE.site_id, "op-1", "530602", "response", "P1", "on_site", "",
        [str(alert["alert_id"])], "crew-1", "p-1", ["p-1", "p-2"], 1, 1, holds_site=True,
    )  # fmt: skip
    producer = AIOKafkaProducer(bootstrap_servers=world.bootstrap)
    await producer.start()
    arrived = cloudevents.headers("cn.gas.order.arrived.v1", "/test", SITE.site_id, 1)
    departed = cloudevents.headers("cn.gas.order.departed.v1", "/test", SITE.site_id, 1)
    went, came = OrderItem(1, "departed", "p-1"), OrderItem(1, "arrived", "p-1")
    for item, headers in ((went, departed), (came, arrived), (came, arrived)):
        await producer.send_and_wait(
            world.prefix + names.ORDER,
            msgspec.json.encode(OrderChanged(order, item)),
            key=SITE.site_id.encode(),
            headers=list(headers.items()),
        )
    await producer.stop()
    holder = "SELECT holder_order_id FROM site WHERE site_id = 'site-1'"
    assert await until(lambda: world.db.fetchval(holder), what="the holder") == "order-1"
    linked = "SELECT count(*) FROM timeline WHERE kind = 'order_linked' AND reason = 'order-1'"
    assert await until(lambda: world.db.fetchval(linked), what="the link") == 1
    # What changes neither the holder nor the links costs no transaction.
    assert await world.db.fetchval("SELECT count(*) FROM inbox WHERE consumer = 'orders'") == 1


async def test_everything_poisonous_halts_and_keeps_the_backlog(world: World) -> None:
    await world.start()
    good = json.dumps(world.item("det-1", status="normal")).encode()
    await world.send_raw(b"[" + good + b"]")
    await world.decided()
    at = await world.db.fetchval(
        'SELECT "offset" FROM partition WHERE partition = $1', partition_of("site-1")
    )
    for n in range(20):
        await world.send_raw(b'[{"device_id":"bad-%d","seq":"x"}]' % (n % 5))
    alert = await world.wait_alert(rule="S02", reason="halted")
    assert (alert["priority"], alert["site_id"]) == ("P1", "platform")
    await world.send(world.item("det-1", status="alarm_high"))
    await asyncio.sleep(1.2)  # longer than the periodic commit: it must not pass what halted
    offset = 'SELECT "offset" FROM partition WHERE partition = $1'
    assert await world.db.fetchval(offset, partition_of("site-1")) < at + 20
    assert await world.alerts(rule="G02") == []
