"""Compacted topics held in memory."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from shared.chassis.kafka import FETCH_WAIT_MS, start_consumer
from shared.chassis.logs import get_logger
from shared.chassis.service import StartError

T = TypeVar("T")
TOPIC_LIMIT_S = 15.0
"""A topic that was made a moment ago shows within a second or two; aiokafka would look for it for 40 s."""


class Table(Generic[T]):
    """A compacted topic held in memory, without a group: `load` reads it to its end, `run` follows it."""

    def __init__(
        self,
        bootstrap: str,
        topic: str,
        decode: Callable[[bytes], T],
        *,
        prefix: str = "",
        on_change: Callable[[str, T | None, T | None], None] | None = None,
    ) -> None:
        self._bootstrap = bootstrap
        self._topic = prefix + topic
        self._decode = decode
        self._on_change = on_change
        self._rows: dict[str, T] = {}
        self._consumer: AIOKafkaConsumer | None = None

    def get(self, key: str) -> T | None:
        """Return the object of `key`."""
        return self._rows.get(key)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[T]:
        return iter(list(self._rows.values()))

    async def load(self) -> None:
        """Read everything that is in the topic now."""
        # Without a group a consumer gets all partitions of its topic, and asks about no other topic.
        consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        try:
            async with asyncio.timeout(TOPIC_LIMIT_S):
                await start_consumer(consumer, self._bootstrap)
        except (UnknownTopicOrPartitionError, TimeoutError) as error:
            await consumer.stop()
            raise StartError(f"Kafka has no topic {self._topic}; create it with `make engines`.") from error
        self._consumer = consumer
        partitions = sorted(consumer.assignment())
        await consumer.seek_to_beginning(*partitions)
        ends = await consumer.end_offsets(partitions)
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            self._apply(await consumer.getmany(timeout_ms=200))

    async def run(self) -> None:
        """Follow the topic until cancelled."""
        if self._consumer is None:
            await self.load()
        consumer = self._consumer
        if consumer is None:
            raise RuntimeError("load did not start a consumer")
        try:
            while True:
                try:
                    self._apply(await consumer.getmany(timeout_ms=1_000))
                except KafkaError as error:
                    get_logger().warning("following a table", topic=self._topic, error=str(error))
                    await asyncio.sleep(1)
        finally:
            await consumer.stop()

    def _apply(self, found: Mapping[TopicPartition, list[Any]]) -> None:
        for records in found.values():
            for record in records:
                if record.key is not None:
                    self._set(record.key.decode(), record.value)

    def _set(self, key: str, value: bytes | None) -> None:
        old = self._rows.get(key)
        new = None
        if value is not None:
            try:
                new = self._decode(value)
            except ValueError as error:
                # A newer producer may write what we cannot read yet: keep what we knew.
                get_logger().error("cannot read an object", topic=self._topic, key=key, error=str(error))
                return
        if new is None:
            self._rows.pop(key, None)
        else:
            self._rows[key] = new
        if self._on_change is not None:
            self._on_change(key, old, new)
