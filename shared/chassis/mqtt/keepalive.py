"""Pings at half the keepalive; a peer that says nothing from one ping to the next is dead."""

import asyncio
from collections.abc import Callable
from typing import Final

STALL_SHARE: Final = 0.5
"""A tick later than this share of its interval means that *we* stood still: the peer gets another."""


class Keepalive:
    """A timer that pings and judges; a dead peer is noticed within one keepalive interval."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, ping: Callable[[], None], dead: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._ping = ping
        self._dead = dead
        self._timer: asyncio.TimerHandle | None = None
        self._interval_s = 0.0
        self._due = 0.0
        self.heard = True
        """Set by the reader whenever bytes come."""
        self.deaf = False
        """Reading is paused on purpose, so silence proves nothing."""

    def start(self, keepalive_s: float) -> None:
        """Begin; 0 means no keepalive."""
        self._interval_s = keepalive_s / 2
        if keepalive_s > 0:
            self._next()

    def stop(self) -> None:
        """End; safe to repeat."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _next(self) -> None:
        self._due = self._loop.time() + self._interval_s
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        stalled = self._loop.time() - self._due > self._interval_s * STALL_SHARE
        if not (self.heard or self.deaf or stalled):
            self._dead()
            return
        # After a pause or a stall the answers may still lie in the socket: judge by the next interval only.
        self.heard = self.deaf
        self._ping()
        self._next()
