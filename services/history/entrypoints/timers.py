"""What history does by the clock: roll-ups every few seconds, retention every hour."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from services.history.domain.window import DAY_MS
from shared.chassis.clock import Clock
from shared.chassis.logs import get_logger

ROLL_PAUSE_S = 5.0
RETENTION_PAUSE_S = 3600.0


class Keeper(Protocol):
    """Computes roll-ups and drops what is too old."""

    async def roll(self, now_ms: int) -> int:
        """Roll up some of what is due; return how many marks that settled."""
        ...

    async def tidy(self, now_ms: int) -> int:
        """Write yesterday's hours again in the order of devices, once; return how many rows moved."""
        ...

    async def catch_up(self, since_ms: int) -> None:
        """Bring latest states up to date with the readings since then."""
        ...

    async def drop_older(self, relation: str, older_than_ms: int) -> int:
        """Drop chunks that hold only what is older; return how many."""
        ...

    async def delete_older(self, relation: str, older_than_ms: int) -> int:
        """Delete some rows that are older from a plain table; return how many."""
        ...


async def roll_forever(keeper: Keeper, clock: Clock, pause: Callable[[float], Awaitable[None]]) -> None:
    """Roll up what is due, then wait, until cancelled."""
    while True:
        if not await keeper.roll(clock.now_ms()):
            await pause(ROLL_PAUSE_S)


async def retain(keeper: Keeper, now_ms: int, *, readings: int, events: int, rollups: int) -> None:
    """Drop what is older than so many days; whatever is still to be rolled up is rolled up first."""
    settled = 1
    while settled:
        settled = await keeper.roll(now_ms)
    for relation, days in (
        ("reading", readings),
        ("device_event", events),
        ("reading_hourly", rollups),
        ("reading_daily", rollups),
    ):
        dropped = await keeper.drop_older(relation, now_ms - days * DAY_MS)
        if dropped:
            get_logger().info("dropped what is too old", relation=relation, days=days, chunks=dropped)
    for relation, days in (("odd_reading", readings), ("odd_device_event", events)):
        total = 0
        while deleted := await keeper.delete_older(relation, now_ms - days * DAY_MS):
            total += deleted
        if total:
            get_logger().info("deleted what is too old", relation=relation, days=days, rows=total)


async def retain_forever(keeper: Keeper, clock: Clock, *, readings: int, events: int, rollups: int) -> None:
    """Apply the retention once an hour and tidy each day once, until cancelled; first catch up."""
    await keeper.catch_up(clock.now_ms() - DAY_MS)
    while True:
        await retain(keeper, clock.now_ms(), readings=readings, events=events, rollups=rollups)
        await keeper.tidy(clock.now_ms())
        await asyncio.sleep(RETENTION_PAUSE_S)
