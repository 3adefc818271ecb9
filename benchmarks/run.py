"""One run: publish at a rate, watch, wait until everything is stored, count, and say what it cost."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Protocol

from benchmarks import counting, usage
from benchmarks.counting import Stored
from benchmarks.fleet import Fleet
from benchmarks.load import Plan, Publishers
from benchmarks.publisher import Alarm
from deploy.native.engines import EngineAddresses
from shared.chassis.clock import SystemClock

WARM_UP_S = 3.0
SAMPLE_S = 1.0
DRAIN_LIMIT_S = 120.0
BEHIND_S_MAX = 2.0


class System(Protocol):
    """What is measured: the product, or the ordinary implementation."""

    @property
    def engines(self) -> EngineAddresses:
        """Return where the engines are."""

    def pids(self) -> dict[str, int]:
        """Return its processes, engines included."""

    def progress(self) -> dict[str, float]:
        """Return how many messages each step has done; `history` counts what is stored."""

    async def stored(self, boot_id: int) -> Stored:
        """Count the rows of a run."""

    async def latencies_ms(self, alarms: list[Alarm]) -> tuple[list[float], list[str]]:
        """Return each alarm's latency, sorted, and who has no alert."""


@dataclass
class Figures:
    """What a run showed; latencies in ms, CPU in µs a reading, memory in MiB."""

    offered: float
    seconds: float
    published: int = 0
    stored: int = 0
    per_s: float = 0.0
    drain_s: float = 0.0
    late_ms: float = 0.0
    alarms: int = 0
    unalerted: int = 0
    unreceipted: int = 0
    rejected: int = 0
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    cpu_us: dict[str, float] = field(default_factory=dict)
    rss_mib: dict[str, float] = field(default_factory=dict)

    @property
    def valid(self) -> bool:
        """Whether every message is stored once and every alarm alerted; anything else voids the run."""
        return self.stored == self.published and not self.unalerted and not self.rejected

    @property
    def kept_up(self) -> bool:
        """Whether the rate was sustained: valid, and hardly anything left to do when publishing ended."""
        return self.valid and self.drain_s <= BEHIND_S_MAX and self.per_s >= 0.98 * self.offered

    @property
    def verdict(self) -> str:
        """Say in one word what came of it."""
        return "sustained" if self.kept_up else "not sustained" if self.valid else "VOID"

    def costs(self) -> str:
        """Return CPU (µs a reading) and memory (MiB) by process in one line."""
        used = [f"{name} {us:.1f}" for name, us in self.cpu_us.items()]
        return f"{sum(self.cpu_us.values()):.0f} µs: {', '.join(used)}"

    def line(self) -> str:
        """Return the run in one line."""
        return (
            f"{self.offered:>7,.0f}/s for {self.seconds:.0f} s: stored {self.stored:,} of {self.published:,}"
            f", {self.per_s:,.0f}/s, {self.drain_s:.1f} s to drain, alarms {self.alarms} "
            f"({self.unalerted} without alert) p50 {self.p50_ms:.0f} p99 {self.p99_ms:.0f} "
            f"max {self.max_ms:.0f} ms, unreceipted {self.unreceipted}, rejected {self.rejected}, "
            f"publisher late <= {self.late_ms:.0f} ms: {self.verdict}"
        )


class Runner:
    """Runs one rate after the other on one system; each device has its alarm in one run only."""

    def __init__(self, system: System, fleet: Fleet) -> None:
        self._system = system
        self._fleet = fleet
        self._alarms = 0
        self._boot_id = SystemClock().now_ms()

    async def run(self, rate: float, seconds: float, *, alarms: float = 20.0) -> Figures:
        """Do one run."""
        self._boot_id += 1
        warm_up_s = min(WARM_UP_S, seconds / 4)
        plan = Plan(rate, seconds, self._boot_id, alarms, warm_up_s, self._alarms)
        figures = Figures(rate, seconds)
        publishers = Publishers(self._system.engines.mqtt, self._fleet, plan)
        try:
            await publishers.ready()
            begin = publishers.go()
            await asyncio.sleep(max(0.0, begin + warm_up_s - time.monotonic()))
            await self._watch(publishers, figures)
            await self._drain(figures)
            outcome = await publishers.outcome()
        finally:
            await publishers.end()
        self._alarms += len(outcome.alarms)
        figures.published, figures.late_ms = outcome.published, outcome.late_ms_max
        figures.unreceipted = outcome.published - outcome.receipted - outcome.rejected
        figures.rejected = outcome.rejected
        figures.cpu_us["publisher"] = outcome.cpu_s / outcome.published * 1e6
        await self._count(figures, outcome.alarms)
        return figures

    async def _watch(self, publishers: Publishers, figures: Figures) -> None:
        """Measure from the end of the warm-up to the last message."""
        system = self._system
        pids = system.pids()
        before, since = usage.measure(pids), time.monotonic()
        first = await asyncio.to_thread(system.progress)
        await publishers.done()
        last, took = await asyncio.to_thread(system.progress), time.monotonic() - since
        after = usage.measure(pids)
        rows = last["history"] - first["history"]
        figures.per_s = rows / took
        spent = usage.spent(before, after)
        figures.cpu_us = {name: cpu_s / max(rows, 1) * 1e6 for name, cpu_s in spent.items()}
        figures.rss_mib = {name: use.rss_mib for name, use in after.items()}

    async def _drain(self, figures: Figures) -> None:
        """Wait until nothing more is stored or folded."""
        began = moved = time.monotonic()
        seen: dict[str, float] = {}
        while time.monotonic() - moved < 3.0 and time.monotonic() - began < DRAIN_LIMIT_S:
            found = await asyncio.to_thread(self._system.progress)
            if any(found[name] > seen.get(name, 0) + 60 for name in found):
                moved = time.monotonic()
            seen = found
            await asyncio.sleep(0.25)
        figures.drain_s = moved - began

    async def _count(self, figures: Figures, alarms: list[Alarm]) -> None:
        found = await self._system.stored(self._boot_id)
        took, missing = await self._system.latencies_ms(alarms)
        figures.stored = found.readings + found.events
        figures.alarms, figures.unalerted = len(alarms), len(missing)
        figures.p50_ms, figures.p99_ms = counting.quantile(took, 0.5), counting.quantile(took, 0.99)
        figures.max_ms = took[-1] if took else 0.0
