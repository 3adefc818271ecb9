"""A client forgets nothing that has no receipt, and events least of all."""

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulators import buffer
from simulators.buffer import Buffer


def reading(seq: int) -> dict[str, Any]:
    return {"device_id": "d", "boot_id": 1, "seq": seq, "status": "normal"}


def event(seq: int) -> dict[str, Any]:
    return {"device_id": "d", "boot_id": 1, "seq": seq, "type": "boot", "data": {}}


def receipt(*ranges: tuple[int, int]) -> dict[str, Any]:
    return {"accepted": [{"device_id": "d", "boot_id": 1, "ranges": list(ranges)}], "rejected": []}


def test_what_has_no_receipt_comes_again_later_and_later():
    kept = Buffer(random.Random(1))
    kept.add(event(0), 0.0)
    assert len(kept.due(0.0)) == 1
    assert kept.due(20.0) == []
    assert kept.due(40.0)[0]["buffered"] is True
    assert kept.due(60.0) == []
    assert len(kept.due(120.0)) == 1


def test_what_is_sent_at_once_is_not_buffered():
    kept = Buffer(random.Random(1))
    kept.add(reading(0), 0.0)
    assert "buffered" not in kept.due(9.0)[0]


@given(st.sets(st.integers(0, 30), min_size=1), st.integers(0, 30), st.integers(0, 30))
def test_a_receipt_covers_its_range_and_nothing_else(seqs, one, two):
    kept = Buffer(random.Random(1))
    for seq in seqs:
        kept.add(reading(seq), 0.0)
    first, last = min(one, two), max(one, two)
    gone = kept.receipt(receipt((first, last)))
    left = {key[2] for key in kept.kept}
    assert left == {seq for seq in seqs if not first <= seq <= last}
    assert gone == len(seqs) - len(left)


def test_a_rejected_message_is_dropped():
    kept = Buffer(random.Random(1))
    kept.add(event(3), 0.0)
    kept.receipt(
        {"accepted": [], "rejected": [{"device_id": "d", "boot_id": 1, "seq": 3, "reason": "bad_field"}]}
    )
    assert not kept.kept


def test_a_full_memory_drops_the_oldest_readings_and_no_event(monkeypatch):
    monkeypatch.setattr(buffer, "ITEMS_MAX", 3)
    kept = Buffer(random.Random(1))
    for seq, make in enumerate([event, reading, event, reading, event]):
        kept.add(make(seq), 0.0)
    assert {key[2] for key in kept.kept} == {0, 2, 4}
    assert kept.dropped == 2
