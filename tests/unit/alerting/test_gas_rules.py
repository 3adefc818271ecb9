"""G01–G06 by record time: delays, deadbands, the device's own bit, zones, rates and doses."""

from typing import Any

import pytest

from services.alerting.domain.signals import Sign, Signal
from tests.unit.alerting.drive import T0, Drive, facts


def test_g01_waits_ten_seconds_and_clears_after_sixty_below_the_deadband() -> None:
    drive = Drive()
    assert drive.read(0, lel_percent=1) == []
    assert drive.read(1, lel_percent=10) == []
    assert drive.read(10, lel_percent=12) == []
    assert drive.read(11, lel_percent=12) == ["raised G01"]
    assert drive.last().set_point == 10
    assert drive.read(20, lel_percent=8) == []  # inside the deadband
    assert drive.read(100, lel_percent=7) == []
    assert drive.read(159, lel_percent=2) == []
    assert drive.read(160, lel_percent=2) == ["cleared G01"]


def test_g01_needs_the_whole_delay() -> None:
    drive = Drive()
    drive.read(1, lel_percent=10)
    drive.read(5, lel_percent=3)
    assert drive.read(12, lel_percent=11) == []
    assert drive.read(21, lel_percent=11) == []
    assert drive.read(22, lel_percent=11) == ["raised G01"]


def test_a_delay_passes_by_any_record_of_the_partition() -> None:
    drive = Drive()
    drive.read(1, lel_percent=10)
    assert drive.mark(10) == []
    assert drive.mark(11) == ["raised G01"]


def test_a_rise_into_the_deadband_stops_an_off_delay() -> None:
    drive = Drive()
    drive.read(0, status="alarm_low", lel_percent=12)
    drive.read(5, lel_percent=3)
    drive.read(50, lel_percent=9)
    assert drive.mark(70) == []
    drive.read(80, lel_percent=3)
    assert drive.mark(139) == []
    assert drive.mark(140) == ["cleared G01"]


def test_the_device_s_own_bit_knows_no_on_delay() -> None:
    assert Drive().read(0, status="alarm_low", lel_percent=3) == ["raised G01"]
    assert Drive().event(0, "alarm_raised", level="low") == ["raised G01"]
    assert Drive().event(0, "alarm_raised", level="high", lel_percent=60) == ["raised G02", "raised G01"]


def test_status_only_devices_raise_and_clear() -> None:
    drive = Drive()
    assert drive.read(0, status="alarm_high") == ["raised G02", "raised G01"]
    assert drive.read(10) == []
    assert drive.mark(70) == []  # G01 is over, G02's off-delay is not
    assert drive.mark(130) == ["cleared G02"]


def test_an_event_and_a_status_are_one_episode() -> None:
    drive = Drive()
    assert drive.event(0, "alarm_raised", level="high") == ["raised G02", "raised G01"]
    assert drive.read(1, status="alarm_high", lel_percent=70) == []
    assert drive.event(2, "alarm_cleared") == []
    assert drive.read(3, status="normal", lel_percent=0) == []
    assert drive.mark(121) == []
    assert drive.mark(122) == ["cleared G02"]


def test_a_cleared_bit_does_not_hide_the_concentration() -> None:
    drive = Drive()
    drive.read(0, status="alarm_high", lel_percent=70)
    drive.event(1, "alarm_cleared")
    drive.read(10, lel_percent=70)
    assert drive.mark(300) == []
    drive.read(301, lel_percent=1)
    assert "cleared G02" in drive.mark(421)


def test_g02_takes_over_by_value_at_once() -> None:
    drive = Drive()
    assert drive.read(0, lel_percent=50) == ["raised G02"]
    found = drive.last()
    assert (found.priority, found.latched, found.value, found.buffered) == ("P1", True, 50, False)


def test_ppm_counts_only_with_a_known_basis() -> None:
    assert Drive().read(0, ppm=30_000) == []
    with_basis = Drive(facts(lel_basis_volpct=5.0))
    assert with_basis.read(0, ppm=30_000) == ["raised G02"]
    assert with_basis.last().value == 60


def test_stations_have_g03_in_place_of_g01() -> None:
    drive = Drive(facts(site_kind="lng_station"))
    assert drive.read(0, lel_percent=15) == []
    assert drive.read(100, lel_percent=20) == []
    assert drive.read(105, lel_percent=20) == ["raised G03"]
    assert drive.last().priority == "P1"
    assert Drive(facts(site_kind="gate_station")).read(0, status="alarm_low") == ["raised G03"]


def test_two_detectors_of_a_zone_are_g04() -> None:
    drive = Drive(facts("d1"), facts("d2"), facts("d3", zone="z2"))
    assert drive.read(0, "d1", lel_percent=12) == []
    assert drive.read(1, "d3", lel_percent=12) == []
    assert drive.read(2, "d2", lel_percent=12) == ["raised G04"]
    found = drive.last()
    assert (found.subject, found.device_ids, found.latched) == ("zone:z1", ("d1", "d2"), True)
    drive.read(3, "d2", lel_percent=1)
    assert "cleared G04" not in drive.mark(122)
    assert "cleared G04" in drive.mark(123)


def test_a_test_detector_makes_no_real_g04() -> None:
    under = facts("d2", maintenance_until_ms=T0 + 60_000)
    drive = Drive(facts("d1"), under, facts("d3"))
    drive.read(0, "d1", status="alarm_low")
    assert "raised G04" in drive.read(1, "d2", status="alarm_low")
    zone = [s for s in drive.signals if isinstance(s, Signal) and s.rule == "G04"]
    assert zone[-1].test
    assert "raised G04" in drive.read(2, "d3", status="alarm_low")
    zone = [s for s in drive.signals if isinstance(s, Signal) and s.rule == "G04"]
    assert not zone[-1].test


