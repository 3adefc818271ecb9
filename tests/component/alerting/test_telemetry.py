"""From a Kafka record to the alert's row and its event, with the real engines and a real process."""

import json

import pytest

from shared.contracts import topic_names as names
from tests.component.alerting.running import World

pytestmark = pytest.mark.engines


async def test_an_alarm_becomes_one_row_one_event_and_a_command(world: World) -> None:
    await world.start()
    await world.send(
        world.item("val-1", status="normal", position="open", supply="mains"),
        world.item("det-1", status="normal", lel_percent=1.0),
    )
    await world.send(world.item("det-1", status="alarm_high", lel_percent=60.0))

    alert = await world.wait_alert(rule="G02")
    assert (alert["priority"], alert["active"], alert["latched"]) == ("P1", True, True)
    assert (alert["operator_id"], alert["zone"], alert["value"]) == ("op-1", "z1", 60.0)
    (kind, data), *_ = await world.published(names.ALERT, 1)
    assert kind == "cn.gas.alert.raised.v1"
    assert data["alert"]["alert_id"] == str(alert["alert_id"])
    (kind, command), *_ = await world.published(names.VALVE_COMMAND, 1)
    assert kind == "cn.gas.valve-command.issued.v1"
    assert (command["valve_id"], command["client_id"]) == ("val-1", "ctl-1")
    assert command["alert_id"] == str(alert["alert_id"])


async def test_a_kill_neither_loses_nor_doubles(world: World) -> None:
    first = await world.start()
    await world.send(world.item("det-1", status="alarm_high", lel_percent=60.0))
    await world.wait_alert(rule="G02")
    first.kill()
    await first.wait()
    await world.send(*[world.item("det-1", status="alarm_high", lel_percent=61.0) for _ in range(3)])
    await world.send(world.item("det-2", status="alarm_high", lel_percent=70.0))
    await world.start()
    await world.wait_alert(rule="G04")
    await world.decided()
    assert sorted(a["rule"] for a in await world.alerts()) == ["G02", "G02", "G04"]
    epochs = await world.db.fetchval("SELECT max(owner_epoch) FROM partition")
    assert epochs == 2


async def test_a_graceful_stop_keeps_pending_delays(world: World) -> None:
    first = await world.start()
    await world.send(world.item("det-1", status="normal", lel_percent=1.0))
    await world.send(world.item("det-1", status="normal", lel_percent=12.0))
    await world.decided()
    assert await world.stop(first) == 0
    assert await world.db.fetchval("SELECT count(*) FROM partition WHERE snapshot IS NOT NULL") == 12
    await world.start()
    # Ten seconds later by record time: the on-delay of G01 began before the restart.
    late = world.producer
    await late.send_and_wait(
        world.prefix + names.TELEMETRY,
        json.dumps([world.item("det-1", status="normal", lel_percent=12.5)]).encode(),
        partition=await _partition(),
        timestamp_ms=world.item("x")["time_ms"] + 11_000,
    )
    alert = await world.wait_alert(rule="G01")
    assert alert["reason"] in {"set_point", "delay_passed"}


async def _partition() -> int:
    from shared.contracts.telemetry import partition_of

    return partition_of("site-1")


async def test_poison_goes_to_the_dead_letters_and_its_neighbours_alert(world: World) -> None:
    await world.start()
    bad = b'{"device_id":"det-2","boot_id":1,"seq":"x","status":"normal"}'
    good = json.dumps(world.item("det-1", status="alarm_high")).encode()
    await world.send_raw(b"[" + bad + b"," + good + b"]")
    await world.wait_alert(rule="G02")
    await world.send_raw(b"not json at all")
    await world.decided()
    letters = await _letters(world, 2)
    assert letters == [bad, b"not json at all"]


async def _letters(world: World, count: int) -> list[bytes]:
    from aiokafka import AIOKafkaConsumer

    consumer = AIOKafkaConsumer(
        world.prefix + names.dead_letters(names.TELEMETRY),
        bootstrap_servers=world.bootstrap,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        return [(await consumer.getone()).value for _ in range(count)]
    finally:
        await consumer.stop()
