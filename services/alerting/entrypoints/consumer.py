"""Telemetry in: fold each record, decide what turned, commit decisions and offsets together.

The truth about offsets is the partition's row, not Kafka's group: the group only spreads partitions over
instances. Whatever the group does meanwhile, a record is folded only at the offset that is expected, and a
commit by a former owner is refused.
"""

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.alerting.domain.signals import AnySignal
from services.alerting.entrypoints.decoding import Bad
from services.alerting.entrypoints.owned import SNAPSHOT_EVERY_S, Owned
from services.alerting.entrypoints.watch import Watch
from services.alerting.handlers import Deciding
from services.alerting.ports import AlertStore, DeadLetters, Fenced, Registry, Unavailable
from shared.chassis.clock import Clock
from shared.chassis.health import Health
from shared.chassis.kafka import FETCH_WAIT_MS, start_consumer, stop_consumer
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter, Gauge
from shared.contracts.topic_names import TELEMETRY

GROUP = "alerting"
RECORDS_MAX = 200
# Gathering for a few milliseconds bounds the fetches and transactions a second; an alarm waits half of it.
GATHER_S = 0.005
COMMIT_EVERY_S = 1.0
RETRY_S_MAX = 2.0

ITEMS = Counter("gas_alerting_items_total", "Readings and events folded")
UNKNOWN = Counter("gas_alerting_unknown_items_total", "Items of devices that are not known (yet)")
SIGNALS = Counter("gas_alerting_signals_total", "Transitions that were decided")
BEHIND = Gauge("gas_alerting_behind_seconds", "Age of the newest record that was folded")
OWNED = Gauge("gas_alerting_partitions", "Partitions owned by this process")


