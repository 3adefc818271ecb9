"""From the commit of an alert to its row on the console, 20 alerts a second, through the whole product."""

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg
from playwright.async_api import Page

from benchmarks.counting import quantile
from benchmarks.fleet import Fleet
from benchmarks.load import Plan, Publishers
from benchmarks.publisher import Alarm
from benchmarks.results import table
from benchmarks.screens.browser import console
from benchmarks.screens.script import script
from benchmarks.stage import WATCH, add_accounts, administrator, register
from deploy.native.stack import Stack
from shared.chassis.clock import SystemClock
from simulators import people
from simulators.api import Api

P99_MS_MAX = 500.0
# One detector a site: no two alarms make one alert.
FLEET = Fleet(controllers=200, detectors_each=10, valve_sites=0)
READINGS = 1_000.0
ALARMS = 20.0
WARM_S = 20.0
BURST_MS = 500.0
SETTLE_S = 5.0
# Only what rings loudest is listed: new rows stand at its top, and are not pushed off the screen by others.
LIST = "alerts?priority=P1"
# The moment of a commit is known by a row that only that transaction wrote: the first line of the timeline.
RAISED = """
SELECT a.alert_id::text, a.device_ids, extract(epoch FROM pg_xact_commit_timestamp(t.xmin)) * 1e3
FROM alerting.alert a JOIN alerting.timeline t USING (alert_id)
WHERE a.family = 'gas' AND a.priority = 'P1' AND t.kind = 'raised' AND a.opened_at_ms >= $1"""


@dataclass
class Figures:
    """What a run showed, all in ms."""

    seconds: float
    alarms: int = 0
    alerts: int = 0
    unalerted: int = 0
    unseen: list[str] = field(default_factory=list)
    burst: int = 0
    """The most alerts that were committed within `BURST_MS`: more than the screen has rows are not seen."""
    clock_ms: float = 0.0
    told_ms: list[float] = field(default_factory=list)
    row_ms: list[float] = field(default_factory=list)
    whole_ms: list[float] = field(default_factory=list)

    @property
    def valid(self) -> bool:
        """Whether each alarm had its alert and each alert its row."""
        return self.alerts > 0 and not (self.unalerted or self.unseen)


def compare(
    figures: Figures,
    alarms: list[Alarm],
    raised: list[tuple[str, list[str], float]],
    seen: Mapping[str, float],
    told: Mapping[str, float],
) -> None:
    """Fill in the times; `raised` is (alert, devices, commit), moments are ms since the epoch."""
    due = {alarm.device_id: alarm.due_ns / 1e6 for alarm in alarms}
    mine = [(id_, devices, at) for id_, devices, at in raised if due.keys() & set(devices)]
    figures.alarms, figures.alerts = len(alarms), len(mine)
    figures.unalerted = len(due.keys() - {device for _, devices, _ in mine for device in devices})
    figures.unseen = [id_ for id_, _, _ in mine if id_ not in seen]
    figures.row_ms = sorted(seen[id_] - at for id_, _, at in mine if id_ in seen)
    figures.told_ms = sorted(told[id_] - at for id_, _, at in mine if id_ in told)
    figures.burst = most_within(BURST_MS, sorted(at for _, _, at in mine))
    begun = ((id_, max(due[one] for one in devices if one in due)) for id_, devices, _ in mine)
    figures.whole_ms = sorted(seen[id_] - at for id_, at in begun if id_ in seen)


