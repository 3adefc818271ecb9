"""Keeps the set-points in use up to date: after a change, and when a version comes into force."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from services.alerting.domain.setpoints import SetPoint, SetPoints, changes_after
from services.alerting.ports import Unavailable
from shared.chassis.clock import Clock
from shared.chassis.health import Health
from shared.chassis.logs import get_logger

LOOK_S = 10.0


class Rules:
    """Reads the set-points again and again; only a difference costs anything."""

    def __init__(
        self,
        read: Callable[[], Awaitable[list[SetPoint]]],
        use: Callable[[SetPoints], None],
        clock: Clock,
        health: Health,
    ) -> None:
        self._read = read
        self._use = use
        self._clock = clock
        self._health = health
        self._versions: list[SetPoint] = []
        self._due_ms: int | None = None
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Read at once: a set-point was changed in this process."""
        self._changed.set()

    async def once(self) -> None:
        """Read once, and use what differs from before or has just come into force."""
        versions = sorted(await self._read(), key=lambda p: (p.key, p.scope, p.version))
        now_ms = self._clock.now_ms()
        due = self._due_ms is not None and now_ms >= self._due_ms
        if versions != self._versions or due:
            self._versions, self._due_ms = versions, changes_after(versions, now_ms)
            self._use(SetPoints(versions))
            get_logger().info("set-points in use", versions=len(versions))
        self._health.set("set-points", ok=True)

    async def run(self) -> None:
        """Follow the table until cancelled; without the database the known ones stay in use."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_S):
                    await self._changed.wait()
            self._changed.clear()
            try:
                await self.once()
            except Unavailable as error:
                self._health.set("set-points", ok=False, detail=str(error))
