"""A consumer loop that never loses: at least once, in order within a partition, dead letters for poison."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from shared.chassis.health import Health
from shared.chassis.kafka import FETCH_WAIT_MS, Producer, Record, start_consumer, stop_consumer
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter, Gauge

COMMIT_EVERY_S = 1.0
"""Offsets wait: a commit costs Kafka as much as an event does, and inboxes absorb what comes again."""
COMMIT_AT_END_S = 2.0
LOOK_AGAIN_MS = 20  # how soon a partition that is done with is read again while others are not
RETRY_S_MAX = 2.0  # nobody waits longer than that for a database that is back
POISON_ROW = 20
POISON_KEYS = 5

REJECTED = Counter("gas_consumer_rejected_total", "Messages that went to the dead letters", ["topic"])
HALTED = Gauge("gas_consumer_halted", "1 while too much poison in a row halts the consumer", ["group"])


class Retry(Exception):  # noqa: N818 - a word of policy, not an error
    """Not now: the partition waits and the same record comes again; never a dead letter."""


class Reject(Exception):  # noqa: N818 - a word of policy, not an error
    """Never: the record goes to the dead letters with this reason, the partition goes on."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


def _record(prefix: str, found: Any) -> Record:
    return Record(
        found.topic.removeprefix(prefix),
        found.partition,
        found.offset,
        found.key,
        found.value,
        dict(found.headers),
        found.timestamp,
    )


def dead_letter_headers(
    record: Record, reason: str, detail: str, *, failed_at: str, client: str = ""
) -> dict[str, bytes]:
    """Return the headers of a dead letter (WIRE.md section 2)."""
    return {
        "reason": reason.encode(),
        "detail": detail[:500].encode(),
        "client": client.encode(),
        "source_topic": record.topic.encode(),
        "source_partition": str(record.partition).encode(),
        "source_offset": str(record.offset).encode(),
        "failed_at": failed_at.encode(),
    }


