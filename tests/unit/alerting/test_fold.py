"""Order, duplicates, the quiet way and snapshots: what is folded depends on what was said, not on how."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.domain.fold import PartitionState
from services.alerting.domain.items import Item
from services.alerting.domain.primitives import Verdict
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.spec import make_spec
from services.alerting.domain.track import Track
from tests.unit.alerting.drive import POINTS, T0, Drive, facts

READINGS = st.sampled_from(
    [
        {"status": "normal", "lel_percent": 1.0},
        {"status": "normal", "lel_percent": 12.0},
        {"status": "normal", "lel_percent": 60.0},
        {"status": "normal"},
        {"status": "alarm_low", "lel_percent": 15.0},
        {"status": "alarm_high"},
        {"status": "muted", "lel_percent": 2.0},
        {"status": "fault"},
        {"status": "preheat"},
    ]
)
EVENTS = st.sampled_from(
    [
        {"type": "alarm_raised", "data": {"level": "high"}},
        {"type": "alarm_raised", "data": {"level": "low", "lel_percent": 14.0}},
        {"type": "alarm_cleared", "data": {}},
        {"type": "fault_raised", "data": {"code": "tamper"}},
        {"type": "fault_cleared", "data": {"code": "tamper"}},
        {"type": "muted", "data": {"on": True}},
        {"type": "muted", "data": {"on": False}},
        {"type": "self_check", "data": {"passed": True}},
        {"type": "boot", "data": {"firmware": "1", "reason": "power"}},
    ]
)
HISTORY = st.lists(st.one_of(READINGS, EVENTS), min_size=1, max_size=25)


def messages(history: list[dict[str, Any]], boots: int = 1) -> list[Item]:
    """Return the history as a device would number it, in `boots` boots."""
    per_boot = max(1, len(history) // boots)
    items = []
    for n, said in enumerate(history):
        raw = {"device_id": "d1", "boot_id": 1 + n // per_boot, "seq": n % per_boot} | said
        items.append(msgspec.json.decode(msgspec.json.encode(raw), type=Item))
    return items


def known(drive: Drive) -> tuple[Any, ...]:
    track = drive.state.track("d1")
    assert isinstance(track, Track)
    lasting = bool(track.episodes) and track.episodes[-1].clear is None
    newest = (track.boot_id, track.seq)
    said = (track.newest_alarm_word(), track.newest_reading())
    return newest, said, lasting, track.alarm, track.muted, track.faults, track.status


@settings(max_examples=300)
@given(HISTORY, st.integers(1, 3), st.data())
def test_any_order_and_any_duplicates_end_in_the_same_state(
    history: list[dict[str, Any]], boots: int, data: st.DataObject
) -> None:
    items = messages(history, boots)
    in_order, shuffled = Drive(marks=False), Drive(marks=False)
    for item in items:
        in_order.fold(0, [item])
    again = data.draw(st.lists(st.sampled_from(items), max_size=10))
    for item in data.draw(st.permutations([*items, *again])):
        shuffled.fold(0, [item])
    assert known(shuffled) == known(in_order)


@settings(max_examples=200)
@given(HISTORY, st.integers(1, 3))
def test_everything_twice_says_nothing_new(history: list[dict[str, Any]], boots: int) -> None:
    items = messages(history, boots)
    drive = Drive(marks=False)
    for item in items:
        drive.fold(0, [item])
    before = len(drive.signals)
    for item in items:
        drive.fold(0, [item])
    assert drive.signals[before:] == []


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 40), st.one_of(READINGS, EVENTS)), max_size=40))
def test_the_quiet_way_says_what_the_slow_way_says(timed: list[tuple[int, dict[str, Any]]]) -> None:
    quick, slow = Drive(), Drive()
    at_s = 0
    for (gap_s, _), item in zip(timed, messages([said for _, said in timed]), strict=True):
        at_s += gap_s
        track = slow.state.track("d1")
        assert track is not None
        track.disturb()
        assert _but_rise(quick.fold(at_s, [item])) == _but_rise(slow.fold(at_s, [item]))
        assert _but_rise(quick.mark(at_s)) == _but_rise(slow.mark(at_s))
    assert known(quick) == known(slow)


def _but_rise(words: list[str]) -> list[str]:
    """Quiet readings are sampled every 20 s only, so that a rise may be seen that much later."""
    return [word for word in words if not word.endswith("G05")]


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.integers(0, 40), st.one_of(READINGS, EVENTS)), min_size=2, max_size=40), st.data()
)
def test_a_snapshot_changes_nothing(timed: list[tuple[int, dict[str, Any]]], data: st.DataObject) -> None:
    straight, broken = Drive(), Drive()
    cut = data.draw(st.integers(1, len(timed) - 1))
    at_s = 0
    for n, ((gap_s, _), item) in enumerate(zip(timed, messages([said for _, said in timed]), strict=True)):
        at_s += gap_s
        if n == cut:
            snapshot, broken.state = broken.state.snapshot(), PartitionState()
            broken.state.restore(snapshot, [make_spec(facts(), POINTS)])
        assert straight.fold(at_s, [item]) == broken.fold(at_s, [item])
        assert straight.mark(at_s) == broken.mark(at_s)
    assert straight.marks_until(at_s, at_s + 900) == broken.marks_until(at_s, at_s + 900)


def test_an_unreadable_snapshot_says_so() -> None:
    with pytest.raises(msgspec.MsgspecError):
        PartitionState().restore(b"not a snapshot", [])


def test_a_raise_below_a_seen_clear_is_an_episode_that_is_over() -> None:
    drive = Drive()
    drive.read(0, lel_percent=1, seq=0)
    drive.read(1, lel_percent=1, seq=9)
    late = drive.item(status="alarm_high", lel_percent=60, seq=5)
    assert drive.fold(2, [late]) == ["late G02"]
    found = drive.last()
    assert found.sign == Sign.LATE
    assert found.buffered
    # The same again, and others of the same gap, are that same episode.
    assert drive.fold(3, [late, drive.item(status="alarm_high", seq=6)]) == []
    track = drive.state.track("d1")
    assert track is not None
    assert not track.conditions


def test_a_raise_above_every_clear_is_active_even_when_late() -> None:
    drive = Drive()
    drive.read(0, lel_percent=1, seq=0)
    drive.fold(1, [drive.item(type="self_check", data={"passed": True}, seq=2)])
    late = drive.item(type="alarm_raised", data={"level": "high"}, seq=1)
    assert drive.fold(2, [late]) == ["raised G02", "raised G01"]
    assert drive.last().buffered  # but it moves no valve


def test_a_clear_counts_only_above_every_raise() -> None:
    drive = Drive()
    drive.fold(0, [drive.item(status="alarm_high", seq=5)])
    drive.fold(1, [drive.item(type="alarm_cleared", data={}, seq=4)])
    drive.fold(1, [drive.item(status="normal", lel_percent=0, seq=3)])
    assert drive.mark(200)[-1:] != ["cleared G02"]
    drive.fold(201, [drive.item(type="alarm_cleared", data={}, seq=6)])
    assert "cleared G02" in drive.mark(321)


def test_another_boot_is_newer_whatever_its_seq() -> None:
    drive = Drive()
    drive.fold(0, [drive.item(status="alarm_high", boot_id=1, seq=900)])
    drive.fold(1, [drive.item(status="normal", lel_percent=0, boot_id=2, seq=0)])
    assert "cleared G02" in drive.mark(121)
    assert drive.fold(122, [drive.item(status="alarm_high", boot_id=1, seq=899)]) == []
    assert drive.fold(122, [drive.item(status="alarm_high", boot_id=1, seq=901)]) == []


def test_a_new_version_of_a_device_keeps_its_track_and_another_zone_forgets_it() -> None:
    drive = Drive(facts("d1"), facts("d2"))
    drive.read(0, "d1", status="alarm_low")
    drive.state.put(make_spec(facts("d1", heartbeat_ms=30_000), POINTS))
    assert "raised G04" in drive.read(1, "d2", status="alarm_low")
    drive.state.put(make_spec(facts("d1", zone="z2"), POINTS))
    assert drive.mark(2) == ["cleared G01"]
    assert "cleared G04" not in drive.mark(60)
    assert drive.read(61, "d1", lel_percent=1) == []


def test_quiet_readings_of_every_kind_stay_quiet() -> None:
    for kind, fields in (
        ("detector", {"lel_percent": 1.0}),
        ("detector", {}),
        ("valve", {"position": "open", "supply": "mains"}),
        ("controller", {}),
    ):
        drive = Drive(facts("d1", kind))
        drive.read(0, **fields)
        drive.read(1, **fields)
        track = drive.state.track("d1")
        assert track is not None
        assert track.quiet, kind


def test_verdicts_grow_graver() -> None:
    assert Verdict.UNKNOWN < Verdict.OFF < Verdict.HOLD < Verdict.ON < Verdict.ON_NOW


def test_an_unknown_device_is_counted_and_harms_nobody() -> None:
    drive = Drive()
    assert drive.fold(0, [drive.item("nobody", status="alarm_high")]) == []
    assert drive.state.unknown == 1


def test_signals_carry_their_place() -> None:
    drive = Drive(facts("d1", site_id="s9", zone="kitchen"))
    drive.read(0, status="alarm_low", time_ms=T0)
    signal = drive.signals[0]
    assert isinstance(signal, Signal)
    assert (signal.site_id, signal.zone, signal.subject, signal.record_ms) == ("s9", "kitchen", "d1", T0)


def test_what_was_raised_about_a_device_ends_when_it_goes() -> None:
    drive = Drive()
    drive.read(0, status="fault")
    drive.mark(100)
    drive.state.drop("d1")
    assert drive.mark(101) == ["cleared D02"]


def test_a_quiet_reading_of_an_older_boot_changes_nothing() -> None:
    drive = Drive()
    drive.fold(0, [drive.item(status="normal", lel_percent=1, boot_id=2, seq=0)])
    drive.fold(1, [drive.item(status="normal", lel_percent=1, boot_id=1, seq=50)])
    drive.fold(2, [drive.item(status="normal", lel_percent=1, boot_id=2, seq=1)])
    track = drive.state.track("d1")
    assert track is not None
    assert (track.boot_id, track.seq) == (2, 1)
    assert drive.fold(3, [drive.item(status="alarm_high", boot_id=2, seq=2)]) == ["raised G02", "raised G01"]


def _stepped() -> Drive:
    """Return a partition whose ingestion's clock was an hour ahead for one record."""
    drive = Drive(facts("d1"), facts("d2"))
    for at_s in range(0, 600, 20):
        drive.read(at_s, lel_percent=1, time_ms=T0 + at_s * 1000)
    drive.mark(600 + 3_600)
    return drive


