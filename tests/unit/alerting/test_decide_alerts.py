"""Decisions on alerts: one per episode, take-over, latches, late words, tests, values."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.domain.episodes import Reason
from services.alerting.domain.signals import Sign
from tests.unit.alerting.room import FACTS, NOW, Room, gas


def test_g01_alone_closes_nothing_and_g02_takes_it_over() -> None:
    room = Room()
    room.take(gas("G01"))
    assert room.commands == 0
    first = room.alert("G01")
    room.state.change(first, None, acknowledged=True, acknowledged_at_ms=NOW)
    assert room.take(gas("G02")) == [Reason.TOOK_OVER]
    alert = room.alert("G02")
    assert alert.alert_id == first.alert_id
    assert (alert.priority, alert.latched, alert.acknowledged) == ("P1", True, False)
    assert room.commands == 1
    assert len(room.state.alerts) == 1


def test_a_milder_raise_is_a_repeat_of_the_graver_one() -> None:
    room = Room()
    assert room.take(gas("G02"), gas("G01")) == [Reason.OPENED, Reason.REPEATED]
    assert room.alert("G02").repeat_count == 1
    assert room.lines("G02") == ["raised", "command_sent"]  # a line at most every ten seconds


def test_a_latched_alert_outlives_its_condition() -> None:
    room = Room()
    room.take(gas())
    assert room.take(gas(sign=Sign.CLEARED)) == [Reason.LATCHED]
    alert = room.alert("G02")
    assert (alert.active, alert.in_condition) == (True, False)
    assert room.take(gas()) == [Reason.RETURNED]
    assert room.alert("G02").in_condition
    assert room.lines("G02").count("raised") == 2


def test_returned_to_normal_stays_listed_until_acknowledged() -> None:
    room = Room()
    room.take(gas("G01"))
    assert room.take(gas("G01", sign=Sign.CLEARED)) == [Reason.CLEARED]
    alert = room.alert("G01")
    assert (alert.active, alert.open, alert.cleared_at_ms) == (False, True, NOW)
    assert room.take(gas("G01", sign=Sign.CLEARED)) == [Reason.NOT_OPEN]
    assert room.take(gas("G01")) == [Reason.OPENED]
    assert len(room.state.alerts) == 2


def test_an_alarm_that_goes_on_without_an_alert_opens_one() -> None:
    room = Room()
    assert room.take(gas(sign=Sign.CONTINUES)) == [Reason.OPENED]
    assert room.take(gas(sign=Sign.EASED, family="rise", rule="G05")) == [Reason.NOT_OPEN]


def test_a_late_raise_opens_what_is_over_and_moves_nothing() -> None:
    room = Room()
    assert room.take(gas(sign=Sign.LATE, buffered=True)) == [Reason.OPENED_CLEARED]
    alert = room.alert("G02")
    assert (alert.active, alert.acknowledged, alert.latched, alert.cleared_at_ms) == (
        False,
        False,
        False,
        NOW,
    )
    assert room.commands == 0


def test_when_maintenance_ends_the_alarm_becomes_real() -> None:
    room = Room()
    room.take(gas(test=True))
    assert room.take(gas(sign=Sign.CONTINUES)) == [Reason.MAINTENANCE_OVER]
    assert not room.alert("G02").test
    assert room.commands == 1


def test_an_alert_without_a_value_takes_the_first_that_comes() -> None:
    room = Room()
    room.take(gas(value=None))
    room.take(gas(sign=Sign.CONTINUES, value=70.0, record_ms=NOW + 20_000), at_ms=NOW + 20_000)
    room.take(gas(sign=Sign.CONTINUES, value=90.0, record_ms=NOW + 40_000), at_ms=NOW + 40_000)
    assert room.alert("G02").value == 70.0


def test_reserved_sites_and_unregistered_devices_are_marked() -> None:
    room = Room(replace(FACTS, reserved=True))
    room.take(gas(unregistered=True))
    assert (room.alert("G02").reserved, room.alert("G02").unregistered) == (True, True)


SIGNS = st.sampled_from([Sign.RAISED, Sign.CONTINUES, Sign.EASED, Sign.CLEARED, Sign.LATE])
RULES = st.sampled_from(["G01", "G02"])


@settings(max_examples=200)
@given(st.lists(st.tuples(SIGNS, RULES, st.booleans()), max_size=30))
def test_never_two_active_alerts_of_a_family(steps: list[tuple[Sign, str, bool]]) -> None:
    room = Room()
    for n, (sign, rule, test) in enumerate(steps):
        room.take(gas(rule, sign, NOW + n * 3000, test=test), at_ms=NOW + n * 3000)
        assert sum(a.active for a in room.state.alerts.values()) <= 1
        revisions = [c.alert.revision for c in room.state.changed]
        assert len(revisions) == len(room.state.changed)


def test_a_latched_alert_whose_condition_returns_is_raised_anew() -> None:
    room = Room()
    room.take(gas())
    room.state.change(room.alert("G02"), None, acknowledged=True, acknowledged_at_ms=NOW)
    room.take(gas(sign=Sign.CLEARED))
    assert room.take(gas()) == [Reason.RETURNED]
    alert = room.alert("G02")
    assert (alert.in_condition, alert.acknowledged) == (True, False)
    assert room.lines("G02").count("raised") == 2


def test_the_value_is_what_raised_the_present_priority() -> None:
    room = Room()
    room.take(gas("G01", value=26.0))
    room.take(gas("G01", sign=Sign.CONTINUES, value=31.0), at_ms=NOW + 20_000)
    assert room.alert("G01").value == 26.0
    room.take(gas("G02", value=52.0), at_ms=NOW + 30_000)
    room.take(gas("G02", value=61.0), at_ms=NOW + 45_000)
    room.take(gas("G02", sign=Sign.CONTINUES, value=10.3), at_ms=NOW + 65_000)
    assert room.alert("G02").value == 52.0
    room.take(gas("G02", sign=Sign.CLEARED, value=None), at_ms=NOW + 70_000)
    room.take(gas("G02", value=55.0), at_ms=NOW + 90_000)
    assert room.alert("G02").value == 55.0, "latched, gone and back: what brought it back"
