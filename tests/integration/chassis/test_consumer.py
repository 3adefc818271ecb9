"""The consumer loop: what was handled does not come again after a clean stop, what was not does."""

import asyncio
import contextlib

import pytest
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from shared.chassis.consumer import ConsumerLoop, Retry
from shared.chassis.health import Health
from shared.chassis.kafka import Producer
from shared.contracts.topic_names import DEVICE, TELEMETRY

LIMIT_S = 20


class Reader:
    """A loop of the group `readers`, and what it has handled."""

    def __init__(self, bootstrap, prefix, producer, *, refuses=(), stalls=(), topic=DEVICE, **more):
        self.handled = []
        self.asked = []
        self.refuses = refuses
        self.stalls = stalls
        self.going_on = asyncio.Event()
        self.loop = ConsumerLoop(
            bootstrap, "readers", [topic], self.handle,
            dead_letters=producer, health=Health(), prefix=prefix, **more,
        )  # fmt: skip

    async def handle(self, record):
        self.asked.append(record.value)
        if record.value in self.refuses:
            raise Retry("not now")
        if record.value in self.stalls:
            await self.going_on.wait()
        self.handled.append(record.value)

    @contextlib.asynccontextmanager
    async def running(self):
        task = asyncio.create_task(self.loop.run())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def until(self, done):
        async with asyncio.timeout(LIMIT_S):
            while not done(self):
                await asyncio.sleep(0.01)


@pytest.fixture
async def producer(kafka_bootstrap, topic_prefix):
    made = Producer(kafka_bootstrap, prefix=topic_prefix)
    await made.start()
    yield made
    await made.stop()


async def test_what_was_handled_just_before_a_clean_stop_does_not_come_again(
    kafka_bootstrap, topic_prefix, producer
):
    first = Reader(kafka_bootstrap, topic_prefix, producer)
    async with first.running():
        for value in (b"a", b"b", b"c"):  # the first is committed at once, the others wait
            await producer.send(DEVICE, value, key=b"k")
            await first.until(lambda reader, value=value: value in reader.handled)
    second = Reader(kafka_bootstrap, topic_prefix, producer)
    await producer.send(DEVICE, b"d", key=b"k")
    async with second.running():
        await second.until(lambda reader: reader.handled)
    assert (first.handled, second.handled) == ([b"a", b"b", b"c"], [b"d"])


async def test_what_is_put_off_comes_again_and_nothing_overtakes_it(kafka_bootstrap, topic_prefix, producer):
    first = Reader(kafka_bootstrap, topic_prefix, producer, refuses={b"b"})
    for value in (b"a", b"b", b"c"):
        await producer.send(DEVICE, value, key=b"k")
    async with first.running():
        await first.until(lambda reader: reader.asked.count(b"b") >= 2)
    second = Reader(kafka_bootstrap, topic_prefix, producer)
    async with second.running():
        await second.until(lambda reader: len(reader.handled) == 2)
    assert (first.handled, second.handled) == ([b"a"], [b"b", b"c"])


async def test_what_could_not_be_committed_is_committed_later(
    kafka_bootstrap, topic_prefix, producer, monkeypatch
):
    commit, refused = AIOKafkaConsumer.commit, asyncio.Event()

    async def refuses_once(consumer, offsets):
        if not refused.is_set():
            refused.set()
            raise KafkaError("the coordinator is away")
        await commit(consumer, offsets)

    monkeypatch.setattr(AIOKafkaConsumer, "commit", refuses_once)
    first = Reader(kafka_bootstrap, topic_prefix, producer)
    async with first.running(), asyncio.timeout(LIMIT_S):
        await producer.send(DEVICE, b"a", key=b"k")
        await refused.wait()
    second = Reader(kafka_bootstrap, topic_prefix, producer)
    await producer.send(DEVICE, b"b", key=b"k")
    async with second.running():
        await second.until(lambda reader: b"b" in reader.handled)
    assert second.handled == [b"b"]


async def test_what_went_to_another_instance_is_left_to_it(kafka_bootstrap, topic_prefix, producer):
    values = [b"%d" % number for number in range(24)]
    for number, value in enumerate(values):
        await producer.send(TELEMETRY, value, partition=number % 2)
    first = Reader(kafka_bootstrap, topic_prefix, producer, stalls=values, topic=TELEMETRY)
    second = Reader(kafka_bootstrap, topic_prefix, producer, topic=TELEMETRY)
    async with first.running():
        await first.until(lambda reader: reader.asked)
        async with second.running():
            await second.until(lambda reader: len(reader.handled) == len(values) / 2)
            first.going_on.set()
            await first.until(lambda reader: {*reader.handled, *second.handled} == {*values})
    assert {*first.handled} & {*second.handled} <= {first.asked[0]}


async def test_partitions_read_together_do_not_wait_for_one_another(kafka_bootstrap, topic_prefix, producer):
    for number in range(6):
        await producer.send(TELEMETRY, f"{number}".encode(), partition=number % 3)
    reader = Reader(
        kafka_bootstrap, topic_prefix, producer, stalls={b"0", b"2"}, topic=TELEMETRY, concurrent=True
    )
    async with reader.running():
        await reader.until(lambda reader: b"4" in reader.handled)
        assert set(reader.handled) == {b"1", b"4"}
        await producer.send(TELEMETRY, b"later", partition=1)
        await reader.until(lambda reader: b"later" in reader.handled)
        reader.going_on.set()
        await reader.until(lambda reader: len(reader.handled) == 7)
    assert reader.handled.index(b"0") < reader.handled.index(b"3")
    again = Reader(kafka_bootstrap, topic_prefix, producer, topic=TELEMETRY)
    await producer.send(TELEMETRY, b"last", partition=0)
    async with again.running():
        await again.until(lambda reader: reader.handled)
    assert again.handled == [b"last"]
