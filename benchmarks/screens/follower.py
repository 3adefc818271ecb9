"""A reader of a live stream that costs little: 200 of them and the publisher share one process."""

import asyncio
import time
import zlib
from array import array
from dataclasses import dataclass, field
from typing import cast

_REVISION = b'"revision":'


@dataclass
class Log:
    """What all readers of one run took note of."""

    sent: dict[int, float]
    """When each revision was due."""
    lags_ms: "array[float]" = field(default_factory=lambda: array("f"))


class Follower(asyncio.Protocol):
    """Follows one stream: counts events, chains their ids, and notes how late each came."""

    def __init__(self, request: bytes, log: Log, *, keeps: bool = False) -> None:
        self._request = request
        self._log = log
        self._raw = b""
        self._text = b""
        self._in_body = False
        self.position = asyncio.get_running_loop().create_future()
        """The first id that the stream tells."""
        self.kept: list[tuple[bytes, int]] | None = [] if keeps else None
        self.events = 0
        self.chain = 0
        self.ended = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not an instance of it: uvloop has classes of its own.
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended = True
        if not self.position.done():
            self.position.set_exception(exc or ConnectionError(f"no stream: {self._raw[:300]!r}"))

    def leave(self) -> None:
        """Go."""
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._raw += data
        if not self._in_body:
            head, found, rest = self._raw.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 200 " not in head.partition(b"\r\n")[0]:
                self._transport.abort()
                return
            self._in_body, self._raw = True, rest
        self._text += self._chunks()
        *frames, self._text = self._text.split(b"\n\n")
        now = time.monotonic()
        for frame in frames:
            self._take(frame, now)

    def _chunks(self) -> bytes:
        """Take the whole chunks out of what was received."""
        raw, at, found = self._raw, 0, []
        while (end := raw.find(b"\r\n", at)) >= 0:
            begin, size = end + 2, int(raw[at:end], 16)
            if len(raw) < begin + size + 2:
                break
            found.append(raw[begin : begin + size])
            at = begin + size + 2
        self._raw = raw[at:]
        return b"".join(found)

    def _take(self, frame: bytes, now: float) -> None:
        if not frame.startswith(b"id: "):
            return
        id_, _, rest = frame.partition(b"\n")
        if not self.position.done():
            self.position.set_result(id_[4:])
        if not rest.startswith(b"event: alert\n"):
            return
        revision = int(rest[rest.rindex(_REVISION) + len(_REVISION) : -1])
        self.events += 1
        self.chain = zlib.crc32(id_, self.chain)
        self._log.lags_ms.append((now - self._log.sent.get(revision, now)) * 1000)
        if self.kept is not None:
            self.kept.append((id_[4:], revision))
