"""Time, chance and tasks of a simulated run: one thread, one agenda, one seed.

A task is a coroutine that is stepped by hand: whatever it awaits comes back here, so that between any two
of its steps anything else may happen, and nothing happens at all unless the seed says so.
"""

import heapq
import random
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

T0 = 1_800_000_000_000


class Killed(BaseException):
    """The process is gone: nothing that it still does may have an effect."""


class Broken(AssertionError):  # noqa: N818 - names what a failing run says
    """A promise does not hold; its text is one sentence."""


@types.coroutine
def pause(ms: int | None = None) -> Generator[int | None]:
    """Let others go on; after `ms` milliseconds, or after the task's own pace, it is this task's turn."""
    yield ms


def at_once(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Run what never waits; return its result."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("it waits")


class Kernel:
    """The agenda. `chance` is the weather: delays, losses, crashes; the devices have their own."""

    def __init__(self, seed: str, tell: Callable[[str], None] | None = None) -> None:
        self.chance = random.Random(seed)
        self.now = T0
        self.steps = 0
        self.fair = False
        self._tell = tell
        self._count = 0
        self._agenda: list[tuple[int, int, Callable[[], None]]] = []

    def later(self, after_ms: int, what: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._agenda, (self.now + after_ms, self._count, what))

    def every(self, pace: Callable[[], int], what: Callable[[], None]) -> None:
        """Do `what` again and again."""

        def again() -> None:
            what()
            self.later(pace(), again)

        self.later(pace(), again)

    def run(self, until_ms: int) -> None:
        while self._agenda and self._agenda[0][0] <= until_ms:
            self.now, _, what = heapq.heappop(self._agenda)
            self.steps += 1
            what()
        self.now = until_ms

    def happens(self, share: float) -> bool:
        """Tell whether a mishap happens; never in fair weather."""
        return not self.fair and self.chance.random() < share

    def say(self, who: str, what: str) -> None:
        if self._tell is not None:
            self._tell(f"{(self.now - T0) / 1000:9.3f}  step {self.steps:<6} {who:<12} {what}")


class Task:
    """A process: stepped at its pace, woken, paused, killed."""

    def __init__(self, kernel: Kernel, coroutine: Coroutine[Any, Any, Any], pace: Callable[[], int]) -> None:
        self._kernel = kernel
        self._coroutine = coroutine
        self._pace = pace
        self._turn = 0
        self.frozen_until = 0
        self.ended = False
        self._next(0)

    def _next(self, after_ms: int) -> None:
        self._turn += 1
        turn = self._turn
        self._kernel.later(after_ms, lambda: self._step(turn))

    def _step(self, turn: int) -> None:
        if self.ended or turn != self._turn:
            return
        if self._kernel.now < self.frozen_until:
            self._next(self.frozen_until - self._kernel.now)
            return
        self._go(lambda: self._coroutine.send(None))

    def _go(self, resume: Callable[[], Any]) -> None:
        try:
            wait_ms = resume()
        except StopIteration:
            self.ended = True
        except BaseException:
            self.ended = True
            raise
        else:
            self._next(self._pace() if wait_ms is None else wait_ms)

    def wake(self) -> None:
        if not self.ended:
            self._next(1)

    def throw(self, error: BaseException) -> None:
        if not self.ended:
            self._go(lambda: self._coroutine.throw(error))
