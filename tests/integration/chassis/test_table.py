"""A compacted topic in memory: read to its end before anything else, then followed."""

import asyncio

import pytest

from shared.chassis.kafka import Producer
from shared.chassis.service import StartError
from shared.chassis.table import Table

LIMIT_S = 20


async def test_a_table_knows_all_that_was_there_and_follows(kafka_bootstrap, topic_prefix):
    producer = Producer(kafka_bootstrap, prefix=topic_prefix)
    await producer.start()
    for key, value in ((b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"b", None), (b"c", b"not a number")):
        await producer.send("gas.device.v1", value, key=key)
    changed = asyncio.Event()
    table = Table(
        kafka_bootstrap, "gas.device.v1", int, prefix=topic_prefix, on_change=lambda *_: changed.set()
    )
    await table.load()
    assert (table.get("a"), table.get("b"), table.get("c"), len(table)) == (3, None, None, 1)
    changed.clear()
    following = asyncio.create_task(table.run())
    try:
        await producer.send("gas.device.v1", b"7", key=b"d")
        async with asyncio.timeout(LIMIT_S):
            await changed.wait()
        assert table.get("d") == 7
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await producer.stop()


async def test_a_topic_that_is_not_there_is_one_sentence(kafka_bootstrap):
    with pytest.raises(StartError, match="no topic"):
        await Table(kafka_bootstrap, "nothing.v1", int).load()
