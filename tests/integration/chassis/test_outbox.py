"""The outbox publishes what was committed, once under normal conditions, and soon."""

import asyncio
import time

import asyncpg
from aiokafka import AIOKafkaConsumer

from shared.chassis import outbox
from shared.chassis.database import open_pool, transaction
from shared.chassis.health import Health
from shared.chassis.kafka import Producer

LIMIT_S = 20


async def test_a_committed_message_is_published_and_a_rolled_back_one_is_not(
    database, kafka_bootstrap, topic_prefix, admin_dsn
):
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
    try:
        for number in range(3):
            async with transaction(pool) as connection:
                await outbox.put(
                    connection,
                    [outbox.Message("gas.alert.v1", "site", f"{number}".encode(), "cn.gas.alert.raised.v1")],
                )
            if number == 0:
                async with asyncio.timeout(LIMIT_S):
                    await consumer.getone()
        started = time.monotonic()
        async with asyncio.timeout(LIMIT_S):
            values = [(await consumer.getone()).value for _ in range(2)]
        assert values == [b"1", b"2"]
        assert time.monotonic() - started < LIMIT_S
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await consumer.stop()
        await producer.stop()
        await pool.close()
