"""The consumer loop: what was handled does not come again after a clean stop, what was not does."""

import asyncio
import contextlib

import pytest

from shared.chassis.consumer import ConsumerLoop, Retry
from shared.chassis.health import Health
from shared.chassis.kafka import Producer
from shared.contracts.topic_names import DEVICE

LIMIT_S = 20


class Reader:
    """A loop of the group `readers`, and what it has handled."""

    def __init__(self, bootstrap, prefix, producer, *, refuses=()):
        self.handled = []
        self.asked = []
        self.refuses = refuses
        self.loop = ConsumerLoop(
            bootstrap, "readers", [DEVICE], self.handle, dead_letters=producer, health=Health(), prefix=prefix
        )

    async def handle(self, record):
        self.asked.append(record.value)
        if record.value in self.refuses:
            raise Retry("not now")
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