def test_a_clock_that_is_set_back_holds_up_no_delay() -> None:
    drive = _stepped()
    drive.read(602, lel_percent=12, time_ms=T0 + 602_000)
    assert drive.read(611, lel_percent=12, time_ms=T0 + 611_000) == []
    assert drive.read(612, lel_percent=12, time_ms=T0 + 612_000) == ["raised G01"]
    assert drive.last().record_ms == T0 + 612_000


def test_a_clock_that_is_set_back_holds_up_no_closing() -> None:
    drive = _stepped()
    assert "raised G02" in drive.read(605, status="alarm_high", lel_percent=60, time_ms=T0 + 605_000)
    said_last = drive.last()
    assert (said_last.buffered, said_last.device_ms, said_last.record_ms) == (
        False,
        T0 + 605_000,
        T0 + 605_000,
    )
    late = drive.read(700, "d2", status="alarm_high", lel_percent=60, buffered=True)
    assert "raised G04" in late
    assert drive.last().buffered


def test_after_a_step_back_a_snapshot_goes_on_and_marks_tell_their_own_time() -> None:
    drive = _stepped()
    drive.mark(605)
    assert drive.state.mark_ms == T0 + 605_000
    drive.read(606, lel_percent=12)
    again = Drive(facts("d1"), facts("d2"), marks=False)
    again.state = PartitionState()
    again.state.restore(
        drive.state.snapshot(), [make_spec(facts("d1"), POINTS), make_spec(facts("d2"), POINTS)]
    )
    again.seq = drive.seq
    assert again.mark(615) == []
    assert again.mark(616) == ["raised G01"]
