"""What ingestion needs of the world."""

from collections.abc import AsyncIterator
from typing import Protocol

from services.ingestion.domain.verdicts import Letter, Waiting


class TelemetryWriter(Protocol):
    """Writes to Kafka and returns only when every in-sync replica has it; tries until then."""

    async def write(
        self, records: dict[int, list[bytes]], letters: list[Letter], *, mark: bool, now_ms: int
    ) -> None:
        """Write records by partition, then a mark in each partition if asked, and the dead letters."""
        ...


class ReceiptSender(Protocol):
    """Sends receipts to clients."""

    def send(self, topic: str, payload: bytes) -> bool:
        """Send without waiting; False when there is no connection or no room now."""
        ...


class Acknowledger(Protocol):
    """Acknowledges what came by MQTT, and stops reading when too much is unwritten."""

    def ack(self, packet_ids: list[int], generation: int) -> None:
        """Acknowledge messages of one connection in one write."""
        ...

    def pause_reading(self) -> None:
        """Stop reading."""
        ...

    def resume_reading(self) -> None:
        """Read again."""
        ...


class LettersUnavailable(Exception):  # noqa: N818 - a state that passes, not an error
    """The dead letters cannot be read now."""


class WaitingLetters(Protocol):
    """Reads the dead letters of devices that nobody had registered."""

    def scan(self) -> AsyncIterator[list[Waiting]]:
        """Yield them, oldest first within a client, up to those of now; LettersUnavailable."""
        ...
