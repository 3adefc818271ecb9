"""200 readers of the live stream on one portal process: who falls behind, how late, at what cost."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise, repeat
from urllib.parse import urlsplit

import httpx
import psutil

from benchmarks.counting import quantile
from benchmarks.results import table
from benchmarks.screens.alerts import Alerts, Injector, steadily
from benchmarks.screens.follower import Follower, Log
from benchmarks.stage import add_accounts
from deploy.native.stack import Stack
from simulators import people

SERVICES = ("portal",)
READERS = 200
RATE = 200.0
RSS_MIB_MAX = 256
KNOWN_BEFORE = 80_000
"""The portal is given so many events first: its memory is measured when it remembers all it may."""
SLICE = 10_000
ALERTS = 2_000
SITES = [f"bench-s{n:03d}" for n in range(200)]
BEHIND_LIMIT_S = 2.0
FILLED_LIMIT_S = 120.0
SAMPLE_S = 0.5


@dataclass
class Figures:
    """What a run showed; ms, MiB, % of one core."""

    readers: int
    seconds: float
    published: int = 0
    delivered: int = 0
    gone: int = 0
    differing: int = 0
    missed: int = 0
    lags_ms: list[float] = field(default_factory=list)
    late_ms: float = 0.0
    rss_mib: float = 0.0
    cpu_percent: float = 0.0

    @property
    def valid(self) -> bool:
        """Whether every reader was told everything once, in order, within the limit, and none was dropped."""
        return not (self.gone or self.differing or self.missed)


def judge(figures: Figures, followers: Sequence[Follower], revisions: Sequence[int]) -> None:
    """Note who was dropped, who differs from the first, and what the first did not get once and in order."""
    first = followers[0]
    kept = first.kept or []
    figures.published = len(revisions)
    figures.delivered = sum(one.events for one in followers)
    figures.gone = sum(one.ended for one in followers)
    figures.differing = sum((one.events, one.chain) != (first.events, first.chain) for one in followers)
    seen = [revision for _, revision in kept]
    figures.missed = len(set(revisions) - set(seen)) + len(seen) - len(set(seen)) + _backwards(kept)


def _backwards(kept: Sequence[tuple[bytes, int]]) -> int:
    """Count the ids that do not lie after the one before."""
    vectors = [tuple(map(int, id_.split(b"."))) for id_, _ in kept]
    return sum(
        sum(after) != sum(before) + 1 or any(b > a for b, a in zip(before, after, strict=True))
        for before, after in pairwise(vectors)
    )


class Readers:
    """The portal alone on its engines, an account that may see the alerts, and who publishes them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._where = urlsplit(stack.url("portal"))
        self._token = ""
        self._injector = Injector(stack.engines.kafka.bootstrap, Alerts(ALERTS, SITES))
        self._process = psutil.Process(stack.pid("portal"))

    async def measure(self, seconds: float) -> list[Figures]:
        """Run one reader alone, then all."""
        accounts = await asyncio.to_thread(add_accounts, self._stack)
        who = people.credentials(accounts, "viewer")
        async with httpx.AsyncClient(base_url=self._stack.url("portal"), trust_env=False) as client:
            body = {"username": who.username, "password": who.password}
            self._token = (await client.post("/api/v1/session", json=body)).raise_for_status().json()["token"]
        await self._injector.start()
        try:
            await self._fill()
            return [await self._run(1, seconds / 3), await self._run(READERS, seconds)]
        finally:
            await self._injector.stop()

    async def _join(self, log: Log, *, keeps: bool = False) -> Follower:
        host, port = self._where.hostname or "", self._where.port or 80
        request = (
            f"GET /api/v1/stream/alerts HTTP/1.1\r\nHost: {host}:{port}\r\n"
            f"Authorization: Bearer {self._token}\r\nAccept: text/event-stream\r\n\r\n"
        )
        loop = asyncio.get_running_loop()
        _, follower = await loop.create_connection(
            lambda: Follower(request.encode(), log, keeps=keeps), host, port
        )
        await follower.position
        return follower

    async def _fill(self) -> None:
        """Let the portal remember as much as it will."""
        for _ in range(KNOWN_BEFORE // SLICE):
            await self._injector.publish(repeat(time.monotonic(), SLICE))
        async with asyncio.timeout(FILLED_LIMIT_S):
            while True:
                follower = await self._join(Log({}))
                follower.leave()
                if sum(map(int, follower.position.result().split(b"."))) >= KNOWN_BEFORE:
                    break
                await asyncio.sleep(SAMPLE_S)
        print(f"the portal remembers: {self._process.memory_info().rss / 2**20:.0f} MiB", flush=True)

    async def _run(self, count: int, seconds: float) -> Figures:
        injector, figures = self._injector, Figures(count, seconds)
        injector.sent, injector.late_ms_max = {}, 0.0
        log = Log(injector.sent)
        followers = [await self._join(log, keeps=n == 0) for n in range(count)]
        began, cpu = time.monotonic(), _cpu_s(self._process)
        watching = asyncio.create_task(self._watch(figures))
        await injector.publish(steadily(RATE, seconds))
        end = time.monotonic() + BEHIND_LIMIT_S
        while any(one.events < len(injector.sent) for one in followers) and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(SAMPLE_S / 10)
        figures.cpu_percent = (_cpu_s(self._process) - cpu) / (time.monotonic() - began) * 100
        watching.cancel()
        judge(figures, followers, list(injector.sent))
        figures.lags_ms, figures.late_ms = sorted(log.lags_ms), injector.late_ms_max
        for one in followers:
            one.leave()
        print(line(figures), flush=True)
        return figures

    async def _watch(self, figures: Figures) -> None:
        while True:
            figures.rss_mib = max(figures.rss_mib, self._process.memory_info().rss / 2**20)
            await asyncio.sleep(SAMPLE_S)


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def verdict(one: Figures) -> str:
    """Say what came of it."""
    if not one.valid:
        return "VOID"
    return "within" if one.rss_mib <= RSS_MIB_MAX else "too large"


def line(one: Figures) -> str:
    """Return a run in one line."""
    lags = one.lags_ms
    return (
        f"{one.readers} readers for {one.seconds:.0f} s: {one.delivered:,} of "
        f"{one.readers * one.published:,}, {one.gone} gone, {one.differing} differ, {one.missed} wrong, "
        f"p50 {quantile(lags, 0.5):.0f} p99 {quantile(lags, 0.99):.0f} max {lags[-1] if lags else 0:.0f} ms, "
        f"RSS {one.rss_mib:.0f} MiB, CPU {one.cpu_percent:.0f} %, publisher late <= {one.late_ms:.0f} ms: "
        f"{verdict(one)}"
    )


def body(found: Sequence[Figures]) -> str:
    """Return the runs as a table."""
    head = (
        "readers", "s", "changes/s", "delivered", "of", "dropped", "with another order", "missing or twice",
        "due → at the reader p50 ms", "p99", "max", "portal RSS max MiB", "% of one core", "verdict",
    )  # fmt: skip
    rows = [
        (
            one.readers, f"{one.seconds:.0f}", f"{RATE:.0f}", f"{one.delivered:,}",
            f"{one.readers * one.published:,}", one.gone, one.differing, one.missed,
            f"{quantile(one.lags_ms, 0.5):.0f}", f"{quantile(one.lags_ms, 0.99):.0f}",
            f"{one.lags_ms[-1] if one.lags_ms else 0:.0f}", f"{one.rss_mib:.0f}", f"{one.cpu_percent:.0f}",
            verdict(one),
        )
        for one in found
    ]  # fmt: skip
    return f"{table(head, rows)}\n\nTo be reached: RSS ≤ {RSS_MIB_MAX} MiB, nobody dropped or behind."
