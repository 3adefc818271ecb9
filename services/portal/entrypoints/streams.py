"""Live streams of alerts and orders: Server-Sent Events that resume without a gap.

Every portal reads all partitions without a group. A reader that does not keep up is dropped and comes back
with `Last-Event-ID`; a session that ended ends its streams within seconds.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable, Iterator
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

WAITING_MAX = 2_000
READERS_MAX = 500
READ_MAX = 500
GATHER_S = 0.05
"""What comes meanwhile is told together: a write costs a reader far more than an event."""
WRITE_BYTES = 65_536
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


class Reader:
    """What one reader was not told yet: events with their frames, which all readers share."""

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.news = asyncio.Event()
        self.dropped = False
        self._waiting: list[tuple[StreamEvent, bytes]] = []

    def tell(self, fresh: list[tuple[StreamEvent, bytes]]) -> None:
        """Let these wait for the reader; one that does not keep up is dropped."""
        self._waiting += fresh
        if len(self._waiting) > WAITING_MAX:
            self.drop()
        self.news.set()

    def drop(self) -> None:
        """End the stream; what waits comes again by `Last-Event-ID`, if its owner may come back."""
        self.dropped = True
        self._waiting = []
        self.news.set()

    def take(self) -> bytes:
        """Return all that waits and is the reader's to see."""
        waiting, self._waiting = self._waiting, []
        self.news.clear()
        return b"".join(frame for event, frame in waiting if may_see(self.principal, event))


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
        self._readers: set[Reader] = set()
        self._fresh: list[tuple[StreamEvent, bytes]] = []

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
                found = await consumer.getmany(timeout_ms=1_000, max_records=READ_MAX)
                # Nothing is awaited between remembering and telling: who subscribes gets an event once.
                for record in (record for records in found.values() for record in records):
                    self._take(self._replay, record.partition, record.offset, record.timestamp, record.value)
                self._tell()
                if found and self._readers:
                    await asyncio.sleep(GATHER_S)
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

    def _take(self, replay: Replay, partition: int, offset: int, at_ms: int, value: bytes | None) -> None:
        try:
            shown = self._shown(value or b"")
        except ValueError as error:
            get_logger().error("cannot show an event", stream=self.name, error=str(error))
            shown = None
        if shown is None:
            replay.advance(partition, offset)
            return
        event = replay.add(partition, offset, at_ms, *shown)
        if self._readers:
            self._fresh.append((event, self.frame(event)))

    def _tell(self) -> None:
        fresh, self._fresh = self._fresh, []
        for reader in list(self._readers) if fresh else ():
            reader.tell(fresh)
            if reader.dropped:
                self._readers.discard(reader)

    def sessions(self) -> frozenset[str]:
        """Return the sessions that read along."""
        return frozenset(reader.principal.session_id for reader in self._readers)

    def end(self, sessions: Collection[str]) -> None:
        """End the streams of some sessions."""
        for reader in [one for one in self._readers if one.principal.session_id in sessions]:
            self._readers.discard(reader)
            reader.drop()

    def subscribe(self, principal: Principal, last_event_id: str | None) -> tuple[Iterable[bytes], Reader]:
        """Return what a reader missed, and what tells it of what comes."""
        if self._replay is None:
            raise problem(503, "unavailable", "The live stream is not ready.")
        if len(self._readers) >= READERS_MAX:
            self._make_room()
        self._tell()  # what came before is not news to who comes now
        missed: Iterable[bytes] = [f"id: {self._replay.position()}\n: now\n\n".encode()]
        if last_event_id:
            events = self._replay.after(last_event_id)
            if events is None:
                missed = [f"id: {self._replay.position()}\nevent: reset\ndata: {{}}\n\n".encode()]
            else:
                # An hour of events is large, and many may come back at once: made while it is sent.
                missed = _joined(self.frame(event) for event in events if may_see(principal, event))
        reader = Reader(principal)
        self._readers.add(reader)
        return missed, reader

    def _make_room(self) -> None:
        """End one stream of the session that has most: nobody takes the room of all others."""
        count = Counter(reader.principal.session_id for reader in self._readers)
        ((fullest, _),) = count.most_common(1)
        one = next(reader for reader in self._readers if reader.principal.session_id == fullest)
        self._readers.discard(one)
        one.drop()

    def leave(self, reader: Reader) -> None:
        """Forget a reader."""
        self._readers.discard(reader)

    def frame(self, event: StreamEvent) -> bytes:
        """Return an event as it goes over the line."""
        return b"id: %b\nevent: %b\ndata: %b\n\n" % (event.id.encode(), self.name.encode(), event.data)


def _joined(frames: Iterable[bytes]) -> Iterator[bytes]:
    """Give frames in writes of at least `WRITE_BYTES`, the last one excepted."""
    write: list[bytes] = []
    size = 0
    for frame in frames:
        write.append(frame)
        size += len(frame)
        if size >= WRITE_BYTES:
            yield b"".join(write)
            write, size = [], 0
    if write:
        yield b"".join(write)


async def _frames(stream: Stream, missed: Iterable[bytes], reader: Reader) -> AsyncGenerator[bytes]:
    try:
        for frame in missed:
            if reader.dropped:
                return
            yield frame
        while not reader.dropped:
            try:
                async with asyncio.timeout(COMMENT_S):
                    await reader.news.wait()
            except TimeoutError:
                yield b": still here\n\n"
                continue
            if news := reader.take():
                yield news
    finally:
        stream.leave(reader)


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
        if asking[0].screen is not None and name != "alerts":
            raise problem(403, "screen-only-reads", "A screen on the wall reads alerts and does nothing.")
        stream = streams[name]
        missed, reader = stream.subscribe(asking[1], request.headers.get("last-event-id"))
        return StreamingResponse(
            _frames(stream, missed, reader),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes
