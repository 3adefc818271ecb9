import datetime as dt
from dataclasses import replace

import pytest

from services.registry.domain.coverage import Device, Tally, judge, life_end, overdue_on, years_after

DAY = dt.date(2026, 6, 1)
DETECTOR = Device("d", "detector", "CH4", dt.date(2026, 1, 1), active=True)
VALVE = Device("v", "valve", None, dt.date(2026, 1, 1), active=True)


def test_a_working_alarm_and_valve_cover() -> None:
    assert judge([DETECTOR, VALVE], DAY, residential=False).covered


@pytest.mark.parametrize(
    ("devices", "reasons"),
    [
        ([], ("detector_missing", "valve_missing")),
        ([DETECTOR], ("valve_missing",)),
        ([VALVE], ("detector_missing",)),
        ([replace(DETECTOR, active=False), VALVE], ("detector_blocked",)),
        ([replace(DETECTOR, retired_on=DAY, active=False), VALVE], ("detector_retired",)),
        ([replace(DETECTOR, installed_on=dt.date(2026, 6, 2)), VALVE], ("detector_not_installed",)),
        ([replace(DETECTOR, installed_on=dt.date(2023, 6, 1)), VALVE], ("detector_past_life",)),
        ([DETECTOR, replace(VALVE, installed_on=dt.date(2016, 6, 1))], ("valve_past_life",)),
        ([replace(DETECTOR, tested_on=DAY, test_passed=False), VALVE], ("detector_test_failed",)),
        ([replace(DETECTOR, gas="CO"), VALVE], ("detector_missing",)),
    ],
)
def test_why_not(devices: list[Device], reasons: tuple[str, ...]) -> None:
    found = judge(devices, DAY, residential=False)
    assert (found.covered, found.reasons) == (False, reasons)


def test_the_day_before_the_end_of_life_still_counts() -> None:
    assert judge([replace(DETECTOR, installed_on=dt.date(2023, 6, 2)), VALVE], DAY, residential=False).covered


def test_residential_detectors_live_five_years() -> None:
    old = replace(DETECTOR, installed_on=dt.date(2022, 1, 1))
    assert judge([old, VALVE], DAY, residential=True).covered
    assert not judge([old, VALVE], DAY, residential=False).covered


def test_overdue_is_flagged_but_counts() -> None:
    old = replace(DETECTOR, installed_on=dt.date(2025, 5, 31))
    found = judge([old, VALVE], DAY, residential=False)
    assert (found.covered, found.overdue) == (True, ("d",))
    assert not overdue_on(replace(old, tested_on=dt.date(2025, 6, 1)), DAY)
    assert overdue_on(replace(VALVE, installed_on=dt.date(2025, 11, 29)), DAY)
    assert not overdue_on(replace(VALVE, installed_on=dt.date(2025, 11, 30)), DAY)


def test_another_working_device_makes_up_for_a_failed_one() -> None:
    failed = replace(DETECTOR, device_id="d2", active=False)
    assert judge([failed, DETECTOR, VALVE], DAY, residential=False).covered


def test_leap_days() -> None:
    assert years_after(dt.date(2024, 2, 29), 3) == dt.date(2027, 3, 1)
    assert life_end("tank", DAY, residential=False) is None


def test_residents_count_apart_and_those_not_obliged_do_not() -> None:
    tally = Tally()
    covered, bare = (judge(devices, DAY, residential=False) for devices in ([DETECTOR, VALVE], []))
    tally.add(covered, residential=False, obliged=True)
    tally.add(bare, residential=False, obliged=True)
    tally.add(bare, residential=False, obliged=False)
    tally.add(bare, residential=True, obliged=True)
    assert (tally.obliged, tally.covered, tally.residential, tally.residential_covered) == (2, 1, 1, 0)
    assert tally.ratio == 0.5
    assert tally.missing == {"detector_missing": 1, "valve_missing": 1}
    assert Tally().ratio is None
