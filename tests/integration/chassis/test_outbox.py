"""The outbox publishes what was committed, once under normal conditions, and soon."""

import asyncio
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer

from shared.chassis import outbox
from shared.chassis.database import open_pool, transaction
from shared.chassis.health import Health
from shared.chassis.kafka import Producer

LIMIT_S = 20


@pytest.fixture
async def bench(database, kafka_bootstrap, topic_prefix):
    """A relay at work: how to commit a message, and who reads the topic."""
    found = await database("portal")
    dsn = found.services["portal"].worker
    owner = await asyncpg.connect(found.services["portal"].owner)
    await owner.execute("SET search_path = portal")
    await owner.execute(
        outbox.OUTBOX_DDL.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS").replace(
            "CREATE INDEX", "CREATE INDEX IF NOT EXISTS"
        )
    )
    await owner.execute("GRANT ALL ON outbox TO portal_worker")
    await owner.close()
    producer = Producer(kafka_bootstrap, prefix=topic_prefix)
    await producer.start()
    pool = await open_pool(dsn, application_name="test")
    relay = outbox.Relay(dsn, producer, schema="portal", health=Health())
    task = asyncio.create_task(relay.run())
    consumer = AIOKafkaConsumer(
        topic_prefix + "gas.alert.v1", bootstrap_servers=kafka_bootstrap, auto_offset_reset="earliest"
    )
    await consumer.start()

    @asynccontextmanager
    async def committing(value: bytes, urgent: bool = False):
        async with transaction(pool) as connection:
            message = outbox.Message("gas.alert.v1", "site", value, "cn.gas.alert.raised.v1", urgent)
            await outbox.put(connection, [message])
            yield

    async def read() -> bytes:
        async with asyncio.timeout(LIMIT_S):
            value: bytes = (await consumer.getone()).value
        return value

    try:
        yield committing, read
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()
        await producer.stop()
        await pool.close()


async def test_a_committed_message_is_published_and_a_rolled_back_one_is_not(bench):
    committing, read = bench
    async with committing(b"0"):
        pass
    assert await read() == b"0"
    with pytest.raises(RuntimeError):
        async with committing(b"1"):
            raise RuntimeError
    async with committing(b"2"):
        pass
    assert await read() == b"2"


async def test_messages_gather_and_a_valve_command_never_waits(bench, monkeypatch):
    committing, read = bench
    monkeypatch.setattr(outbox, "GATHER_S", 10.0 * LIMIT_S)
    monkeypatch.setattr(outbox, "POLL_S", 10.0 * LIMIT_S)
    async with committing(b"first"):
        pass
    assert await read() == b"first"  # nothing was published just before: it need not wait
    async with committing(b"alert"):
        pass
    async with committing(b"command", urgent=True):
        pass
    assert [await read(), await read()] == [b"command", b"alert"]
