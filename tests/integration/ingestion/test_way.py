"""MQTT to Kafka to receipt, on the real engines."""

import asyncio
import itertools
import json
import signal
import time

import pytest

from shared.chassis.clock import SystemClock
from shared.contracts.telemetry import partition_of
from shared.contracts.topic_names import TELEMETRY
from tests.integration.ingestion.harness import Platform, device, event, reading, sha256, until

pytestmark = pytest.mark.engines


async def test_readings_reach_kafka_and_are_receipted(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"), device("d1", "c1"), device("d2", "c1"))
    await platform.start()
    one = await platform.speaker("c1")
    began = time.monotonic()
    await one.say(reading("d1", 0, lel_percent=1.5, unit_of_maker="x"))
    await one.say([reading("d1", 1), reading("d2", 0, temperature_c=20.5)])
    await one.say(event("d1", 2, "boot", firmware="1", reason="power"), "event")
    await until(lambda: ("d1", 1, 2) in one.accepted, "receipt of an event", 3)
    assert one.arrived[0][0] - began < 1
    assert abs(one.arrived[0][1]["server_time_ms"] - SystemClock().now_ms()) < 5000
    await one.say(reading("d2", 1))
    await until(lambda: ("d2", 1, 1) in one.accepted, "receipt of a reading", 20)
    assert one.accepted == {("d1", 1, 0), ("d1", 1, 1), ("d1", 1, 2), ("d2", 1, 0), ("d2", 1, 1)}
    records = [record for record in await platform.read(TELEMETRY) if json.loads(record.value)]
    assert {record.partition for record in records} == {partition_of("s1")}
    assert all(record.key is None for record in records)
    items = [item for record in records for item in json.loads(record.value)]
    assert items[0] == reading("d1", 0, lel_percent=1.5, unit_of_maker="x")
    assert [(item["device_id"], item["seq"]) for item in items] == [
        ("d1", 0), ("d1", 1), ("d2", 0), ("d1", 2), ("d2", 1),
    ]  # fmt: skip


async def test_marks_stand_in_every_partition_at_least_every_5_s(platform: Platform) -> None:
    await platform.start()

    async def marks() -> dict[int, list[int]]:
        found: dict[int, list[int]] = {}
        for record in await platform.read(TELEMETRY):
            assert record.key == b"platform.ingestion"
            assert record.value == b"[]"
            found.setdefault(record.partition, []).append(record.timestamp)
        return found

    ends = time.monotonic() + 15
    while min(map(len, (found := await marks()).values()), default=0) < 4 or len(found) < 12:
        assert time.monotonic() < ends
        await asyncio.sleep(0.2)
    assert all(b - a <= 5000 for times in found.values() for a, b in itertools.pairwise(times))


async def test_stops_on_sigterm_within_10_s(platform: Platform) -> None:
    await platform.start()
    began = time.monotonic()
    assert await platform.kill(signal.SIGTERM) == 0
    assert time.monotonic() - began < 10


async def test_rejections_name_the_message(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"))
    await platform.start()
    one = await platform.speaker("c1")
    payload = await one.say(b"{nonsense")
    await one.say(reading("c1", 7, "alarm_low"))
    await until(lambda: len(one.rejected) == 2, "rejections", 3)
    assert one.rejected == [
        {"sha256": sha256(payload), "reason": "not_json"},
        {"device_id": "c1", "boot_id": 1, "seq": 7, "reason": "bad_field"},
    ]
    alarms = [item for item in await platform.items() if item.get("type") == "alarm_rejected"]
    assert [item["data"]["reason"] for item in alarms] == ["bad_field"]
    assert alarms[0]["device_id"] == "c1"