def test_g05_is_a_rise_over_two_minutes() -> None:
    drive = Drive(facts(site_kind="lng_station"))  # G03 at 20 leaves room to see G05 alone
    for at_s in range(0, 121, 20):
        assert drive.read(at_s, lel_percent=1 + at_s / 12.5) == []
    assert drive.read(140, lel_percent=12.7) == ["raised G05"]
    slow = Drive(facts(site_kind="lng_station"))
    for at_s in range(0, 400, 20):
        assert slow.read(at_s, lel_percent=1 + at_s / 25) == []


def test_g06_counts_exposure() -> None:
    co = facts(gas="CO")
    drive = Drive(co)
    for minute in range(10):
        assert drive.read(minute * 60, ppm=120) == []
    assert drive.read(600, ppm=120) == ["raised G06"]
    assert (drive.last().priority, drive.last().set_point) == ("P2", 100)
    assert drive.read(660, ppm=320) == ["raised G06"]
    assert (drive.last().priority, drive.last().set_point) == ("P1", 300)
    long = Drive(co)
    for minute in range(60):
        assert long.read(minute * 60, ppm=60) == []
    assert long.read(3600, ppm=60) == ["raised G06"]


def test_g06_exposure_decays() -> None:
    drive = Drive(facts(gas="CO"))
    for minute in range(9):
        drive.read(minute * 60, ppm=120)
    for minute in range(9, 18):
        drive.read(minute * 60, ppm=5)
    for minute in range(18, 27):
        assert drive.read(minute * 60, ppm=120) == []


def test_preheat_neither_raises_nor_clears_and_a_fault_never_clears() -> None:
    drive = Drive()
    assert drive.read(0, status="preheat", lel_percent=90) == []
    drive.read(1, status="alarm_high")
    drive.read(2, status="preheat", lel_percent=0)
    drive.read(3, status="fault", lel_percent=0)
    assert "cleared G02" not in drive.mark(90)
    assert Drive().read(0, status="fault", lel_percent=90) == ["raised G02"]


def test_a_buffered_or_late_alarm_is_not_fresh() -> None:
    drive = Drive()
    drive.read(0, status="alarm_high", buffered=True)
    assert drive.last().buffered
    late = Drive()
    late.read(0, lel_percent=1, time_ms=T0)
    late.read(100, status="alarm_high", time_ms=T0 + 60_000)
    assert late.last().buffered


def test_a_wrong_clock_does_not_make_a_message_late() -> None:
    for shift_ms in (-86_400_000, 86_400_000 * 365 * 70, -T0):
        drive = Drive()
        drive.read(0, lel_percent=1, time_ms=T0 + shift_ms)
        drive.read(10, status="alarm_high", time_ms=T0 + 10_000 + shift_ms)
        assert not drive.last().buffered
    without = Drive()
    without.read(0, status="alarm_high")
    assert not without.last().buffered


def test_repeats_come_at_most_every_five_seconds() -> None:
    drive = Drive()
    for at_s in range(21):
        drive.read(at_s, status="alarm_high", lel_percent=60)
    going_on = [
        s for s in drive.signals if isinstance(s, Signal) and s.sign == Sign.CONTINUES and s.rule == "G02"
    ]
    assert [s.record_ms - T0 for s in going_on] == [5_000, 10_000, 15_000, 20_000]


@pytest.mark.parametrize("status", ["muted", "shielded", "end_of_life", "fault"])
def test_who_measures_nothing_clears_nothing(status: str) -> None:
    drive = Drive()
    drive.event(0, "alarm_raised", level="high")
    drive.read(5, status=status)
    assert [word for word in drive.marks_until(10, 290) if word.startswith("cleared")] == []
    assert all(s.zone_lel_percent != 0 for s in drive.signals if isinstance(s, Signal))  # nothing looks safe
    drive.read(291)
    assert "cleared G02" in drive.marks_until(295, 420)


def test_a_muted_detector_that_measures_still_raises_and_clears() -> None:
    drive = Drive()
    assert drive.read(0, status="muted", lel_percent=60) == ["raised G02"]
    drive.read(20, status="muted", lel_percent=1)
    assert "cleared G02" in drive.marks_until(25, 150)


def test_a_concentration_that_could_not_be_read_clears_nothing() -> None:
    drive = Drive()
    drive.read(0, lel_percent=60)
    drive.read(5, dropped=["lel_percent"])
    assert "cleared G02" not in drive.marks_until(10, 140)
    drive.read(141, dropped=["battery_v"])
    assert "cleared G02" in drive.marks_until(145, 270)


def test_an_alarm_event_counts_whatever_status_stands_beside_it() -> None:
    drive = Drive()
    drive.read(0)
    event = drive.item(type="alarm_raised", status="normal", data={"level": "high"})
    assert drive.fold(1, [event]) == ["raised G02", "raised G01"]


def test_an_alarm_event_counts_whatever_fields_of_other_events_hold() -> None:
    odd: dict[str, Any] = {
        "code": 17,
        "reason": 3,
        "on": "yes",
        "online": 1,
        "position": [],
        "passed": None,
        "kind": {},
    }
    assert Drive().event(0, "alarm_raised", level="high", **odd) == ["raised G02", "raised G01"]
