"""What history does by the clock: roll-ups every few seconds, retention every hour."""

import asyncio
from collections.abc import Awaitable, Callable

from services.history.domain.window import DAY_MS
from services.history.ports import Keeper
from shared.chassis.clock import Clock
from shared.chassis.logs import get_logger

ROLL_PAUSE_S = 5.0
RETENTION_PAUSE_S = 3600.0


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
    traces = await keeper.delete_reserved()
    if traces:
        get_logger().info("deleted traces of canaries", rows=traces)


async def retain_forever(keeper: Keeper, clock: Clock, *, readings: int, events: int, rollups: int) -> None:
    """Apply the retention once an hour and tidy each day once, until cancelled; first catch up."""
    await keeper.catch_up(clock.now_ms() - DAY_MS)
    while True:
        await retain(keeper, clock.now_ms(), readings=readings, events=events, rollups=rollups)
        await keeper.tidy(clock.now_ms())
        await asyncio.sleep(RETENTION_PAUSE_S)
