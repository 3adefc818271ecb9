"""Telemetry in: large fetches, one write in flight while the next is gathered, offsets after the write."""

import asyncio
import json
import re
import time
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from services.history.domain.items import BadItemError, Item, decode, salvage, split
from services.history.handlers import Intake
from services.history.ports import Batch, Row, Store
from shared.chassis.consumer import HALTED, POISON_KEYS, POISON_ROW, dead_letter_headers
from shared.chassis.health import Health
from shared.chassis.kafka import FETCH_WAIT_MS, Producer, Record, start_consumer, stop_consumer
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter, Gauge
from shared.chassis.times import rfc3339
from shared.contracts.topic_names import TELEMETRY, dead_letters

GROUP = "history"
FETCH_BYTES_MIN = 1_048_576
FETCH_BYTES_MAX = 4_194_304

_WHO = re.compile(rb'"device_id"\s*:\s*"([A-Za-z0-9_-]{1,64})"')
STORED = Counter("gas_history_rows_total", "Rows the database has taken, repeated ones included")
LAG = Gauge("gas_history_behind_seconds", "Age of the newest record that was written")


class Halt(Exception):  # noqa: N818 - a word of policy, not an error
    """Everything looks poisonous: the fault is ours, the backlog is kept."""


class Letter(NamedTuple):
    """An element that goes to the dead letters, why, and who sent it as far as that is known."""

    value: bytes
    reason: str
    why: str
    who: str


