"""Receipts: when they go out, what they say, how large they become."""

import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.handlers.directory import Client, Source
from services.ingestion.handlers.receipts import merged
from shared.contracts.wire import Receipt
from tests.unit.ingestion.world import World, accepted, reading


def test_ordinary_receipts_wait_8_to_16_s_from_arrival_and_each_client_has_its_time() -> None:
    names = [f"c{number}" for number in range(200)]
    world = World(*[(name, name) for name in names])
    for name in names:
        world.say(reading(name, status="normal"), client=name)
    arrived = world.clock.at
    world.clock.at += 3
    world.written()
    times: list[float] = []
    while len(times) < 200:
        world.clock.at += 0.25
        world.receipts.tick()
        times += [world.clock.at - arrived] * len(world.sender.take())
        assert world.clock.at - arrived < 17
    assert min(times) >= 8
    assert max(times) <= 16.5
    assert max(times.count(each) for each in times) < 20


def test_alarms_events_and_rejections_are_receipted_at_once_with_what_waits() -> None:
    world = World()
    world.say(reading(seq=0), reading(seq=1))
    world.written()
    assert world.sender.take() == []
    world.say(reading("d2", status="alarm_high"))
    world.written()
    (receipt,) = world.sender.take()
    assert accepted([receipt]) == {("d1", 1, 0), ("d1", 1, 1), ("d2", 1, 0)}
    assert receipt["server_time_ms"] == world.clock.now_ms()
    world.say(reading(seq=-1))
    world.written()
    assert world.sender.take()[0]["rejected"][0]["reason"] == "out_of_range"
    world.clock.at += 60
    world.receipts.tick()
    assert world.sender.take() == []


@pytest.mark.parametrize("extra", [{}, {"unknown": 1}], ids=["hot", "careful"])
def test_who_is_held_back_hears_within_a_second_what_was_accepted(extra: dict[str, int]) -> None:
    """Else it would spend its allowance on sending that again, and never come to what was held back."""
    world = World()
    world.say(*(reading(seq=seq, status="normal") for seq in range(100)))
    world.written()
    world.say(*(reading(seq=seq, status="normal") | extra for seq in range(150)))
    world.written()
    world.clock.at += 0.9
    world.receipts.tick()
    assert world.sender.take() == []
    world.clock.at += 0.2
    world.receipts.tick()
    assert accepted(world.sender.take()) == {("d1", 1, seq) for seq in range(100)}


def test_a_receipt_that_cannot_be_sent_is_kept() -> None:
    world = World()
    world.sender.open = False
    world.say(reading(seq=0), reading(seq=7), reading(seq=8, status="alarm_low"), {**reading(), "seq": "x"})
    world.written()
    world.say(reading(seq=9))
    world.written()
    world.sender.open = True
    world.clock.at += 1
    world.receipts.tick()
    receipts = world.sender.take()
    assert accepted(receipts) == {("d1", 1, seq) for seq in (0, 7, 8, 9)}
    assert [entry["reason"] for receipt in receipts for entry in receipt["rejected"]] == ["bad_field"]


def test_large_receipts_are_split_below_the_packet_limit() -> None:
    names = [(f"{number:064}", "c1") for number in range(2_000)]
    world = World(("c1", "c1"), *names)
    for name, _ in names:
        world.say(reading(name, status="alarm_low"))
    for number in range(500):
        world.say(reading("ghost" + "x" * 50, number))
    world.written()
    assert all(len(payload) < 60_000 for _, payload in world.sender.sent)
    for _, payload in world.sender.sent:
        msgspec.json.decode(payload, type=Receipt)
    receipts = world.sender.take()
    assert len(accepted(receipts)) == 2_000
    assert sum(len(receipt["rejected"]) for receipt in receipts) == 500


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.booleans()), max_size=40))
def test_ranges_say_exactly_what_was_accepted(found: list[tuple[int, int, bool]]) -> None:
    source = Source("d1", Client("c1"))
    told: set[tuple[int, int]] = set()
    for boot, seq, is_sent in found:
        source.accepted(boot, seq)
        ranges = source.take()
        if is_sent:
            by_boot = merged(ranges)
            told |= {
                (at, each)
                for at, parts in by_boot.items()
                for low, high in parts
                for each in range(low, high + 1)
            }
            for parts in by_boot.values():
                assert all(left[1] + 1 < right[0] for left, right in itertools.pairwise(parts))
        else:
            source.put_back(ranges)
    rest = {
        (at, each)
        for at, low, high in (source.take() if source.boot >= 0 else [])
        for each in range(low, high + 1)
    }
    assert told | rest == {(boot, seq) for boot, seq, _ in found}
