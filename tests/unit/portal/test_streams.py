"""A live stream's readers: told together, each its own, dropped when they do not keep up."""

import asyncio

from services.portal.domain.replay import Replay
from services.portal.entrypoints import streams
from shared.chassis.clock import SystemClock
from shared.chassis.health import Health
from shared.chassis.principal import Principal

MINE = Principal("w", frozenset({"watch"}), operator_id="op-a")
LIMIT_S = 10.0


def made() -> streams.Stream:
    """Return a stream that has read nothing; a record's value is the operator whose it is."""
    stream = streams.Stream(
        "alert",
        "topic",
        lambda value: (value.decode(), "530602", b'{"of":"%b"}' % value, None),
        bootstrap="",
        clock=SystemClock(),
        health=Health(),
    )
    stream._replay = Replay([0])
    return stream


def happen(stream: streams.Stream, *operators: str) -> None:
    """Let the stream read records and tell of them, as `run` does."""
    replay = stream._replay
    assert replay is not None
    for operator in operators:
        stream._take(replay, 0, replay.next_offsets[0], 0, operator.encode())
    stream._tell()


async def told(stream: streams.Stream, reader: streams.Reader) -> list[bytes]:
    """Return all writes until the stream ends."""
    async with asyncio.timeout(LIMIT_S):
        return [frame async for frame in streams._frames(stream, [], reader)]


async def test_what_comes_together_is_one_write_and_a_reader_gets_its_own_only():
    stream = made()
    _, reader = stream.subscribe(MINE, None)
    frames = streams._frames(stream, [], reader)
    happen(stream, "op-a", "op-b", "op-a")
    async with asyncio.timeout(LIMIT_S):
        assert await anext(frames) == (
            b'id: 1\nevent: alert\ndata: {"of":"op-a"}\n\nid: 3\nevent: alert\ndata: {"of":"op-a"}\n\n'
        )
        happen(stream, "op-b")
        happen(stream, "op-a")
        assert await anext(frames) == b'id: 5\nevent: alert\ndata: {"of":"op-a"}\n\n'
    await frames.aclose()
    assert not stream._readers


async def test_a_reader_that_does_not_keep_up_is_dropped_and_no_other(monkeypatch):
    monkeypatch.setattr(streams, "WAITING_MAX", 5)
    stream = made()
    slow, quick = stream.subscribe(MINE, None)[1], stream.subscribe(MINE, None)[1]
    for _ in range(2):
        happen(stream, *["op-a"] * 3)
        assert quick.take().count(b"id: ") == 3
    assert slow.dropped
    assert stream._readers == {quick}
    assert await told(stream, slow) == []


async def test_who_comes_back_gets_what_was_missed_once():
    stream = made()
    happen(stream, *["op-a"] * 3)
    missed, reader = stream.subscribe(MINE, "1")
    happen(stream, "op-a")
    assert b"".join(missed).count(b"id: ") == 2
    assert reader.take() == b'id: 4\nevent: alert\ndata: {"of":"op-a"}\n\n'


def test_what_was_missed_is_made_in_large_writes_while_it_is_sent(monkeypatch):
    monkeypatch.setattr(streams, "WRITE_BYTES", 10)
    made_so_far = []

    def frames():
        for n in range(6):
            made_so_far.append(n)
            yield b"12345"

    writes = streams._joined(frames())
    assert next(writes) == b"1234512345"
    assert made_so_far == [0, 1]
    assert list(writes) == [b"1234512345", b"1234512345"]


async def test_whose_session_ends_meanwhile_gets_no_more_of_what_was_missed():
    stream = made()
    _, reader = stream.subscribe(MINE, None)
    frames = streams._frames(stream, [b"1", b"2", b"3"], reader)
    assert await anext(frames) == b"1"
    stream.end({MINE.session_id})
    async with asyncio.timeout(LIMIT_S):
        assert [frame async for frame in frames] == []


def test_a_record_without_a_value_is_passed_over():
    stream = made()
    replay = stream._replay
    assert replay is not None

    def shown(value: bytes) -> streams.Seen:
        raise ValueError("no JSON: " + value.decode())

    stream._shown = shown
    stream._take(replay, 0, 0, 0, None)
    assert replay.next_offsets == [1]


async def test_whose_session_ended_reads_no_further_and_what_was_before_is_no_news():
    stream = made()
    _, first = stream.subscribe(MINE, None)
    other = Principal("v", frozenset({"watch"}), operator_id="op-a", session_id="s2")
    replay = stream._replay
    assert replay is not None
    stream._take(replay, 0, 0, 0, b"op-a")
    _, late = stream.subscribe(other, None)
    assert (first.take().count(b"id: "), late.take()) == (1, b"")
    stream.end({"s2"})
    assert stream.sessions() == {""}
    assert await told(stream, late) == []


async def test_one_session_does_not_take_all_the_room(monkeypatch):
    monkeypatch.setattr(streams, "READERS_MAX", 4)
    stream = made()
    many = [stream.subscribe(MINE, None)[1] for _ in range(4)]
    other = Principal("v", frozenset({"watch"}), operator_id="op-a", session_id="s2")
    _, late = stream.subscribe(other, None)
    assert not late.dropped
    assert [reader.dropped for reader in many].count(True) == 1
    assert len(stream._readers) == 4
    _, again = stream.subscribe(MINE, None)
    assert not late.dropped, "whose readers are many makes room among them"
    assert not again.dropped
    assert len(stream._readers) == 4
