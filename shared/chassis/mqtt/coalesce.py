"""How long to let messages gather before the next read: not at low rates, milliseconds at high ones."""

import asyncio

WINDOW_S = 0.02
RATE_LOW = 1_000.0
RATE_HIGH = 10_000.0


class Gauge:
    """Maps the rate of the last window to a pause: 0 below `RATE_LOW`, `pause_s_max` from `RATE_HIGH` on.

    Between the two (messages a second) it rises in a straight line. A lone burst after silence costs no
    pause, because its window is long.
    """

    __slots__ = ("_count", "_pause_s", "_pause_s_max", "_since")

    def __init__(self, pause_s_max: float) -> None:
        self._pause_s_max = pause_s_max
        self._pause_s = 0.0
        self._count = 0
        self._since = 0.0

    def pause_s(self, messages: int, now: float) -> float:
        """Count a read of `messages` at the monotonic time `now`; return the pause before the next one."""
        self._count += messages
        elapsed = now - self._since
        if elapsed >= WINDOW_S:
            share = (self._count / elapsed - RATE_LOW) / (RATE_HIGH - RATE_LOW)
            self._pause_s = min(max(share, 0.0), 1.0) * self._pause_s_max
            self._count = 0
            self._since = now
        return self._pause_s


class Gate:
    """Opens and shuts a transport's reading for two reasons: the user's hold, and a pause under load."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pause_s_max: float) -> None:
        self._loop = loop
        self._gauge = Gauge(pause_s_max) if pause_s_max > 0 else None
        self._held = False
        self._timer: asyncio.TimerHandle | None = None
        self.transport: asyncio.Transport | None = None

    def hold(self) -> None:
        """Stop reading until `release`."""
        self._held = True
        if self.transport is not None:
            self.transport.pause_reading()

    def release(self) -> None:
        """Read again, unless a pause under load is still running."""
        self._held = False
        self._open()

    def passed(self, messages: int) -> None:
        """Count a read of so many messages and begin the pause that their rate calls for."""
        if self._gauge is None:
            return
        pause_s = self._gauge.pause_s(messages, self._loop.time())
        if pause_s > 0 and self.transport is not None and self._timer is None:
            self.transport.pause_reading()
            self._timer = self._loop.call_later(pause_s, self._pause_over)

    def stop(self) -> None:
        """Forget a running pause; safe to repeat."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _pause_over(self) -> None:
        self._timer = None
        self._open()

    def _open(self) -> None:
        transport = self.transport
        if transport is not None and not (self._held or self._timer or transport.is_closing()):
            transport.resume_reading()
