"""From Kafka into the hypertable, dead letters, and the offsets behind it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from services.history.entrypoints.telemetry import Telemetry
from shared.chassis.kafka import Producer
from shared.contracts.topic_names import TELEMETRY, dead_letters
from tests.integration.history.harness import History, reading

LIMIT_S = 20.0


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.05)


@asynccontextmanager
async def running(history: History, bootstrap: str, prefix: str) -> AsyncIterator[Producer]:
    producer = Producer(bootstrap, prefix=prefix)
    await producer.start()
    history.restart()
    telemetry = Telemetry(
        bootstrap, history.intake, history.writer, producer, history.health, prefix=prefix, batch_rows=50
    )
    task = asyncio.create_task(telemetry.run())
    try:
        yield producer
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await producer.stop()


async def rows(history: History) -> int:
    found: int = await history.value("SELECT count(*) FROM public.reading_v1")
    return found


async def letters(bootstrap: str, prefix: str, count: int) -> list[Any]:
    consumer = AIOKafkaConsumer(
        prefix + dead_letters(TELEMETRY), bootstrap_servers=bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[Any] = []
    try:
        async with asyncio.timeout(LIMIT_S):
            while len(found) < count:
                for some in (await consumer.getmany(timeout_ms=200)).values():
                    found += some
    finally:
        await consumer.stop()
    return found


async def committed(bootstrap: str, prefix: str, partition: int) -> int | None:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, group_id=prefix + "history", enable_auto_commit=False
    )
    await consumer.start()
    try:
        found: int | None = await consumer.committed(TopicPartition(prefix + TELEMETRY, partition))
        return found
    finally:
        await consumer.stop()


async def test_all_is_stored_and_then_committed(
    history: History, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with running(history, kafka_bootstrap, topic_prefix) as producer:
        for partition in range(12):
            await producer.send(TELEMETRY, b"[]", key=b"ingestion-1", partition=partition)
            for number in range(3):
                items = [
                    reading(seq, device_id=f"d{partition}") for seq in range(number * 40, number * 40 + 40)
                ]
                await producer.send(TELEMETRY, msgspec.json.encode(items), partition=partition)

        async def all_there() -> bool:
            return await rows(history) == 12 * 120

        await until(all_there)

        async def all_committed() -> bool:
            return await committed(kafka_bootstrap, topic_prefix, 11) == 4

        await until(all_committed)
    async with running(history, kafka_bootstrap, topic_prefix) as producer:
        await producer.send(
            TELEMETRY, msgspec.json.encode([reading(119, device_id="d0"), reading(120, device_id="d0")])
        )

        async def one_more() -> bool:
            return await rows(history) == 12 * 120 + 1

        await until(one_more)


async def test_bad_elements_become_dead_letters_and_good_ones_go_on(
    history: History, kafka_bootstrap: str, topic_prefix: str
) -> None:
    junk = reading(2, ppm="much", client=7, dropped="x")
    no_seq = {"device_id": "det-1", "status": "normal", "boot_id": 1}
    bad_seq = reading(3) | {"seq": "three"}
    nul = reading(4, status="a\0b")
    records = [
        msgspec.json.encode([reading(0), 5, no_seq, bad_seq, reading(1)]),
        b"no json",
        msgspec.json.encode([junk, nul]),
    ]
    async with running(history, kafka_bootstrap, topic_prefix) as producer:
        for value in records:
            await producer.send(TELEMETRY, value, partition=3)

        async def good_ones() -> bool:
            return await rows(history) == 3

        await until(good_ones)
        found = await letters(kafka_bootstrap, topic_prefix, 5)
        reasons = sorted(dict(letter.headers)["reason"] for letter in found)
        assert reasons == [b"bad_field", b"bad_field", b"bad_field", b"missing_field", b"not_json"]
        assert {dict(letter.headers)["source_topic"] for letter in found} == {TELEMETRY.encode()}

        async def past_it() -> bool:
            return await committed(kafka_bootstrap, topic_prefix, 3) == 3

        await until(past_it)


async def test_everything_poisonous_halts_and_keeps_the_backlog(
    history: History, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with running(history, kafka_bootstrap, topic_prefix) as producer:
        for number in range(30):
            await producer.send(TELEMETRY, msgspec.json.encode([{"name": number}]), partition=0)

        async def halted() -> bool:
            return history.health.report().get("consumer history", {}).get("ok") is False

        await until(halted)
        assert await committed(kafka_bootstrap, topic_prefix, 0) in (None, *range(20))


async def test_rows_that_the_database_refuses_halt_when_they_are_all_there_is(
    history: History, kafka_bootstrap: str, topic_prefix: str
) -> None:
    async with running(history, kafka_bootstrap, topic_prefix) as producer:
        items = [reading(number, device_id=f"d{number % 6}", status="a\0b") for number in range(30)]
        await producer.send(TELEMETRY, msgspec.json.encode(items), partition=0)

        async def halted() -> bool:
            return history.health.report().get("consumer history", {}).get("ok") is False

        await until(halted)
        assert await committed(kafka_bootstrap, topic_prefix, 0) is None


@pytest.mark.parametrize("wrong", [{"boot_id": "one"}, {"status": "a\0b"}], ids=["unreadable", "refused"])
async def test_one_broken_sender_halts_nothing(
    history: History, kafka_bootstrap: str, topic_prefix: str, wrong: dict[str, Any]
) -> None:
    async with running(history, kafka_bootstrap, topic_prefix) as producer:
        items = [reading(number) | wrong for number in range(30)]
        await producer.send(TELEMETRY, msgspec.json.encode(items), partition=0)
        assert len(await letters(kafka_bootstrap, topic_prefix, 30)) == 30

        async def past_it() -> bool:
            return await committed(kafka_bootstrap, topic_prefix, 0) == 1

        await until(past_it)
