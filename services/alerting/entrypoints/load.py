"""Looks at the load on people every few seconds (rule S01)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from services.alerting.domain.load import Figures, judge
from services.alerting.domain.setpoints import SetPoint
from services.alerting.handlers import Deciding
from services.alerting.ports import Unavailable
from shared.chassis.clock import Clock
from shared.chassis.logs import get_logger

LOOK_S = 2.0


class Load:
    """Runs in every instance: what lasts is decided again without effect."""

    def __init__(
        self,
        figures: Callable[[], Awaitable[Figures]],
        points: Callable[[], Mapping[str, SetPoint]],
        deciding: Deciding,
        clock: Clock,
    ) -> None:
        self._figures = figures
        self._points = points
        self._deciding = deciding
        self._clock = clock

    async def once(self) -> None:
        """Judge once."""
        signals = judge(await self._figures(), self._points(), self._clock.now_ms())
        if signals:
            await self._deciding.commit((), signals)

    async def run(self) -> None:
        """Judge again and again until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            try:
                await self.once()
            except Unavailable as error:
                get_logger().warning("the load waits for the database", why=str(error))
