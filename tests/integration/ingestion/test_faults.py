"""FAULTS 1–3, 8–10, 14, 27: what was receipted is in Kafka, whatever dies."""

import asyncio
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from deploy.native import ports
from deploy.native.kafka import Kafka
from deploy.native.provision import provision
from shared.chassis.kafka import create_topics
from tests.conftest import topic_specs
from tests.integration.ingestion.harness import Platform, device, event, opened, reading, until

pytestmark = pytest.mark.engines
DYING = "tests.integration.ingestion.dying"


def ids(item: dict[str, Any]) -> tuple[str, int, int]:
    return item["device_id"], item["boot_id"], item["seq"]


@pytest.mark.parametrize(
    ("point", "copies"),
    [("sent", 1), ("written", 2), ("receipted", 2)],
    ids=["fault-1", "fault-2", "fault-3"],
)
async def test_killed_at_a_point(platform: Platform, point: str, copies: int) -> None:
    await platform.register(device("d1", "d1"))
    await platform.start(DYING, point, "2")
    one = await platform.speaker("d1")
    first, second = (
        event("d1", 0, "boot", firmware="1", reason="x"),
        event("d1", 1, "self_check", passed=True),
    )
    await one.say(first, "event")
    await until(lambda: one.accepted == {ids(first)}, "receipt before the kill")
    await one.say(second, "event")
    assert platform.process is not None
    assert await asyncio.wait_for(platform.process.wait(), 10) == -signal.SIGKILL
    if point != "receipted":
        assert one.accepted == {ids(first)}
    await platform.start()
    await until(lambda: ids(second) in one.accepted, "receipt after the restart")
    ends = time.monotonic() + 20
    while (stored := Counter(ids(item) for item in await platform.items()))[ids(second)] < copies:
        assert time.monotonic() < ends, "what was not acknowledged comes again"
    assert stored[ids(first)] >= 1


async def test_killed_or_stopped_at_random_nothing_receipted_is_missing(platform: Platform) -> None:
    rng = random.Random(20260101)
    await platform.register(device("c1", "c1", "controller"), device("d1", "c1"))
    await platform.start()
    one = await platform.speaker("c1")
    messages = [("event", event("d1", seq, "self_check", passed=True)) for seq in range(400)]
    sending = asyncio.create_task(one.insist(messages, 2.0, 90))
    for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGTERM):
        await asyncio.sleep(rng.uniform(0.05, 0.6))
        assert await platform.kill(number) == (0 if number == signal.SIGTERM else -signal.SIGKILL)
        receipted = one.accepted
        assert receipted <= {ids(item) for item in await platform.items()}
        await platform.start()
    await sending
    stored = {ids(item) for item in await platform.items()}
    assert one.accepted == stored == {ids(message) for _, message in messages}


@pytest.fixture
def own_kafka(tmp_path: Path) -> Iterator[Kafka]:
    """Return a Kafka that may be stopped."""
    folder = tmp_path / "kafka"
    kafka = Kafka(
        provision(), folder, ports.pick(), ports.pick(), tmp_path / "kafka.log", tmp_path / "kafka-ports.json"
    )
    kafka.start()
    try:
        yield kafka
    finally:
        kafka.daemon.kill()


