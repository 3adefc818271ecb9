"""What we sent and the broker has not answered yet: packet ids, futures, and the window that bounds them."""

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Final

from .errors import Busy, CloseCause, Closed, ConnectionLost, ProtocolError, PublishRefused
from .packets import PACKET_ID_MAX, REFUSED_FROM

IN_FLIGHT_MAX: Final = 10_000
"""Bounds our unanswered messages below whatever the broker allows."""
SUBSCRIBES_MAX: Final = 100

_Answer = asyncio.Future[int] | asyncio.Future[tuple[int, ...]]


class Inflight:
    """Hands out packet ids, resolves their futures; at most min(receive maximum, IN_FLIGHT_MAX) messages."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._publishes: dict[int, asyncio.Future[int]] = {}
        self._subscribes: dict[int, asyncio.Future[tuple[int, ...]]] = {}
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._last_id = 0
        self._window = 0
        self._closed: Closed | None = Closed(CloseCause.LOST, "not connected")
        self.writable = True
        self.done: asyncio.Future[int] = loop.create_future()
        """What a message at QoS 0 has instead of an answer."""
        self.done.set_result(0)

    @property
    def count(self) -> int:
        """How many messages are unanswered."""
        return len(self._publishes)

    @property
    def _room(self) -> int:
        return self._window - len(self._publishes) if self.writable else 0

    def open(self, receive_maximum: int) -> None:
        """Begin: the broker accepted the connection."""
        self._window = min(receive_maximum, IN_FLIGHT_MAX)
        self._closed = None

    def check(self, qos: int) -> None:
        """Raise ConnectionLost without a connection, Busy without room."""
        if self._closed is not None:
            raise ConnectionLost(self._closed)
        if not self.writable:
            raise Busy("the write buffer is full")
        if qos and len(self._publishes) >= self._window:
            raise Busy(f"{self._window} messages are unanswered")

    def message(self) -> tuple[int, asyncio.Future[int]]:
        """Return a packet id and the future of its PUBACK's reason code; call `check` first."""
        packet_id = self._next_id()
        answer = self._publishes[packet_id] = self._loop.create_future()
        return packet_id, answer

    def subscription(self) -> tuple[int, asyncio.Future[tuple[int, ...]]]:
        """Return a packet id and the future of its SUBACK's reason codes; Busy, ConnectionLost."""
        self.check(0)
        if len(self._subscribes) >= SUBSCRIBES_MAX:
            raise Busy(f"{SUBSCRIBES_MAX} subscriptions are unanswered")
        packet_id = self._next_id()
        answer = self._subscribes[packet_id] = self._loop.create_future()
        return packet_id, answer

    def _next_id(self) -> int:
        packet_id = self._last_id
        while True:
            packet_id = packet_id % PACKET_ID_MAX + 1
            if packet_id not in self._publishes and packet_id not in self._subscribes:
                self._last_id = packet_id
                return packet_id

    def acknowledged(self, pubacks: Iterable[tuple[int, int]]) -> None:
        """Resolve the messages that the broker answered and let waiting publishers go on."""
        for packet_id, reason_code in pubacks:
            answer = self._publishes.pop(packet_id, None)
            if answer is None:
                raise ProtocolError(f"PUBACK for {packet_id}, which is not in flight")
            if answer.done():  # its caller gave up waiting
                continue
            if reason_code < REFUSED_FROM:
                answer.set_result(reason_code)
            else:
                _fail(answer, PublishRefused(reason_code))
        self.wake()

    def subscribed(self, packet_id: int, reason_codes: tuple[int, ...]) -> None:
        """Resolve a subscription."""
        answer = self._subscribes.pop(packet_id, None)
        if answer is None:
            raise ProtocolError(f"SUBACK for {packet_id}, which is not in flight")
        if not answer.done():
            answer.set_result(reason_codes)

    async def ready(self) -> None:
        """Return when there is room for a message at QoS 1; ConnectionLost."""
        while self._closed is None and self._room <= 0:
            waiter: asyncio.Future[None] = self._loop.create_future()
            self._waiters.append(waiter)
            try:
                await waiter
            except asyncio.CancelledError:
                if waiter in self._waiters:
                    self._waiters.remove(waiter)
                self.wake()  # pass on a place that was given to us
                raise
        if self._closed is not None:
            raise ConnectionLost(self._closed)

    def wake(self) -> None:
        """Wake as many waiting publishers as there is room for."""
        room = self._room
        while self._waiters and room > 0:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                room -= 1

    def close(self, reason: Closed) -> None:
        """Fail everything that is unanswered or waiting with ConnectionLost."""
        self._closed = reason
        answers: list[_Answer] = [*self._publishes.values(), *self._subscribes.values()]
        self._publishes.clear()
        self._subscribes.clear()
        for answer in answers:
            if not answer.done():
                _fail(answer, ConnectionLost(reason))
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()


def _fail(answer: _Answer, error: Exception) -> None:
    """Set the exception and mark it as seen, so that a caller who does not await causes no log line."""
    answer.set_exception(error)
    answer.exception()