class ConsumerLoop:
    """Gives each record to `handle`, at least once and in order within a partition.

    `Retry` pauses the record's partition with bounded back-off; `Reject` writes a dead letter and goes on;
    anything else takes the process down with the record not committed. Offsets are committed explicitly,
    after, at most once a second.
    `concurrent` handles the partitions at the same time, so that a burst in one holds up no other; each needs
    a connection to the database then, which is why it is not the way of all.
    20 rejections in a row of records with at least 5 different keys halt the loop: then the fault is ours.
    """

    def __init__(
        self,
        bootstrap: str,
        group: str,
        topics: Sequence[str],
        handle: Callable[[Record], Awaitable[None]],
        *,
        dead_letters: Producer,
        health: Health,
        prefix: str = "",
        now: Callable[[], str] | None = None,
        concurrent: bool = False,
    ) -> None:
        self._bootstrap = bootstrap
        self._group = group
        self._topics = topics
        self._handle = handle
        self._dead_letters = dead_letters
        self._health = health
        self._prefix = prefix
        self._concurrent = concurrent
        self._now = now or (lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self._paused: dict[TopicPartition, float] = {}
        self._delay_s: dict[TopicPartition, float] = {}
        self._poison: list[bytes | None] = []
        self._done: dict[TopicPartition, int] = {}
        self._running: dict[TopicPartition, asyncio.Task[None]] = {}
        self._commit_at = 0.0
        self._halted = False

    async def run(self) -> None:
        """Consume until cancelled."""
        consumer = AIOKafkaConsumer(
            *(self._prefix + topic for topic in self._topics),
            bootstrap_servers=self._bootstrap,
            group_id=self._prefix + self._group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
        )
        await start_consumer(consumer, self._bootstrap)
        self._health.set(f"consumer {self._group}", ok=True)
        try:
            while True:
                self._resume(consumer)
                if self._concurrent:
                    await self._begin_idle(consumer)
                else:
                    found = await consumer.getmany(timeout_ms=1_000, max_records=500)
                    for partition, records in found.items():
                        await self._partition(consumer, partition, records)
                if self._done and time.monotonic() >= self._commit_at:
                    await self._commit(consumer)
        finally:
            for task in self._running.values():
                task.cancel()
            await asyncio.gather(*self._running.values(), return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_AT_END_S):
                    await self._commit(consumer)
            await stop_consumer(consumer)

    async def _begin_idle(self, consumer: AIOKafkaConsumer) -> None:
        """Begin with what there is of the partitions that nothing is being done about."""
        for partition in [partition for partition, task in self._running.items() if task.done()]:
            self._running.pop(partition).result()
        idle = set() if self._halted else consumer.assignment() - self._running.keys()
        if self._running and not idle:
            await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            return
        wait_ms = LOOK_AGAIN_MS if self._running else 1_000
        found = await consumer.getmany(*idle, timeout_ms=wait_ms, max_records=500)
        for partition, records in found.items():
            self._running[partition] = asyncio.create_task(self._partition(consumer, partition, records))

    def _resume(self, consumer: AIOKafkaConsumer) -> None:
        now = time.monotonic()
        due = [partition for partition, at in self._paused.items() if at <= now]
        for partition in due:
            del self._paused[partition]
            if partition in consumer.assignment():
                consumer.resume(partition)

    async def _partition(
        self, consumer: AIOKafkaConsumer, partition: TopicPartition, found: list[Any]
    ) -> None:
        for item in found:
            if partition not in consumer.assignment():
                # Another instance has begun where we left off; what it wrote is newer than the rest of these.
                break
            record = _record(self._prefix, item)
            try:
                await self._handle(record)
                self._poison.clear()
            except Retry as reason:
                self._pause(consumer, partition, record.offset, str(reason))
                break
            except Reject as reason:
                await self._reject(record, reason)
            self._delay_s.pop(partition, None)
            self._done[partition] = record.offset + 1

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        """Commit what is handled; whatever is not committed comes again, here or at another instance."""
        self._commit_at = time.monotonic() + COMMIT_EVERY_S
        mine = consumer.assignment()
        done, self._done = {tp: offset for tp, offset in self._done.items() if tp in mine}, {}
        try:
            if done:
                await consumer.commit(done)
        except (CommitFailedError, IllegalStateError) as error:
            get_logger().info("partitions went to another instance", group=self._group, error=str(error))
        except KafkaError as error:
            self._done = done | self._done
            get_logger().warning("offsets were not committed", group=self._group, error=str(error))

    def _pause(self, consumer: AIOKafkaConsumer, partition: TopicPartition, offset: int, why: str) -> None:
        delay = min(self._delay_s.get(partition, 0.05) * 2, RETRY_S_MAX)
        self._delay_s[partition] = delay
        self._paused[partition] = time.monotonic() + delay
        get_logger().warning("waiting to try again", group=self._group, why=why, delay_s=delay)
        if partition in consumer.assignment():
            consumer.seek(partition, offset)
            consumer.pause(partition)

    async def _reject(self, record: Record, reason: Reject) -> None:
        self._poison.append(record.key)
        if len(self._poison) >= POISON_ROW and len(set(self._poison)) >= POISON_KEYS:
            await self._halt()
        headers = dead_letter_headers(record, reason.reason, reason.detail, failed_at=self._now())
        await self._dead_letters.send(f"{record.topic}.dlq", record.value, key=record.key, headers=headers)
        REJECTED.labels(record.topic).inc()
        get_logger().warning("dead letter", topic=record.topic, reason=reason.reason, detail=reason.detail)

    async def _halt(self) -> None:
        self._halted = True
        HALTED.labels(self._group).set(1)
        self._health.set(f"consumer {self._group}", ok=False, detail="halted: everything looks poisonous")
        get_logger().error("halted: everything looks poisonous; the backlog is kept", group=self._group)
        await asyncio.Event().wait()
