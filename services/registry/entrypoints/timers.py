"""Timers: what is due is found in rows, by the database's clock."""

import asyncio

import asyncpg

from services.registry.handlers import devices
from services.registry.handlers.registering import Context
from services.registry.ports import Store
from shared.chassis.health import Health
from shared.chassis.logs import get_logger

TICK_S = 1.0


async def run_timers(store: Store, health: Health) -> None:
    """End maintenance that is over, until cancelled."""
    while True:
        try:
            async with store.worker() as unit:
                await devices.end_maintenance(unit, Context(store.areas, await unit.moment(), "timer"))
            health.set("timers", ok=True)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            health.set("timers", ok=False, detail=type(error).__name__)
            get_logger().warning("timers start again", error=str(error))
        await asyncio.sleep(TICK_S)
