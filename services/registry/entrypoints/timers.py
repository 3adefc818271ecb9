"""Timers: what is due is found in rows, by the database's clock."""

import asyncio

from services.registry.handlers import devices
from services.registry.handlers.registering import Context
from services.registry.ports import Store
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.outbox import LOST

TICK_S = 1.0
CLEAN_EVERY_S = 3600.0
FORGET_DAYS = 30
FILL_ROWS = 1000


async def run_timers(store: Store, health: Health) -> None:
    """End maintenance that is over, and hourly forget who is no longer heard, until cancelled.

    First of all what a former version left out of the search is filled in.
    """
    clean_at, filled = 0.0, False
    while True:
        now = asyncio.get_running_loop().time()
        try:
            async with store.worker() as unit:
                await devices.end_maintenance(unit, Context(store.areas, await unit.moment(), "timer"))
            while not filled:
                async with store.worker() as unit:
                    filled = not await unit.fill_searched(FILL_ROWS)
            if now >= clean_at:
                clean_at = now + CLEAN_EVERY_S
                async with store.worker() as unit:
                    await unit.forget_heard(FORGET_DAYS)
            health.set("timers", ok=True)
        except LOST as error:
            health.set("timers", ok=False, detail=type(error).__name__)
            get_logger().warning("timers start again", error=str(error))
        await asyncio.sleep(TICK_S)
