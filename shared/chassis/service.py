"""How a service's process lives: parts side by side, a graceful end in at most ten seconds."""

import asyncio
import contextlib
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import uvloop

from shared.chassis.logs import get_logger

STOP_LIMIT_S = 10.0
GC_THRESHOLDS = (50_000, 20, 100)
"""Looking for cycles: rarely, and hardly ever among what lives long."""


class StartError(Exception):
    """Something this service needs is not there; its text is one sentence: what, and how to get it."""


async def run(
    *parts: Coroutine[Any, Any, None], on_stop: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Run all parts until SIGTERM or SIGINT, or until one of them ends or fails, then stop the others.

    A part that fails takes the process down (its supervisor starts it again). Stopping takes at most
    `STOP_LIMIT_S`; what has not ended by then is abandoned, which every consumer must survive anyway.
    """
    _spare_what_lives_long()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(part) for part in parts]
    waiting = asyncio.create_task(stop.wait())
    done, _ = await asyncio.wait([*tasks, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    failures = [task.exception() for task in done if task is not waiting and task.exception()]
    for task in tasks:
        task.cancel()
    # Not gather: cancelled by a time limit it would still wait for a part that does not listen.
    _, deaf = await asyncio.wait(tasks, timeout=0.7 * STOP_LIMIT_S)
    if deaf:
        names = [getattr(task.get_coro(), "__qualname__", "") for task in deaf]
        get_logger().error("parts did not stop in time and were abandoned", limit_s=STOP_LIMIT_S, parts=names)
        # The loop would wait for them without a limit; whoever consumes survives a kill anyway.
        os._exit(1)
    if on_stop is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2 * STOP_LIMIT_S):
                await on_stop()
    if failures and failures[0] is not None:
        raise failures[0]


def _spare_what_lives_long() -> None:
    """Keep the collector from going through 20,000 devices again and again (a tenth of alerting's time)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def main(service: str, function: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a service's main function on uvloop; end with exit code 1 and one sentence when it cannot go on."""
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(function())
    except StartError as error:
        sys.stderr.write(f"{service}: {error}\n")
        raise SystemExit(1) from None
    except Exception:  # noqa: BLE001 - the outermost frame: log it, then end
        get_logger().exception("service failed")
        raise SystemExit(1) from None
