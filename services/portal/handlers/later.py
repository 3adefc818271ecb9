"""What has to be done, but what no answer waits for."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from shared.chassis.logs import get_logger


class Later:
    """Does one piece of work after the other, in the order in which they came."""

    def __init__(self) -> None:
        self._turn = asyncio.Lock()
        self._left: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a piece of work; its failure is said in the log."""
        task = asyncio.create_task(self._in_turn(work))
        self._left.add(task)
        task.add_done_callback(self._left.discard)

    async def ended(self) -> None:
        """Wait for all that was begun: who stops does so before what it needs is closed."""
        while self._left:
            await asyncio.wait(self._left)

    async def _in_turn(self, work: Coroutine[Any, Any, None]) -> None:
        async with self._turn:
            try:
                await work
            except Exception as error:  # noqa: BLE001 - nobody else hears of it
                get_logger().error("work that no answer waits for failed", error=repr(error))
