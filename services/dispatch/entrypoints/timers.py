"""Deadlines: rows with a due time, looked at by the database's clock."""

import asyncio

from services.dispatch.handlers.use_cases import Dispatching
from shared.chassis.database import AWAY
from shared.chassis.health import Health
from shared.chassis.logs import get_logger

PAUSE_S_MAX = 2.0
CLEAN_EVERY_S = 3600.0


async def run(dispatching: Dispatching, health: Health, poll_s: float) -> None:
    """Ring until cancelled; several instances may do so, the lock of the site decides."""
    pause_s = poll_s
    clean_at = 0.0
    while True:
        try:
            await dispatching.ring()
            if asyncio.get_running_loop().time() >= clean_at:
                clean_at = asyncio.get_running_loop().time() + CLEAN_EVERY_S
                await dispatching.store.clean()
            pause_s = poll_s
            health.set("timers", ok=True)
        except AWAY as error:
            pause_s = min(pause_s * 2, PAUSE_S_MAX)
            health.set("timers", ok=False, detail=type(error).__name__)
            get_logger().warning("timers wait for the database", error=str(error))
        await asyncio.sleep(pause_s)
