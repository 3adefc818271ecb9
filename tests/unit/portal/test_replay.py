"""A reader that comes back gets exactly what it missed."""

from hypothesis import given
from hypothesis import strategies as st

from services.portal.domain import replay
from services.portal.domain.replay import KEEP_MS, Replay


def fill(count: int, partitions: int = 3) -> tuple[Replay, list[replay.StreamEvent]]:
    ring = Replay([0] * partitions)
    events = [
        ring.add(number % partitions, number // partitions, number, "op", "530602", b"{}")
        for number in range(count)
    ]
    return ring, events


@given(st.integers(1, 60), st.data())
def test_resuming_at_any_event_gives_exactly_the_later_ones(count, data):
    ring, events = fill(count)
    at = data.draw(st.integers(0, count - 1))
    assert list(ring.after(events[at].id) or []) == events[at + 1 :]


def test_an_id_that_is_not_ours_or_too_old_is_unknown():
    ring, events = fill(9)
    assert ring.after("7") is None
    assert ring.after("a.b.c") is None
    assert ring.after("9.9.9") is None
    ring.add(0, 3, KEEP_MS + 100, "op", "530602", b"{}")
    assert ring.after(events[0].id) is None
    assert ring.after(ring.position()) is not None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(replay, "BYTES_MAX", 10 * (replay._EVENT_BYTES + len(b"{}")))
    ring, events = fill(100)
    assert len(list(ring.after(events[-10].id) or [])) == 9
    assert ring.after(events[-20].id) is None


def test_what_nobody_may_see_moves_the_position_only():
    ring, _ = fill(1, partitions=1)
    ring.advance(0, 7)
    assert ring.position() == "8"
    assert list(ring.after("1") or []) == []


def test_an_id_of_thousands_of_digits_is_none_of_ours():
    assert Replay([0]).after("9" * 5_000) is None