class Refreshes(ConsumerRebalanceListener):  # type: ignore[misc]
    """Remembers that partitions came, whose devices another instance may have met."""

    def __init__(self) -> None:
        self.due = True

    def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """What was fetched and not committed comes again to whoever has it next; uniqueness absorbs it."""

    def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Have the devices learnt again before the next record."""
        self.due = self.due or bool(assigned)


class Telemetry:
    """Carries `gas.telemetry.v1` into the store, at least once in, once stored."""

    def __init__(
        self, bootstrap: str, intake: Intake, store: Store, letters: Producer, health: Health, *,
        instance: str = "1", prefix: str = "", batch_rows: int = 8_000,
    ) -> None:  # fmt: skip
        self._bootstrap = bootstrap
        self._intake = intake
        self._store = store
        self._letters = letters
        self._health = health
        self._instance = instance
        self._prefix = prefix
        self._batch_rows = batch_rows
        self._refreshes = Refreshes()
        self._poison: list[str] = []
        self._refused: list[str] = []
        self._newest_ms = 0

    async def run(self) -> None:
        """Consume until cancelled; what was gathered and not written comes again after a restart."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            group_id=self._prefix + GROUP,
            # A static member: killed and started again it has its partitions back at once, not when the
            # session of its predecessor ends. So instances must have names of their own.
            group_instance_id=f"{GROUP}-{self._instance}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_min_bytes=FETCH_BYTES_MIN,
            fetch_max_bytes=FETCH_BYTES_MAX,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
        )
        consumer.subscribe([self._prefix + TELEMETRY], listener=self._refreshes)
        await start_consumer(consumer, self._bootstrap)
        self._health.set("consumer history", ok=True)
        try:
            await self._consume(consumer)
        except Halt:
            HALTED.labels(GROUP).set(1)
            self._health.set("consumer history", ok=False, detail="halted: everything looks poisonous")
            get_logger().error("halted: everything looks poisonous; the backlog is kept", group=GROUP)
            await asyncio.Event().wait()
        finally:
            await stop_consumer(consumer)

    async def _consume(self, consumer: AIOKafkaConsumer) -> None:
        writing: asyncio.Task[None] | None = None
        try:
            while True:
                found = await consumer.getmany(timeout_ms=FETCH_WAIT_MS)
                if self._refreshes.due:
                    self._refreshes.due = False
                    await self._intake.refresh()
                for partition, records in found.items():
                    for record in records:
                        await self._take(partition.partition, record)
                        if len(self._intake) >= self._batch_rows:
                            writing = await self._flush(consumer, writing)
                if found:
                    writing = await self._flush(consumer, writing)
                elif writing is not None and writing.done():
                    await writing  # what it raises must not wait for the next record
        finally:
            if writing is not None:
                # Whoever is told to stop lets the write end, and stops whatever came of it.
                await asyncio.wait({writing})
                _ = writing.cancelled() or writing.exception()

    async def _flush(
        self, consumer: AIOKafkaConsumer, writing: "asyncio.Task[None] | None"
    ) -> "asyncio.Task[None]":
        """Wait for the write in flight, then start the next; memory holds two batches at most."""
        if writing is not None:
            await writing
        return asyncio.create_task(self._write(consumer, self._intake.seal(), self._newest_ms))

    async def _write(self, consumer: AIOKafkaConsumer, batch: Batch, newest_ms: int) -> None:
        refused = await self._store.write(batch)
        if len(refused) < len(batch):
            self._refused.clear()
        self._suspect(self._refused, [self._intake.name_of(row[1]) for row, _ in refused])
        for row, why in refused:
            await self._bury_row(row, why)
        STORED.inc(len(batch) - len(refused))
        LAG.set(max(0.0, time.time() - newest_ms / 1000))  # noqa: TID251 - a figure for people
        topic = self._prefix + TELEMETRY
        offsets = {TopicPartition(topic, number): offset for number, offset in batch.offsets.items()}
        mine = consumer.assignment()
        offsets = {partition: offset for partition, offset in offsets.items() if partition in mine}
        try:
            if offsets:
                await consumer.commit(offsets)
        except (CommitFailedError, IllegalStateError) as error:
            get_logger().info("partitions went to another instance", group=GROUP, error=str(error))
        except KafkaError as error:
            # The rows are stored; a later commit covers these offsets, or the records come again.
            get_logger().warning("offsets were not committed", group=GROUP, error=str(error))

    async def _take(self, partition: int, record: Any) -> None:
        value = record.value or b""
        self._newest_ms = record.timestamp
        bad: list[Letter] = []
        try:
            items = decode(value)
        except ValueError:
            items, bad = _salvaged(value, record.offset)
        refused = await self._intake.add(items, partition, record.offset, record.timestamp)
        for index, why in refused:
            element = json.dumps(as_json(items[index])).encode()
            bad.append(Letter(element, "missing_field", why, items[index].device_id))
        if bad:
            await self._bury(record, bad, good=len(items) > len(refused))
        elif items:
            self._poison.clear()
        # Lets the write in flight and the heartbeats go on between two records.
        await asyncio.sleep(0)

    async def _bury_row(self, row: Row, why: str) -> None:
        get_logger().error(
            "a row that no table takes", device_key=row[1], boot_id=row[2], seq=row[3], why=why
        )
        value = json.dumps([self._intake.name_of(row[1]), *row], default=str).encode()
        headers = dead_letter_headers(
            Record(TELEMETRY, -1, -1, None, value, {}, 0), "bad_field", why, failed_at=rfc3339(row[0])
        )
        await self._letters.send(dead_letters(TELEMETRY), value, headers=headers)

    def _suspect(self, row: list[str], senders: list[str]) -> None:
        """Note who sent what cannot be kept; raise Halt when it is so much from so many in a row."""
        row += senders
        if len(row) >= POISON_ROW and len(set(row)) >= POISON_KEYS:
            raise Halt
        del row[:-POISON_ROW]

    async def _bury(self, record: Any, letters: list[Letter], *, good: bool) -> None:
        """Write dead letters and wait for them; too much in a row from too many senders halts instead."""
        if good:
            self._poison.clear()
        else:
            self._suspect(self._poison, [letter.who for letter in letters])
        for value, reason, why, _ in letters:
            source = Record(
                TELEMETRY, record.partition, record.offset, record.key, value, {}, record.timestamp
            )
            headers = dead_letter_headers(source, reason, why, failed_at=rfc3339(record.timestamp))
            await self._letters.send(dead_letters(TELEMETRY), value, headers=headers)
            get_logger().warning("dead letter", reason=reason, detail=why, offset=record.offset)


def _salvaged(value: bytes, offset: int) -> tuple[list[Item], list[Letter]]:
    """Return what can be read of a record, and what cannot, element by element."""
    try:
        raws = split(value)
    except ValueError as error:
        return [], [Letter(value, "not_json", str(error), f"record {offset}")]
    items, bad = [], []
    for raw in raws:
        try:
            items.append(salvage(raw))
        except BadItemError as error:
            who = _WHO.search(raw)
            bad.append(Letter(raw, "bad_field", str(error), who[1].decode() if who else f"record {offset}"))
    return items, bad


def as_json(item: Item) -> dict[str, Any]:
    """Return what is known of an item, for a dead letter."""
    known = {name: getattr(item, name) for name in Item.__struct_fields__ if name != "data"}
    return {name: value for name, value in known.items() if value is not None}