class Telemetry:
    """Owns partitions, folds their records, and has decided what they say."""

    def __init__(
        self,
        bootstrap: str,
        store: AlertStore,
        registry: Registry,
        deciding: Deciding,
        letters: DeadLetters,
        clock: Clock,
        health: Health,
        *,
        prefix: str = "",
        instance: str = "1",
    ) -> None:
        self._bootstrap = bootstrap
        self._store = store
        self._registry = registry
        self._deciding = deciding
        self._letters = letters
        self._clock = clock
        self._health = health
        self._prefix = prefix
        self._instance = instance
        self._owned: dict[int, Owned] = {}
        self._watch = Watch(registry, clock, instance)
        # What is folded and not decided yet exists nowhere else: while it does, no offset moves.
        self._undecided = False
        self._committed_at = 0.0
        registry.listen(self._device_changed)

    def _device_changed(self, partition: int, device_id: str) -> None:
        owned = self._owned.get(partition)
        if owned is None:
            return
        spec = self._registry.spec(device_id)
        if spec is None or self._registry.partition(spec.facts.site_id) != partition:
            owned.state.drop(device_id)
        else:
            owned.state.put(spec)

    async def run(self) -> None:
        """Consume until cancelled; then commit and keep snapshots of what is decided."""
        self._watch.remember(await self._patiently(self._store.quarantined))
        consumer = AIOKafkaConsumer(
            self._prefix + TELEMETRY,
            bootstrap_servers=self._bootstrap,
            group_id=self._prefix + GROUP,
            # A static member that comes back within the session gets its partitions at once.
            group_instance_id=f"{GROUP}-{self._instance}",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=FETCH_WAIT_MS,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
        )
        await start_consumer(consumer, self._bootstrap)
        try:
            while True:
                await self._own(consumer)
                found = await consumer.getmany(timeout_ms=500, max_records=RECORDS_MAX)
                await self._pass(consumer, found)
                if found:
                    await asyncio.sleep(GATHER_S)
        finally:
            with contextlib.suppress(Unavailable, Fenced):
                await self._leave()
            await stop_consumer(consumer)

    async def _own(self, consumer: AIOKafkaConsumer) -> None:
        assigned = {tp.partition: tp for tp in consumer.assignment()}
        for partition in self._owned.keys() - assigned.keys():
            get_logger().info("partition went to another instance", partition=partition)
            del self._owned[partition]
        for partition in sorted(assigned.keys() - self._owned.keys()):
            claim = await self._patiently(self._store.claim, partition)
            owned = Owned(claim, self._registry.specs(partition), self._clock.monotonic())
            self._owned[partition] = owned
            if owned.unreadable:
                get_logger().error("snapshot cannot be read", partition=partition, why=owned.unreadable)
            if assigned[partition] in consumer.assignment():
                consumer.seek(assigned[partition], owned.next)
        OWNED.set(len(self._owned))
        self._health.set("telemetry", ok=bool(self._owned), detail=f"{len(self._owned)} partitions")

    async def _pass(self, consumer: AIOKafkaConsumer, found: dict[TopicPartition, list[Any]]) -> None:
        signals: list[AnySignal] = []
        self._undecided = True
        for tp, records in found.items():
            owned = self._owned.get(tp.partition)
            if owned is None:
                continue
            for record in records:
                if record.offset != owned.next and not await self._aligned(
                    consumer, tp, owned, record.offset
                ):
                    break
                signals += await self._fold(owned, record)
            await asyncio.sleep(0)  # heartbeats and the API share this loop
        signals += self._watch.look(self._owned.values(), lambda p: self._caught_up(consumer, p))
        now = self._clock.monotonic()
        if signals or now - self._committed_at >= COMMIT_EVERY_S:
            self._committed_at = now
            await self._commit(signals)
            await self._snapshots(consumer, now)
        self._undecided = False

    async def _aligned(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, owned: Owned, offset: int
    ) -> bool:
        """Go back to the expected offset, unless Kafka has it no longer."""
        first = (await consumer.beginning_offsets([tp]))[tp]
        if owned.next < first and offset == first:
            get_logger().error("telemetry is gone", partition=tp.partition, expected=owned.next, first=first)
            owned.next = first
            return True
        if tp in consumer.assignment():
            consumer.seek(tp, owned.next)
        return False

    async def _fold(self, owned: Owned, record: Any) -> list[AnySignal]:
        signals, bad, good = owned.fold(record.offset, record.timestamp, record.key, record.value or b"[]")
        ITEMS.inc(good)
        UNKNOWN.inc(owned.take_unknown())
        BEHIND.set(max(0.0, (self._clock.now_ms() - record.timestamp) / 1000))
        if good > len(bad):
            self._watch.poison.good()
        if bad:
            signals += await self._bad(owned.claim.partition, record.offset, bad)
        return signals

    async def _bad(self, partition: int, offset: int, bad: Iterable[Bad]) -> list[AnySignal]:
        signals: list[AnySignal] = []
        for item in bad:
            halt, said = self._watch.unreadable(item)
            signals += said
            if halt:
                await self._halt(signals)
            await self._letters.put(partition, offset, item.value, "bad_field", item.detail)
        return signals

    async def _halt(self, signals: list[AnySignal]) -> None:
        """Stop at an offset that is not committed: the fault is ours, and the backlog is kept."""
        self._health.set("telemetry", ok=False, detail="halted: everything looks poisonous")
        get_logger().error("halted: everything looks poisonous; the backlog is kept")
        await self._patiently(self._deciding.commit, (), signals)
        await asyncio.Event().wait()

    async def _commit(self, signals: list[AnySignal]) -> None:
        advances = [step for step in (owned.advance() for owned in self._owned.values()) if step]
        if not advances and not signals:
            return
        try:
            await self._patiently(self._deciding.commit, advances, signals)
        except Fenced as reason:
            # Nothing was decided. Whoever owns the partitions now decides it; they are claimed anew if we do.
            get_logger().warning("fenced", why=str(reason))
            self._owned.clear()
            # What the platform's own watch said is lost with it, and has to be said again.
            self._watch = Watch(self._registry, self._clock, self._instance)
            self._watch.remember(await self._patiently(self._store.quarantined))
        else:
            SIGNALS.inc(len(signals))
            for step in advances:
                self._owned[step.partition].committed = step.new_offset

    async def _patiently(self, function: Any, *arguments: Any) -> Any:
        """Call until the database answers; meanwhile nothing is consumed and nothing is forgotten."""
        delay_s = 0.1
        while True:
            try:
                result = await function(*arguments)
            except Unavailable as reason:
                self._health.set("database", ok=False, detail=str(reason))
                get_logger().warning("waiting for the database", why=str(reason), delay_s=delay_s)
                await asyncio.sleep(delay_s)
                delay_s = min(delay_s * 2, RETRY_S_MAX)
            else:
                self._health.set("database", ok=True)
                return result

    async def _snapshots(self, consumer: AIOKafkaConsumer, now: float) -> None:
        for partition, owned in list(self._owned.items()):
            if now >= owned.snapshot_at and not owned.replaying and owned.next == owned.committed:
                owned.snapshot_at = now + SNAPSHOT_EVERY_S
                await self._patiently(self._store.snapshot, owned.claim, owned.next, owned.state.snapshot())
                tp = TopicPartition(self._prefix + TELEMETRY, partition)
                with contextlib.suppress(KafkaError):
                    await consumer.commit({tp: owned.next})  # for those who look at the group's lag only

    async def _leave(self) -> None:
        """Keep what is decided; what was folded and left undecided is folded again by the next owner."""
        if self._undecided:
            return
        advances = [step for step in (owned.advance() for owned in self._owned.values()) if step]
        await self._deciding.commit(advances, ())
        for owned in self._owned.values():
            if not owned.replaying:
                await self._store.snapshot(owned.claim, owned.next, owned.state.snapshot())

    def _caught_up(self, consumer: AIOKafkaConsumer, partition: int) -> bool:
        end = consumer.highwater(TopicPartition(self._prefix + TELEMETRY, partition))
        return end is None or self._owned[partition].next >= end
