"""Alert events in, without a group, by a consumer that may hang without anybody waiting for it."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.chassis.health import Health
from shared.contracts.events import AlertChanged

OPEN_LIMIT_S = 15.0
READ_LIMIT_S = 10.0
CLOSE_LIMIT_S = 5.0
PAUSE_S_MAX = 10.0
Alerted = Callable[[Sequence[str], str, float | None, int], None]


class Alerts:
    """Follows the alert topic from now on; after any trouble from where it was."""

    def __init__(self, bootstrap: str, topic: str, alerted: Alerted, health: Health) -> None:
        self._bootstrap = bootstrap
        self._topic = topic
        self._alerted = alerted
        self._health = health
        self._decoder = msgspec.json.Decoder(AlertChanged)
        self._next: dict[TopicPartition, int] = {}

    async def run(self) -> None:
        """Follow until cancelled; every failure leads to a new consumer."""
        pause_s = 1.0
        while True:
            try:
                await self._follow()
            except (KafkaError, OSError, TimeoutError) as error:
                self._health.set("alerts", ok=False, detail=type(error).__name__)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, PAUSE_S_MAX)

    async def _follow(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=200,
            request_timeout_ms=10_000,
        )
        try:
            async with asyncio.timeout(OPEN_LIMIT_S):
                await self._open(consumer)
            self._health.set("alerts", ok=True)
            while True:
                async with asyncio.timeout(READ_LIMIT_S):
                    found = await consumer.getmany(timeout_ms=500)
                for partition, records in found.items():
                    for record in records:
                        self._take(record.value)
                        self._next[partition] = record.offset + 1
        finally:
            with contextlib.suppress(KafkaError, OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_LIMIT_S):
                    await consumer.stop()

    async def _open(self, consumer: AIOKafkaConsumer) -> None:
        await consumer.start()
        await consumer._client.set_topics([self._topic])  # noqa: SLF001 - aiokafka has no public way
        numbers = consumer.partitions_for_topic(self._topic)
        if not numbers:
            raise KafkaError(f"no topic {self._topic}")
        partitions = [TopicPartition(self._topic, number) for number in sorted(numbers)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        for partition in partitions:
            # A topic that was made anew is shorter than we remember.
            consumer.seek(partition, min(self._next.get(partition, ends[partition]), ends[partition]))

    def _take(self, value: bytes | None) -> None:
        if value is None:
            return
        try:
            changed = self._decoder.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return  # whoever must act on it rejects it; here it is no canary
        alert = changed.alert
        if alert.reserved:
            self._alerted(alert.device_ids, changed.item.kind, alert.value, changed.item.at_ms)
