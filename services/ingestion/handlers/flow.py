"""The order of things: Kafka has it, then receipts, then PUBACKs; and all bounded while Kafka is slow."""

import asyncio
import contextlib
from typing import Final

from services.ingestion.handlers.intake import Intake, Publish
from services.ingestion.handlers.receipts import Receipts
from services.ingestion.ports import Acknowledger, TelemetryWriter
from shared.chassis.clock import Clock
from shared.chassis.metrics import Counter, Gauge, Histogram

UNWRITTEN_BYTES_MAX: Final = 8 * 1024 * 1024
"""Payload bytes in memory above which reading stops; it goes on below half of it."""

GATHER_S: Final = 0.05
GATHER_URGENT_S: Final = 0.004
GATHER_FROM_PER_S: Final = 2_000.0
"""Above 2,000 readings a second a load gathers for 50 ms, one with an alarm or an event for 4 ms: a write
costs as much CPU as about 100 readings, and the fetches that follow it as much again."""
RATE_WINDOW_S: Final = 0.1

ITEMS = Counter("gas_ingestion_items_total", "Readings and events written")
LOADS = Counter("gas_ingestion_loads_total", "Writes to Kafka, each of all partitions")
UNWRITTEN = Gauge("gas_ingestion_unwritten_bytes", "Payload bytes that Kafka does not have yet")
PAUSED = Gauge("gas_ingestion_paused", "1 while reading from MQTT is stopped")
WRITE_S = Histogram(
    "gas_ingestion_write_seconds",
    "Time to write one load",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30),
)


class Flow:
    """One load is written while the next one gathers, so batches grow with the load and order is kept."""

    def __init__(
        self, intake: Intake, receipts: Receipts, writer: TelemetryWriter, broker: Acknowledger, clock: Clock
    ) -> None:
        self._intake = intake
        self._receipts = receipts
        self._writer = writer
        self._broker = broker
        self._clock = clock
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._bytes = 0
        self._counted = 0
        self.paused = False
        """Whether reading is stopped."""
        self._written = 0
        self._rate = 0.0
        self._measured_at = clock.monotonic()
        self._progress = asyncio.Condition()
        self._generation = 0
        self.unacknowledged = 0
        """How many messages of the latest connection were taken and are not acknowledged."""
        self.acknowledged = 0
        """How many messages were acknowledged since the start."""

    def on_publishes(self, publishes: list[Publish], generation: int) -> None:
        """Take what came by one read."""
        count = self._intake.take(publishes, generation)
        if generation != self._generation:
            # What a former connection brought comes again: it is none of this one's window.
            self._generation, self.unacknowledged = generation, 0
        self.unacknowledged += count
        if self._intake.load.urgent:
            self._hurry.set()
        self.wake()
        if self._bytes > UNWRITTEN_BYTES_MAX and not self.paused:
            self._pause(True)

    def mark(self) -> None:
        """Have a mark written behind everything that was taken until now."""
        self._intake.load.mark = True
        self._wake.set()

    def wake(self) -> None:
        """Have written what was put into the load from elsewhere."""
        self._bytes += self._intake.load.bytes - self._counted
        self._counted = self._intake.load.bytes
        self._wake.set()

    async def settled(self) -> None:
        """Return when everything taken until now is written."""
        target = self._intake.loads + (not self._intake.load.empty)
        async with self._progress:
            await self._progress.wait_for(lambda: self._written >= target)

    async def run(self) -> None:
        """Write load after load until cancelled."""
        while True:
            await self._wake.wait()
            if self._rate >= GATHER_FROM_PER_S:
                await self._gather()
            self._wake.clear()
            self._hurry.clear()
            await self._write_one()

    async def _gather(self) -> None:
        """Let the load grow before it is written; whoever is in alarm does not wait for it."""
        await asyncio.sleep(GATHER_URGENT_S)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GATHER_S - GATHER_URGENT_S):
                await self._hurry.wait()

    def _measure(self, count: int) -> None:
        """Follow the rate of items, smoothed over about a tenth of a second."""
        now = self._clock.monotonic()
        elapsed, self._measured_at = max(now - self._measured_at, 1e-6), now
        self._rate += (count / elapsed - self._rate) * min(elapsed / RATE_WINDOW_S, 1.0)

    async def _write_one(self) -> None:
        load, self._counted = self._intake.swap(), 0
        began = self._clock.monotonic()
        await self._writer.write(load.records(), load.letters, mark=load.mark, now_ms=self._clock.now_ms())
        WRITE_S.observe(self._clock.monotonic() - began)
        LOADS.inc()
        ITEMS.inc(len(load.taken))
        self._measure(len(load.taken))
        self._receipts.written(load)
        for generation, packet_ids in load.acks.items():
            self._broker.ack(packet_ids, generation)
            self.acknowledged += len(packet_ids)
            if generation == self._generation:
                self.unacknowledged -= len(packet_ids)
        self._bytes -= load.bytes
        UNWRITTEN.set(self._bytes)
        if self.paused and self._bytes < UNWRITTEN_BYTES_MAX // 2:
            self._pause(False)
        self._written += 1
        async with self._progress:
            self._progress.notify_all()

    def _pause(self, paused: bool) -> None:
        self.paused = paused
        PAUSED.set(paused)
        if paused:
            self._broker.pause_reading()
        else:
            self._broker.resume_reading()