async def test_kafka_away_nothing_is_acknowledged_memory_is_bounded_and_it_heals(
    mqtt_broker: Any, own_kafka: Kafka, tmp_path: Path
) -> None:
    await create_topics(own_kafka.bootstrap, topic_specs(), "x.")
    async with opened(mqtt_broker, own_kafka.bootstrap, "x.", tmp_path) as platform:
        await platform.register(device("c1", "c1", "controller"), device("d1", "c1"))
        await platform.start()
        one = await platform.speaker("c1")
        await one.say(event("d1", 0, "boot", firmware="1", reason="x"), "event")
        await until(lambda: one.accepted, "the first receipt")
        assert platform.process is not None
        process = psutil.Process(platform.process.pid)
        before = process.memory_info().rss
        # 24 MB of events each time: three times what may be unwritten.
        big = "f" * 16_000
        for how, first in (("frozen", 1), ("killed", 1501)):
            if how == "frozen":
                own_kafka.daemon.send(signal.SIGSTOP)
            else:
                await asyncio.to_thread(own_kafka.daemon.kill)
            for seq in range(first, first + 1500):
                await one.say(event("d1", seq, "boot", firmware=big, reason="x"), "event")
            await until_metric(platform, "gas_ingestion_paused", 1)
            await until_not_ready(platform)
            assert len(one.accepted) == first
            assert process.memory_info().rss - before < 96 * 2**20
            if how == "frozen":
                own_kafka.daemon.send(signal.SIGCONT)
            else:
                await asyncio.to_thread(own_kafka.start)
            await until(lambda: len(one.accepted) == first + 1500, "all receipts", 60)  # noqa: B023
        assert {ids(item) for item in await platform.items() if "seq" in item} == one.accepted
        assert process.memory_info().rss - before < 128 * 2**20
        assert platform.process.returncode is None


async def until_metric(platform: Platform, name: str, value: float) -> None:
    ends = time.monotonic() + 20
    while await platform.metric(name) != value:
        assert time.monotonic() < ends
        await asyncio.sleep(0.1)


async def until_not_ready(platform: Platform) -> None:
    ends = time.monotonic() + 20
    async with httpx.AsyncClient() as http:
        while (await http.get(f"http://127.0.0.1:{platform.http_port}/readyz")).status_code != 503:
            assert time.monotonic() < ends
            await asyncio.sleep(0.2)


async def test_broker_killed_after_its_puback_loses_nothing_end_to_end(platform: Platform) -> None:
    await platform.register(device("d1", "d1"))
    await platform.start()
    messages = [("event", event("d1", seq, "self_check", passed=True)) for seq in range(50)]
    one = await platform.speaker("d1")
    for leaf, message in messages[:25]:
        await one.say(message, leaf)
    await asyncio.to_thread(platform.broker.process.daemon.kill)
    await asyncio.to_thread(platform.broker.process.start)
    two = await platform.speaker("d1")
    two.arrived.extend(one.arrived)
    await two.insist(messages, 2.0, 40)
    assert {ids(item) for item in await platform.items()} == {ids(message) for _, message in messages}


async def test_fifty_duplicates_are_each_receipted(platform: Platform) -> None:
    await platform.register(device("d1", "d1"))
    await platform.start()
    one = await platform.speaker("d1")
    for _ in range(50):
        await one.say(event("d1", 0, "alarm_raised", level="low"), "event")
    await until(lambda: len(one.arrived) >= 1, "a receipt")
    assert one.accepted == {("d1", 1, 0)}
    await one.say(event("d1", 0, "alarm_raised", level="low"), "event")
    count = len(one.arrived)
    await until(lambda: len(one.arrived) > count or len(one.arrived) >= 2, "a receipt again")


async def test_one_device_above_its_allowance_is_held_back_alone(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"), device("fast", "c1"), device("slow", "c1"))
    await platform.start()
    one = await platform.speaker("c1")
    began = time.monotonic()
    for seq in range(0, 1500, 3):
        await one.say(reading("fast", seq))
        await one.say(reading("fast", seq + 1, "alarm_low"))
        await one.say(event("fast", seq + 2, "self_check", passed=True), "event")
        if seq % 60 == 0:
            await one.say(reading("slow", seq // 60))
    took = time.monotonic() - began
    wanted = {("slow", 1, seq) for seq in range(25)}
    wanted |= {("fast", 1, seq) for seq in range(1500) if seq % 3}
    await until(lambda: wanted <= one.accepted, "receipts of all but what is held back", 25)
    ordinary = {ids(item) for item in await platform.items() if ids(item) not in wanted}
    assert 100 <= len(ordinary) <= 100 + 10 * (took + 1)
    assert ordinary <= one.accepted
    assert one.rejected == []
    assert await platform.metric("gas_ingestion_held_back_total") == 500 - len(ordinary)
