"""Live streams of alerts and orders: Server-Sent Events that resume without a gap.

Every portal reads all partitions without a group. A reader that does not keep up is dropped and comes back
with `Last-Event-ID`; a session that ended ends its streams within seconds.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from typing import TypeAlias

from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from services.portal.domain.replay import KEEP_MS, Replay, StreamEvent
from services.portal.entrypoints.sessions import Who
from shared.chassis.clock import Clock
from shared.chassis.database import AWAY, area_prefix
from shared.chassis.health import Health
from shared.chassis.http import problem
from shared.chassis.kafka import FETCH_WAIT_MS, start_consumer
from shared.chassis.logs import get_logger
from shared.chassis.openapi import plain
from shared.chassis.principal import Principal

QUEUE_MAX = 2_000
READERS_MAX = 500
COMMENT_S = 15.0
SESSION_CHECK_S = 2.0

CREW = frozenset({"crew_member", "crew_lead"})

# (operator, area, JSON of the resource, of an order its crews)
Seen: TypeAlias = tuple[str, str, bytes, frozenset[str] | None]
# (value of a record) → what is seen, or None when people must not see it.
Shown = Callable[[bytes], Seen | None]
# Which of some sessions live.
Living: TypeAlias = Callable[[Collection[str]], Awaitable[frozenset[str]]]


def may_see(principal: Principal, event: StreamEvent) -> bool:
    """Return whether an event is the reader's to see: as `gw.visible` says, and of orders a crew's own."""
    if event.crews is not None and principal.roles <= CREW and principal.crew_id not in event.crews:
        return False
    if principal.crew_id or principal.operator_id:
        return event.operator_id == principal.operator_id
    if principal.area_code:
        return event.area_code.startswith(area_prefix(principal.area_code))
    return principal.has({"administrator"})


class Stream:
    """One topic, fanned out to its readers."""

    def __init__(
        self, name: str, topic: str, shown: Shown, *, bootstrap: str, clock: Clock, health: Health
    ) -> None:
        self.name = name
        self._topic = topic
        self._shown = shown
        self._bootstrap = bootstrap
        self._clock = clock
        self._health = health
        self._replay: Replay | None = None
        # Whose session each reader came with.
        self._readers: dict[asyncio.Queue[StreamEvent | None], str] = {}

    async def run(self) -> None:
        """Read the topic, from an hour ago on, until cancelled."""
        consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        await start_consumer(consumer, self._bootstrap)
        try:
            partitions = sorted(consumer.assignment(), key=lambda found: found.partition)
            self._replay = await self._rewind(consumer, partitions)
            self._health.set(f"stream {self.name}", ok=True)
            while True:
                for records in (await consumer.getmany(timeout_ms=1_000)).values():
                    for record in records:
                        self._take(
                            self._replay, record.partition, record.offset, record.timestamp, record.value
                        )
        finally:
            await consumer.stop()

    async def _rewind(self, consumer: AIOKafkaConsumer, partitions: list[TopicPartition]) -> Replay:
        since = self._clock.now_ms() - KEEP_MS
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, since))
        ends = await consumer.end_offsets(partitions)
        starts = []
        for partition in partitions:
            start = found[partition].offset if found.get(partition) else ends[partition]
            consumer.seek(partition, start)
            starts.append(start)
        return Replay(starts)

    def _take(self, replay: Replay, partition: int, offset: int, at_ms: int, value: bytes) -> None:
        try:
            shown = self._shown(value)
        except ValueError as error:
            get_logger().error("cannot show an event", stream=self.name, error=str(error))
            shown = None
        if shown is None:
            replay.advance(partition, offset)
            return
        event = replay.add(partition, offset, at_ms, *shown)
        for reader in list(self._readers):
            try:
                reader.put_nowait(event)
            except asyncio.QueueFull:
                self._drop(reader)

    def _drop(self, reader: "asyncio.Queue[StreamEvent | None]") -> None:
        self.leave(reader)
        if reader.full():
            reader.get_nowait()
        reader.put_nowait(None)

    def sessions(self) -> frozenset[str]:
        """Return the sessions that read along."""
        return frozenset(self._readers.values())

    def end(self, sessions: Collection[str]) -> None:
        """End the streams of some sessions."""
        for reader in [reader for reader, session in self._readers.items() if session in sessions]:
            self._drop(reader)

    def subscribe(
        self, principal: Principal, last_event_id: str | None
    ) -> tuple[list[bytes], "asyncio.Queue[StreamEvent | None]"]:
        """Return what a reader missed, and the queue of what comes."""
        if self._replay is None or len(self._readers) >= READERS_MAX:
            raise problem(503, "unavailable", "The live stream is not ready.")
        missed = [f"id: {self._replay.position()}\n: now\n\n".encode()]
        if last_event_id:
            events = self._replay.after(last_event_id)
            if events is None:
                missed = [f"id: {self._replay.position()}\nevent: reset\ndata: {{}}\n\n".encode()]
            else:
                missed = [self.frame(event) for event in events if may_see(principal, event)]
        queue: asyncio.Queue[StreamEvent | None] = asyncio.Queue(QUEUE_MAX)
        self._readers[queue] = principal.session_id
        return missed, queue

    def leave(self, queue: "asyncio.Queue[StreamEvent | None]") -> None:
        """Forget a reader."""
        self._readers.pop(queue, None)

    def frame(self, event: StreamEvent) -> bytes:
        """Return an event as it goes over the line."""
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), self.name.encode(), event.data)


async def _frames(
    stream: Stream,
    principal: Principal,
    missed: list[bytes],
    queue: "asyncio.Queue[StreamEvent | None]",
) -> AsyncIterator[bytes]:
    try:
        for frame in missed:
            yield frame
        while True:
            try:
                async with asyncio.timeout(COMMENT_S):
                    event = await queue.get()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if event is None:
                return
            if may_see(principal, event):
                yield stream.frame(event)
    finally:
        stream.leave(queue)


async def end_with_sessions(streams: Collection[Stream], living: Living) -> None:
    """End the streams of sessions that have ended, until cancelled: one question for all readers."""
    while True:
        await asyncio.sleep(SESSION_CHECK_S)
        reading = frozenset[str]().union(*(stream.sessions() for stream in streams))
        if not reading:
            continue
        try:
            ended = reading - await living(reading)
        except AWAY as error:
            get_logger().warning("nobody knows which sessions live", error=str(error))
            continue
        for stream in streams:
            stream.end(ended)


def router(streams: dict[str, Stream]) -> APIRouter:
    """Return the routes of the streams, by the name in the path."""
    routes = APIRouter(prefix="/api/v1/stream")

    @routes.get("/{name}", response_class=StreamingResponse, responses=plain("text/event-stream"))
    async def follow(name: str, request: Request, asking: Who) -> StreamingResponse:
        if name not in streams:
            raise problem(404, "not-found", "There is no such stream.")
        principal = asking[1]
        stream = streams[name]
        missed, queue = stream.subscribe(principal, request.headers.get("last-event-id"))
        return StreamingResponse(
            _frames(stream, principal, missed, queue),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes
