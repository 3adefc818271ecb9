"""What the watchdog needs from outside."""

from typing import Protocol

from services.watchdog.domain.watch import Word


class Wire(Protocol):
    """The way in: publishes like any controller."""

    async def publish(self, readings: list[dict[str, object]]) -> None:
        """Publish one array of readings; returns within seconds, never raises."""
        ...


class Voice(Protocol):
    """One way to raise the alarm, which needs neither Kafka nor the database."""

    @property
    def name(self) -> str:
        """Return its name, for metrics."""
        ...

    async def say(self, word: Word, text: str) -> None:
        """Say it once; may raise, and may hang: the caller limits both."""
        ...
