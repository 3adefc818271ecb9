"""P01–P04, L01–L03 and O01 by record time."""

from typing import Any

import pytest

from services.alerting.domain.spec import trip_kpa
from tests.unit.alerting.drive import Drive, facts

REGULATOR = facts("r1", "regulator", site_kind="regulating_station", trip_kpa=4.0, rated_kpa=2.0)


def test_the_trip_follows_from_the_upper_working_pressure() -> None:
    for upper, trip in ((2.0, 3.0), (79.0, 118.5), (80.0, 120.0), (400.0, 440.0), (800.0, 880.0)):
        assert trip_kpa(facts(upper_working_kpa=upper)) == pytest.approx(trip)
    assert trip_kpa(facts(upper_working_kpa=80.0, trip_kpa=100.0)) == 100.0
    assert trip_kpa(facts()) is None


def test_p01_then_p02_take_one_family() -> None:
    drive = Drive(REGULATOR)
    assert drive.read(0, "r1", outlet_pressure_kpa=3.6) == []
    assert drive.read(15, "r1", outlet_pressure_kpa=3.7) == ["raised P01"]
    assert drive.last().family == "outlet_high"
    assert drive.read(16, "r1", outlet_pressure_kpa=4.0) == ["raised P02"]
    assert (drive.last().priority, drive.last().latched, drive.last().unit) == ("P1", True, "kPa")
    assert drive.read(20, "r1", outlet_pressure_kpa=3.55) == []  # below the trip, inside P01's deadband
    assert drive.read(30, "r1", outlet_pressure_kpa=2.0) == []
    assert drive.mark(90) == ["cleared P01"]


def test_a_trip_event_is_p02_until_it_is_reset() -> None:
    drive = Drive(REGULATOR)
    assert drive.event(0, "trip", "r1", kind="slam_shut") == ["raised P02"]
    assert drive.last().reason == "slam_shut"
    item = drive.item("r1", type="trip", data={"kind": "slam_shut"}, seq=0)
    assert drive.fold(1, [item]) == []


def test_the_regulator_s_own_alarm_is_what_its_value_shows() -> None:
    assert Drive(REGULATOR).read(0, "r1", "alarm", outlet_pressure_kpa=3.7) == ["raised P01"]
    assert Drive(REGULATOR).read(0, "r1", "alarm", outlet_pressure_kpa=1.0) == ["raised P03"]
    assert Drive(REGULATOR).read(0, "r1", "alarm") == ["raised P02"]


def test_p03_waits_thirty_seconds() -> None:
    drive = Drive(REGULATOR)
    drive.read(0, "r1", outlet_pressure_kpa=1.4)
    assert drive.mark(29) == []
    assert drive.mark(30) == ["raised P03"]
    drive.read(40, "r1", outlet_pressure_kpa=1.55)  # deadband: 5 % of the rated pressure
    drive.read(50, "r1", outlet_pressure_kpa=1.6)
    assert drive.mark(169) == []
    assert drive.mark(170) == ["cleared P03"]


@pytest.mark.parametrize("kind", ["regulator", "flow_meter"])
def test_p04_needs_pressure_to_fall_and_flow_to_surge(kind: str) -> None:
    field = "outlet_pressure_kpa" if kind == "regulator" else "pressure_kpa"

    def run(pressure: float, flow: float) -> list[str]:
        drive = Drive(facts("m1", kind))
        words = []
        for at_s in range(0, 121, 5):
            cut = at_s > 60
            fields: dict[str, Any] = {field: pressure if cut else 200.0, "flow_m3h": flow if cut else 100.0}
            words += drive.read(at_s, "m1", **fields)
        return words

    assert run(150.0, 160.0) == ["raised P04"]
    assert run(195.0, 160.0) == []
    assert run(150.0, 110.0) == []


def test_l01_is_near_the_relief_pressure() -> None:
    drive = Drive(facts("t1", "tank", relief_kpa=800.0))
    drive.read(0, "t1", pressure_kpa=760.0)
    assert drive.read(15, "t1", pressure_kpa=761.0) == ["raised L01"]
    assert Drive(facts("t1", "tank", relief_kpa=800.0)).read(0, "t1", "alarm") == ["raised L01"]


def test_l02_has_the_site_s_limits_and_lpg_eighty_five() -> None:
    drive = Drive(facts("t1", "tank", site_kind="lpg_station", gas="LPG", level_low_percent=10.0))
    drive.read(0, "t1", level_percent=86.0)
    assert drive.mark(60) == ["raised L02"]
    assert (drive.last().family, drive.last().set_point) == ("level_high", 85.0)
    drive.read(61, "t1", level_percent=50.0)
    assert drive.mark(121) == ["cleared L02"]
    drive.read(200, "t1", level_percent=9.0)
    assert drive.mark(260) == ["raised L02"]
    assert drive.last().family == "level_low"


def test_l03_is_a_cold_vaporizer() -> None:
    drive = Drive(facts("v1", "vaporizer"))
    drive.read(0, "v1", outlet_temperature_c=4.9)
    assert drive.mark(60) == ["raised L03"]
    drive.read(70, "v1", outlet_temperature_c=5.5)
    assert drive.mark(200) == []
    drive.read(201, "v1", outlet_temperature_c=6.0)
    assert drive.mark(261) == ["cleared L03"]


def test_o01_needs_two_samples() -> None:
    drive = Drive(facts("o1", "odorizer"))
    assert drive.read(0, "o1", odorant_mg_m3=15.0) == []
    assert drive.read(60, "o1", odorant_mg_m3=25.0) == []
    assert drive.read(120, "o1", odorant_mg_m3=15.0) == []
    assert drive.read(180, "o1", odorant_mg_m3=15.0) == ["raised O01"]
    assert drive.read(240, "o1", odorant_mg_m3=25.0) == ["cleared O01"]


@pytest.mark.parametrize(
    ("kind", "rule", "off_s", "fields"),
    [
        ("tank", "L01", 60, {"pressure_kpa": 500.0}),
        ("vaporizer", "L03", 60, {}),
        ("regulator", "P02", 0, {"outlet_pressure_kpa": 2.0}),
    ],
)
def test_an_own_alarm_without_limits_ends_with_the_next_normal_reading(
    kind: str, rule: str, off_s: int, fields: dict[str, Any]
) -> None:
    drive = Drive(facts("i1", kind))
    assert drive.event(0, "alarm_raised", "i1", level="high") == [f"raised {rule}"]
    words = drive.read(10, "i1", **fields)
    assert words + drive.mark(10 + off_s) == [f"cleared {rule}"]
