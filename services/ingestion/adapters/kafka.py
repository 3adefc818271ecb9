"""Writing to Kafka: one batch a partition and load, again until every in-sync replica has it."""

import asyncio
import contextlib
from collections import defaultdict, deque
from collections.abc import Awaitable
from typing import Any, Final

from aiokafka.errors import KafkaError

from services.ingestion.domain.verdicts import Letter
from shared.chassis.health import Health
from shared.chassis.kafka import Producer
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter
from shared.chassis.service import StartError
from shared.chassis.times import rfc3339
from shared.contracts.telemetry import murmur2
from shared.contracts.topic_names import TELEMETRY, dead_letters

BACKOFF_S: Final = 0.2
BACKOFF_S_MAX: Final = 5.0
SLOW_S: Final = 5.0
TOPICS_LIMIT_S: Final = 5.0

FAILED = Counter("gas_ingestion_write_failures_total", "Writes that Kafka refused and that were tried again")

Row = tuple[bytes | None, bytes, list[tuple[str, bytes]]]
Place = tuple[str, int]
Pending = dict[Place, deque[Row]]


class KafkaWriter:
    """Writes loads in order. A refused write is repeated with a new producer: nothing is given up.

    Repeating can write a message twice, which every reader recognises by (device_id, boot_id, seq).
    """

    def __init__(self, bootstrap: str, *, name: str, prefix: str, partitions: int, health: Health) -> None:
        self._bootstrap = bootstrap
        self._name = name
        self._prefix = prefix
        self._partitions = partitions
        self._health = health
        self._letter_partitions = 1
        self._producer = self._new()

    def _new(self) -> Producer:
        return Producer(self._bootstrap, prefix=self._prefix, client_id=f"ingestion-{self._name}")

    async def start(self) -> None:
        """Connect; raise StartError when Kafka does not answer or the topics are not as they should be."""
        await self._producer.start()
        counts = dict.fromkeys((TELEMETRY, dead_letters(TELEMETRY)), 0)
        with contextlib.suppress(KafkaError, TimeoutError):
            async with asyncio.timeout(TOPICS_LIMIT_S):
                for topic in counts:
                    found = await self._producer.raw.partitions_for(self._producer.topic(topic))
                    counts[topic] = len(found or ())
        if counts[TELEMETRY] != self._partitions or not counts[dead_letters(TELEMETRY)]:
            raise StartError(
                f"Kafka has {counts[TELEMETRY]} partitions of {TELEMETRY}, {self._partitions} are configured;"
                " make the topics first."
            )
        self._letter_partitions = counts[dead_letters(TELEMETRY)]
        self._health.set("kafka", ok=True)

    async def stop(self) -> None:
        """Disconnect; what is on its way gets a moment."""
        with contextlib.suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(self._producer.stop(), 3)

    async def write(
        self, records: dict[int, list[bytes]], letters: list[Letter], *, mark: bool, now_ms: int
    ) -> None:
        """Write records by partition, then marks, and the dead letters; return when Kafka has all."""
        pending: Pending = defaultdict(deque)
        for partition, values in records.items():
            pending[TELEMETRY, partition] = deque((None, value, []) for value in values)
        if mark:
            for partition in range(self._partitions):
                pending[TELEMETRY, partition].append((self._name.encode(), b"[]", []))
        for letter in letters:
            partition = (murmur2(letter.client.encode()) & 0x7FFFFFFF) % self._letter_partitions
            pending[dead_letters(TELEMETRY), partition].append((None, letter.value, _headers(letter, now_ms)))
        delay_s = BACKOFF_S
        while pending:
            try:
                await self._attempt(pending, now_ms)
            except (KafkaError, OSError, TimeoutError, AssertionError) as error:
                FAILED.inc()
                self._health.set("kafka", ok=False, detail=str(error))
                get_logger().error("Kafka refused a write; trying again", error=repr(error))
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, BACKOFF_S_MAX)
                await self._renew()
        self._health.set("kafka", ok=True)

    async def _attempt(self, pending: Pending, now_ms: int) -> None:
        """Send one batch to each partition, and again until nothing is left; what Kafka has is taken out."""
        producer = self._producer.raw
        while pending:
            sent: list[tuple[Place, int]] = []
            futures: list[Awaitable[Any]] = []
            for place, rows in pending.items():
                batch = producer.create_batch()
                count = 0
                for key, value, headers in rows:
                    if batch.append(key=key, value=value, timestamp=now_ms, headers=headers) is None:
                        break
                    count += 1
                name = self._producer.topic(place[0])
                futures.append(await producer.send_batch(batch, name, partition=place[1]))
                sent.append((place, count))
            failures = []
            for (place, count), result in zip(sent, await self._gather(futures), strict=True):
                if isinstance(result, BaseException):
                    failures.append(result)
                    continue
                for _ in range(count):
                    pending[place].popleft()
                if not pending[place]:
                    del pending[place]
            if failures:
                raise failures[0]

    async def _gather(self, futures: list[Awaitable[Any]]) -> list[Any]:
        waiting = asyncio.gather(*futures, return_exceptions=True)
        done, _ = await asyncio.wait([waiting], timeout=SLOW_S)
        if not done:
            self._health.set("kafka", ok=False, detail="a write takes long; reading waits for it")
            get_logger().warning("Kafka is slow; nothing is acknowledged meanwhile", seconds=SLOW_S)
        return await waiting

    async def _renew(self) -> None:
        """Begin anew with a fresh producer: the old one's sequence numbers may have a hole."""
        with contextlib.suppress(KafkaError, OSError, TimeoutError):
            await asyncio.wait_for(self._producer.stop(), 1)
        producer = self._new()
        with contextlib.suppress(KafkaError, StartError, OSError):
            await producer.start()
            self._producer = producer


def _headers(letter: Letter, now_ms: int) -> list[tuple[str, bytes]]:
    return [
        ("reason", letter.reason.encode()),
        ("detail", letter.detail[:500].encode("utf-8", "replace")),
        ("client", letter.client.encode()),
        ("source_topic", letter.source_topic.encode()),
        ("source_partition", b""),
        ("source_offset", b""),
        ("failed_at", rfc3339(now_ms).encode()),
    ]
