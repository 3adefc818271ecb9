"""The live streams' memory: the events of the last hour, and what a reader has not seen yet.

An event's id is the vector of next offsets, one per partition, e.g. `12.7.30`: a reader that comes back
with it gets exactly what came after, whichever instance it reaches.
"""

from collections import deque
from dataclasses import dataclass

KEEP_MS = 3_900_000
BYTES_MAX = 64 * 1024 * 1024
"""Of a flood less than an hour is known."""
_EVENT_BYTES = 400
"""What an event takes besides its data."""
_DIGITS_MAX = 19
"""Of an offset: 64 bits."""


@dataclass(frozen=True, slots=True)
class StreamEvent:
    """One event of a live stream; `operator_id`, `area_code` and, of orders, `crews` say who may see it."""

    partition: int
    offset: int
    at_ms: int
    operator_id: str
    area_code: str
    data: bytes
    id: str
    crews: frozenset[str] | None = None


class Replay:
    """A bounded ring of events; `starts[p]` is the offset after which nothing of partition p is missing."""

    def __init__(self, starts: list[int]) -> None:
        self.starts = list(starts)
        self.next_offsets = list(starts)
        self._events: deque[StreamEvent] = deque()
        self._bytes = 0

    def add(
        self,
        partition: int,
        offset: int,
        at_ms: int,
        operator_id: str,
        area_code: str,
        data: bytes,
        crews: frozenset[str] | None = None,
    ) -> StreamEvent:
        """Remember an event and return it with its id."""
        self.advance(partition, offset)
        event = StreamEvent(partition, offset, at_ms, operator_id, area_code, data, self.position(), crews)
        self._events.append(event)
        self._bytes += len(data) + _EVENT_BYTES
        while self._bytes > BYTES_MAX or self._events[0].at_ms < at_ms - KEEP_MS:
            gone = self._events.popleft()
            self._bytes -= len(gone.data) + _EVENT_BYTES
            self.starts[gone.partition] = gone.offset + 1
        return event

    def advance(self, partition: int, offset: int) -> None:
        """Note that everything of `partition` up to `offset` was read."""
        self.next_offsets[partition] = offset + 1

    def position(self) -> str:
        """Return the id of "everything until now"."""
        return ".".join(map(str, self.next_offsets))

    def after(self, last_event_id: str) -> list[StreamEvent] | None:
        """Return what came after an id; None when the id is not ours or its past is no longer known."""
        parts = last_event_id.split(".")
        if len(parts) != len(self.starts):
            return None
        if not all(part.isdecimal() and len(part) <= _DIGITS_MAX for part in parts):
            return None
        seen = [int(part) for part in parts]
        if any(mark < start for mark, start in zip(seen, self.starts, strict=True)):
            return None
        if any(mark > newest for mark, newest in zip(seen, self.next_offsets, strict=True)):
            return None
        return [event for event in self._events if event.offset >= seen[event.partition]]
