"""Once an hour removes the traces of the watchdog's canaries that are older than a day."""

import asyncio
from collections.abc import Awaitable, Callable

from services.alerting.ports import Unavailable
from shared.chassis.logs import get_logger

PAUSE_S = 3600.0
RETRY_S = 60.0


async def clean(delete_some: Callable[[], Awaitable[int]]) -> int:
    """Delete until nothing is due; return how many alerts that were."""
    total = 0
    while deleted := await delete_some():
        total += deleted
    return total


async def clean_forever(delete_some: Callable[[], Awaitable[int]]) -> None:
    """Clean, then wait, until cancelled; runs in every instance, what one deletes another does not find."""
    while True:
        pause_s = PAUSE_S
        try:
            deleted = await clean(delete_some)
            if deleted:
                get_logger().info("removed traces of canaries", alerts=deleted)
        except Unavailable as error:
            pause_s = RETRY_S
            get_logger().warning("the traces of canaries wait for the database", why=str(error))
        await asyncio.sleep(pause_s)
