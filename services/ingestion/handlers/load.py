"""What was taken from MQTT since the last write: written as one, then receipted and acknowledged."""

from collections.abc import Iterator
from typing import Final

from services.ingestion.domain.verdicts import Letter
from services.ingestion.handlers.directory import Client, Source
from shared.contracts.telemetry import ITEMS_PER_RECORD_MAX
from shared.contracts.wire import LIST_MAX

RECORD_BYTES_MAX: Final = 800_000
"""Below Kafka's message.max.bytes (1 MiB) with room for the 50 largest chunks' marks."""


class Load:
    """Chunks by partition (one or more items each, joined by commas), dead letters, and who waits."""

    __slots__ = (
        "acks",
        "arrays",
        "bytes",
        "chunks",
        "first_at",
        "held_back",
        "letters",
        "mark",
        "rejected",
        "taken",
        "urgent",
    )

    def __init__(self, partitions: int) -> None:
        self.chunks: list[list[bytes]] = [[] for _ in range(partitions)]
        self.arrays: set[int] = set()
        self.letters: list[Letter] = []
        self.taken: list[tuple[Source, int, int]] = []
        self.urgent: dict[Client, None] = {}
        self.held_back: dict[Client, None] = {}
        self.rejected: list[tuple[Client, dict[str, object]]] = []
        self.acks: dict[int, list[int]] = {}
        self.bytes = 0
        self.first_at = 0.0
        self.mark = False

    @property
    def empty(self) -> bool:
        """Return whether nothing was taken and no mark is asked for."""
        return not self.bytes and not self.mark

    def records(self) -> dict[int, list[bytes]]:
        """Return the values of the records by partition: JSON arrays of at most 500 items, below 1 MiB."""
        return {
            partition: _arrays(chunks, partition in self.arrays)
            for partition, chunks in enumerate(self.chunks)
            if chunks
        }


def _arrays(chunks: list[bytes], has_arrays: bool) -> list[bytes]:
    size = ITEMS_PER_RECORD_MAX // LIST_MAX if has_arrays else ITEMS_PER_RECORD_MAX
    if len(chunks) <= size:
        joined = b"[" + b",".join(chunks) + b"]"
        if len(joined) <= RECORD_BYTES_MAX:
            return [joined]
    return [b"[" + b",".join(piece) + b"]" for piece in _pieces(chunks, size)]


def _pieces(chunks: list[bytes], size: int) -> Iterator[list[bytes]]:
    """Cut by count and by bytes: written anew, a message can be several times as long as it came."""
    piece: list[bytes] = []
    length = 0
    for chunk in chunks:
        if piece and (len(piece) == size or length + len(chunk) > RECORD_BYTES_MAX):
            yield piece
            piece, length = [], 0
        piece.append(chunk)
        length += len(chunk) + 1
    yield piece