def most_within(width: float, moments: list[float]) -> int:
    """Return the largest number of (sorted) moments that lie within `width` of one another."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] > width:
            first += 1
        most = max(most, last - first + 1)
    return most


async def measure(stack: Stack, seconds: float) -> Figures:
    """Register a fleet, open the list, let alarms come, and compare."""
    accounts = await asyncio.to_thread(add_accounts, stack)
    async with administrator(stack, accounts) as api:
        await register(api, stack, FLEET)
    listening = Api(stack.url("portal"), people.credentials(accounts, WATCH))
    told: dict[str, float] = {}
    try:
        async with console(stack, accounts, LIST, script("rows")) as page:
            following = asyncio.create_task(_follow(listening, told))
            await _load(stack, WARM_S, before=0)
            figures = await _run(stack, page, seconds, told)
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await following
    finally:
        await listening.close()
    print(line(figures), flush=True)
    return figures


async def _run(stack: Stack, page: Page, seconds: float, told: dict[str, float]) -> Figures:
    figures = Figures(seconds)
    since_ms = SystemClock().now_ms()
    alarms = await _load(stack, seconds, before=int(WARM_S * ALARMS))
    await asyncio.sleep(SETTLE_S)
    noted = await page.evaluate("() => window.benchSeen")
    figures.clock_ms = await page.evaluate("() => window.benchClock()")
    seen = {id_: at + figures.clock_ms for id_, at in noted.items()}
    connection = await asyncpg.connect(stack.engines.postgres.dsn)
    try:
        rows = await connection.fetch(RAISED, since_ms)
    finally:
        await connection.close()
    compare(figures, alarms, [(id_, list(devices), float(at)) for id_, devices, at in rows], seen, told)
    return figures


async def _load(stack: Stack, seconds: float, *, before: int) -> list[Alarm]:
    """Let the fleet send readings and alarms; return the alarms."""
    boot_id = SystemClock().now_ms()
    plan = Plan(READINGS, seconds, boot_id, ALARMS, alarms_before=before, high_only=True)
    publishers = Publishers(stack.engines.mqtt, FLEET, plan)
    try:
        await publishers.ready()
        publishers.go()
        await publishers.done()
        return (await publishers.outcome()).alarms
    finally:
        await publishers.end()


async def _follow(api: Api, told: dict[str, float]) -> None:
    """Note when a plain reader of the live stream first hears of each alert."""
    async for alert in api.stream("alerts"):
        told.setdefault(alert["alert_id"], time.time_ns() / 1e6)


def verdict(one: Figures) -> str:
    """Say what came of it."""
    if not one.valid:
        return "VOID"
    return "within" if quantile(one.row_ms, 0.99) <= P99_MS_MAX else "too late"


def _of(found: list[float]) -> tuple[str, str, str]:
    return (
        f"{quantile(found, 0.5):.0f}", f"{quantile(found, 0.99):.0f}", f"{found[-1]:.0f}" if found else "-",
    )  # fmt: skip


def line(one: Figures) -> str:
    """Return the run in one line."""
    times = {"reader": one.told_ms, "row": one.row_ms, "row since due": one.whole_ms}
    said = ", ".join(f"{name} {'/'.join(_of(found))}" for name, found in times.items())
    return (
        f"{one.alarms} alarms, {one.alerts} alerts, {one.unalerted} without alert, {len(one.unseen)} never "
        f"seen, {one.burst} at once; p50/p99/max ms: {said}; clock {one.clock_ms:.1f} ms: {verdict(one)}"
    )


def body(one: Figures) -> str:
    """Return the run as a table."""
    head = ("from → to, ms", "alerts", "never", "p50", "p99", "max")
    untold = one.alerts - len(one.told_ms)
    rows: list[tuple[Any, ...]] = [
        ("committed → a plain reader of the live stream", len(one.told_ms), untold, *_of(one.told_ms)),
        ("committed → visible on a row", len(one.row_ms), len(one.unseen), *_of(one.row_ms)),
        ("alarm due → visible on a row", len(one.whole_ms), len(one.unseen), *_of(one.whole_ms)),
    ]  # fmt: skip
    return (
        f"{ALARMS:.0f} alerts/s for {one.seconds:.0f} s, {READINGS:,.0f} readings/s beside them; "
        f"{one.alarms} alarms, {one.unalerted} without alert, the most at once (within "
        f"{BURST_MS:.0f} ms) {one.burst}. The page's clock ran {one.clock_ms:.1f} ms "
        f"behind the machine's, which is added.\n\n{table(head, rows)}\n\n"
        f"To be reached: committed → visible on a row, p99 ≤ {P99_MS_MAX:.0f} ms: {verdict(one)}."
    )
