"""The console with 10,000 alerts in its list and 200 changes a second: does it stay usable, does it grow?"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import CDPSession, Page
from playwright.async_api import TimeoutError as Late

from benchmarks.fleet import Fleet
from benchmarks.results import table
from benchmarks.screens.alerts import Alerts, Injector, steadily
from benchmarks.screens.browser import console
from benchmarks.screens.script import script
from benchmarks.stage import add_accounts, administrator, register
from deploy.native.stack import Stack
from shared.contracts.events import Alert

# Nothing else works on the alerts: they change by what is published for the portal alone.
SERVICES = ("registry", "alerting", "portal")
FLEET = Fleet(controllers=50, detectors_each=1, valve_sites=0)
SITES = [f"bench-s{n // 10:03d}-{n % 10}" for n in range(FLEET.controllers * 10)]
ALERTS = 10_000
RATE = 200.0
TASK_MS_MAX = 1_000.0
GROWTH_MIB_MAX = 50.0
REST_SHARE = 1 / 3
READ_LIMIT_S = 120.0
LAST_LIMIT_S = 10.0
SETTLE_S = 3.0


@dataclass
class Figures:
    """What the page did while the list changed at a rate, or did not."""

    changes_per_s: float
    seconds: float
    tasks: int = 0
    longest_ms: float = 0.0
    busy_percent: float = 0.0
    frames_per_s: float = 0.0
    heap_mib: float = 0.0
    growth_mib: float = 0.0
    late_ms: float = 0.0
    wrong: int = 0


async def measure(stack: Stack, seconds: float) -> list[Figures]:
    """Open the list, watch it at rest, watch it change, and see whether it shows what is."""
    accounts = await asyncio.to_thread(add_accounts, stack)
    async with administrator(stack, accounts) as api:
        await register(api, stack, FLEET)
    alerts = Alerts(ALERTS, SITES)
    await alerts.store(stack.engines.postgres.dsn)
    injector = Injector(stack.engines.kafka.bootstrap, alerts)
    await injector.start()
    try:
        async with console(stack, accounts, "alerts", script("console")) as page:
            await _shows(page, alerts, READ_LIMIT_S)
            watched = Watched(page, await page.context.new_cdp_session(page))
            found = [await watched.run(seconds * REST_SHARE, 0, injector)]
            found.append(await watched.run(seconds, RATE, injector))
            await _shows(page, alerts, LAST_LIMIT_S)
            found[-1].wrong = wrong(alerts.in_order(), await page.evaluate("() => window.benchWalk()"))
    finally:
        await injector.stop()
    for one in found:
        print(line(one), flush=True)
    return found


async def _shows(page: Page, alerts: Alerts, limit_s: float) -> None:
    """Wait until the list counts as many open and unacknowledged alerts as there are."""
    counts = [len(alerts.open), sum(not one.acknowledged for one in alerts.open.values())]
    tabs = "[...document.querySelectorAll('.tab-bar [role=tab]')].map(tab => tab.innerText)"
    try:
        await page.wait_for_function(
            f"wanted => wanted.every((count, n) => {tabs}[n]?.split(/\\s/).at(-1) === String(count))",
            arg=counts,
            timeout=limit_s * 1000,
        )
    except Late as error:
        raise RuntimeError(f"the list should count {counts}, it says {await page.evaluate(tabs)}") from error


class Watched:
    """A page whose tasks, frames and heap are read."""

    def __init__(self, page: Page, cdp: CDPSession) -> None:
        self._page = page
        self._cdp = cdp

    async def run(self, seconds: float, rate: float, injector: Injector) -> Figures:
        """Let the list change at a rate and tell what that did to the page."""
        found, injector.late_ms_max = Figures(rate, seconds), 0.0
        await asyncio.sleep(SETTLE_S)
        heap = await self._heap_mib()
        begin, frames = await self._page.evaluate("() => [performance.now(), window.benchFrames]")
        if rate:
            await injector.publish(steadily(rate, seconds))
        else:
            await asyncio.sleep(seconds)
        end, after, tasks = await self._page.evaluate(
            "() => [performance.now(), window.benchFrames, window.benchTasks]"
        )
        durations = [duration for start, duration in tasks if begin <= start <= end]
        found.tasks, found.longest_ms = len(durations), max(durations, default=0.0)
        found.busy_percent = sum(durations) / (end - begin) * 100
        found.frames_per_s = (after - frames) / (end - begin) * 1000
        await asyncio.sleep(SETTLE_S)
        found.heap_mib = await self._heap_mib()
        found.growth_mib, found.late_ms = found.heap_mib - heap, injector.late_ms_max
        return found

    async def _heap_mib(self) -> float:
        await self._cdp.send("HeapProfiler.collectGarbage")
        return float((await self._cdp.send("Runtime.getHeapUsage"))["usedSize"]) / 2**20


def wrong(wanted: Sequence[Alert], shown: Sequence[tuple[str, str]]) -> int:
    """Count the rows that are not in their place or do not show the last value; `shown` is (id, words)."""
    count = abs(len(wanted) - len(shown))
    for alert, (id_, words) in zip(wanted, shown, strict=False):
        value = "" if alert.value is None else f"{alert.value:g}"
        count += alert.alert_id != id_ or value not in words
    return count


def verdict(one: Figures) -> str:
    """Say what came of it."""
    if one.wrong:
        return "VOID"
    within = one.longest_ms < TASK_MS_MAX and one.growth_mib <= GROWTH_MIB_MAX
    return "within" if within else "too long" if one.longest_ms >= TASK_MS_MAX else "too large"


def line(one: Figures) -> str:
    """Return a run in one line."""
    return (
        f"{one.changes_per_s:.0f} changes/s for {one.seconds:.0f} s: longest task {one.longest_ms:.0f} ms, "
        f"{one.tasks} from 50 ms on ({one.busy_percent:.0f} % of the time), {one.frames_per_s:.0f} frames/s, "
        f"heap {one.heap_mib:.1f} MiB ({one.growth_mib:+.1f}), {one.wrong} rows wrong, "
        f"publisher late <= {one.late_ms:.0f} ms: {verdict(one)}"
    )


def body(found: Sequence[Figures]) -> str:
    """Return the runs as a table."""
    head = (
        "changes/s", "s", "longest task ms", "tasks ≥ 50 ms", "% of the time", "frames/s",
        "heap after collection MiB", "grown by", "rows wrong at the end", "verdict",
    )  # fmt: skip
    rows = [
        (
            f"{one.changes_per_s:.0f}", f"{one.seconds:.0f}", f"{one.longest_ms:.0f}", one.tasks,
            f"{one.busy_percent:.0f}", f"{one.frames_per_s:.0f}", f"{one.heap_mib:.1f}",
            f"{one.growth_mib:+.1f}", one.wrong if one.changes_per_s else "-", verdict(one),
        )
        for one in found
    ]  # fmt: skip
    return (
        f"{ALERTS:,} alerts in the list.\n\n{table(head, rows)}\n\nTo be reached: longest task < "
        f"{TASK_MS_MAX / 1000:.0f} s, heap after collection grown by ≤ {GROWTH_MIB_MAX:.0f} MiB."
    )
