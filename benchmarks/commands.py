"""What `python -m benchmarks` can measure; each command plays on a stage of its own or shares one."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.counting import quantile
from benchmarks.fleet import Fleet
from benchmarks.ordinary.system import Ordinary
from benchmarks.product import Product
from benchmarks.run import Figures, Runner
from benchmarks.valve import Loops, Zones
from deploy.native.engines import EngineAddresses
from deploy.native.places import PROJECT
from shared.chassis.clock import SystemClock

RATES = (5_000, 10_000, 15_000, 20_000, 25_000, 30_000, 35_000)
ORDINARY_RATES = (1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 8_000)
LATENCY_RATE = 10_000
VALVES_PER_S = 2.0
WARM_RATE = 10_000
WARM_S = 60.0
"""Kafka's JVM compiles for about a minute: until then it takes twice the CPU for the same."""
MICRO = ("alerting_fold", "ingestion_decode", "history_copy")


@dataclass(frozen=True)
class Lengths:
    """How long each run takes, in seconds, and which rates are tried."""

    run_s: float = 30.0
    sustained_s: float = 60.0
    latency_s: float = 60.0
    idle_s: float = 30.0
    screen_s: float = 60.0
    rates: Sequence[int] = RATES
    ordinary_rates: Sequence[int] = ORDINARY_RATES
    query_scale: float = 1.0


QUICK = Lengths(10.0, 20.0, 20.0, 30.0, 15.0, (5_000, 10_000, 20_000, 30_000), (2_000, 4_000, 6_000), 0.02)


async def warm(runner: Runner, fleet: Fleet) -> None:
    """Let everybody meet every device, and Kafka's JVM compile: what a start costs is not measured here."""
    figures = await runner.run(WARM_RATE, max(WARM_S, fleet.devices * 1.2 / WARM_RATE), alarms=0)
    print("warm-up:", figures.line(), flush=True)


async def sweep(runner: Runner, rates: Sequence[int], run_s: float) -> list[Figures]:
    """Run one rate after the other, until two of them were far above what is possible."""
    found: list[Figures] = []
    beyond = 0
    for rate in rates:
        figures = await runner.run(rate, run_s)
        print(figures.line(), flush=True)
        print("   ", figures.costs(), flush=True)
        found.append(figures)
        beyond += not figures.kept_up
        if beyond >= 2:
            break
    return found


async def longest(runner: Runner, found: list[Figures], seconds: float) -> Figures:
    """Repeat the best sustained rate of a sweep for longer."""
    best = max((one.offered for one in found if one.kept_up), default=found[0].offered)
    figures = await runner.run(best, seconds)
    print(figures.line(), flush=True)
    return figures


async def latency(
    product: Product, runner: Runner, fleet: Fleet, jwks: Any, seconds: float
) -> tuple[Figures, Loops]:
    """Run at 10,000 a second, with valves that close all the while."""
    zones = Zones(product.engines.mqtt, fleet, jwks, SystemClock().now_ms())
    await zones.connect()
    try:
        figures, loops = await asyncio.gather(
            runner.run(LATENCY_RATE, seconds), zones.play(seconds, VALVES_PER_S)
        )
    finally:
        await zones.disconnect()
    print(figures.line(), flush=True)
    p50, p99 = quantile(loops.took_ms, 0.5), quantile(loops.took_ms, 0.99)
    print(
        f"valves: {len(loops.took_ms)} closed, p50 {p50:.0f} p99 {p99:.0f} ms, "
        f"{len(loops.missed)} not, refused {loops.refused[:3]}",
        flush=True,
    )
    return figures, loops


async def yardstick(system: Ordinary, fleet: Fleet, lengths: Lengths) -> list[Figures]:
    """The same for the ordinary implementation."""
    await system.start(fleet)
    runner = Runner(system, fleet)
    try:
        return await sweep(runner, lengths.ordinary_rates, lengths.run_s)
    finally:
        system.stop()


def program(name: str, arguments: Sequence[str], engines: EngineAddresses) -> str:
    """Run another benchmark of this folder on the same engines; return what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        cwd=PROJECT, env={**os.environ, "GASWATCH_STATE": engines.state}, text=True,  # noqa: TID251
        stdout=subprocess.PIPE, check=False,
    )  # fmt: skip
    print(done.stdout, end="", flush=True)
    return done.stdout if done.returncode == 0 else f"{done.stdout}(exit code {done.returncode})\n"
