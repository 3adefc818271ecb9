"""Marks: the proof, in every partition, that silence is the devices' and not ours."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from services.ingestion.handlers.flow import Flow
from shared.chassis.metrics import Counter

INTERVAL_S: Final = 2.0
"""The wire promises one every 5 s; one may fail."""
AGAIN_S: Final = 0.1

MARKS = Counter("gas_ingestion_marks_total", "Marks asked for, each for all partitions")
WITHHELD = Counter("gas_ingestion_marks_withheld_total", "Marks not written: cut off, or a backlog waits")


async def mark(flow: Flow, barrier: Callable[[], Awaitable[bool]], window: int) -> None:
    """Have marks written until cancelled, while nothing older can still be waiting in the broker.

    Once the broker has handed over all it had sent, a window that was not full when it answered means that
    it keeps nothing back: it would have sent it. What is acknowledged while it answers has not yet made room.
    """
    while True:
        before = flow.acknowledged
        answered = not flow.paused and await barrier()
        if answered and flow.unacknowledged + flow.acknowledged - before < window:
            flow.mark()
            MARKS.inc()
            await asyncio.sleep(INTERVAL_S)
        else:
            WITHHELD.inc()
            await asyncio.sleep(AGAIN_S)
