"""The order of writes, receipts and PUBACKs, and when a mark may be written."""

import asyncio
import json

import pytest

from services.ingestion.domain.verdicts import Letter
from services.ingestion.handlers.flow import UNWRITTEN_BYTES_MAX, Flow
from services.ingestion.handlers.marks import mark
from tests.unit.ingestion.world import World, reading


class Writer:
    def __init__(self) -> None:
        self.writes: list[dict[int, list[bytes]]] = []
        self.marks = 0
        self.gate = asyncio.Event()

    async def write(
        self, records: dict[int, list[bytes]], letters: list[Letter], *, mark: bool, now_ms: int
    ) -> None:
        await self.gate.wait()
        self.writes.append(records)
        self.marks += mark


class Broker:
    def __init__(self) -> None:
        self.acked: list[tuple[int, list[int]]] = []
        self.paused = False

    def ack(self, packet_ids: list[int], generation: int) -> None:
        self.acked.append((generation, packet_ids))

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


def made() -> tuple[World, Writer, Broker, Flow]:
    world, writer, broker = World(), Writer(), Broker()
    return world, writer, broker, Flow(world.intake, world.receipts, writer, broker, world.clock)


async def spin() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_is_receipted_or_acknowledged_before_it_is_written() -> None:
    world, writer, broker, flow = made()
    running = asyncio.create_task(flow.run())
    payload = json.dumps(reading(status="alarm_low")).encode()
    flow.on_publishes([(b"gas/v1/c1/up/reading", payload, 7, False)], 3)
    await spin()
    assert not broker.acked
    assert not world.sender.sent
    assert flow.unacknowledged == 1
    writer.gate.set()
    await flow.settled()
    assert broker.acked == [(3, [7])]
    assert len(world.sender.sent) == 1
    assert flow.unacknowledged == 0
    running.cancel()


async def test_reading_stops_while_too_much_is_unwritten() -> None:
    _world, writer, broker, flow = made()
    running = asyncio.create_task(flow.run())
    chunk = b"x" * 1_000_000
    for number in range(UNWRITTEN_BYTES_MAX // len(chunk) + 1):
        assert not broker.paused
        flow.on_publishes([(b"gas/v1/c1/up/reading", chunk, number + 1, False)], 1)
        await spin()
    assert broker.paused
    writer.gate.set()
    await flow.settled()
    assert not broker.paused
    running.cancel()


async def test_messages_of_a_former_connection_do_not_fill_the_window() -> None:
    _world, writer, _broker, flow = made()
    running = asyncio.create_task(flow.run())
    flow.on_publishes([(b"gas/v1/c1/up/reading", b"{}", 1, False)] * 5, 1)
    await spin()
    flow.on_publishes([(b"gas/v1/c1/up/reading", b"{}", 1, False)] * 2, 2)
    assert flow.unacknowledged == 2
    writer.gate.set()
    await flow.settled()
    assert flow.unacknowledged == 0
    running.cancel()


@pytest.mark.parametrize(
    ("answers", "waiting", "marks"), [(True, 3, True), (False, 3, False), (True, 4, False)]
)
async def test_a_mark_needs_the_brokers_answer_and_a_window_that_is_not_full(
    answers: bool, waiting: int, marks: bool
) -> None:
    world, _writer, _broker, flow = made()
    flow.unacknowledged = waiting

    async def barrier() -> bool:
        return answers

    marking = asyncio.create_task(mark(flow, barrier, 4))
    await spin()
    assert world.intake.load.mark is marks
    marking.cancel()


async def test_what_is_acknowledged_while_the_broker_answers_has_made_no_room_yet() -> None:
    _world, writer, _broker, flow = made()
    running = asyncio.create_task(flow.run())
    flow.on_publishes([(b"gas/v1/c1/up/reading", b"{}", 1, False)] * 4, 1)
    await spin()
    answers = iter([True, False])

    async def barrier() -> bool:
        writer.gate.set()
        await flow.settled()
        return next(answers)

    marking = asyncio.create_task(mark(flow, barrier, 4))
    await spin()
    assert flow.unacknowledged == 0
    assert writer.marks == 0
    marking.cancel()
    running.cancel()
