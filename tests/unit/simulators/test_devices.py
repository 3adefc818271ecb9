"""Gas fills a room, detectors follow, valves close and are opened by hand only."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.devices import Detector, Regulator, Valve
from simulators.physics import Line, Room


@given(st.floats(1, 500), st.floats(0.1, 60), st.floats(5, 500))
def test_concentration_stays_between_nothing_and_everything(leak, air_changes, volume):
    room = Room(volume_m3=volume, air_changes_per_h=air_changes, leak_m3h=leak)
    for _ in range(200):
        room.step(5.0, supplied=True)
        assert 0.0 <= room.share <= 1.0


def test_a_leak_settles_where_ventilation_carries_it_off():
    """Equilibrium of dc/dt = (q(1 − c) − nV/3600·c)/V is c = q/(q + nV)."""
    room = Room(volume_m3=40, air_changes_per_h=6, leak_m3h=24)
    for _ in range(20_000):
        room.step(1.0, supplied=True)
    assert room.share == pytest.approx(24 / (24 + 240), rel=1e-3)


def test_a_closed_valve_lets_the_room_clear():
    room = Room(leak_m3h=400, share=0.03)
    for _ in range(3_600):
        room.step(1.0, supplied=False)
    assert room.lel_percent < 1


def test_a_detector_says_low_then_high_then_cleared_once_each():
    detector = Detector("d", "detector", room=Room(leak_m3h=400))
    said = []
    for second in range(400):
        if second == 60:
            detector.room.leak_m3h = 0
            detector.room.air_changes_per_h = 240
        detector.room.step(1.0, supplied=True)
        said += detector.step(1.0)
    assert [(type_, data.get("level")) for type_, data in said] == [
        ("alarm_raised", "low"),
        ("alarm_raised", "high"),
        ("alarm_cleared", None),
    ]


def test_a_valve_takes_its_motors_time_and_a_stuck_one_never_moves():
    valve, stuck = Valve("v", "valve", motor_s=2.0), Valve("s", "valve", stuck=True)
    assert valve.close("command", "c1")[0][1] == {
        "position": "closing",
        "cause": "command",
        "command_id": "c1",
    }
    assert valve.step(1.9) == []
    assert valve.step(0.2)[0][1]["position"] == "closed"
    assert valve.close("command", "c2") == []
    assert stuck.close("command", "c1") == []
    assert stuck.position == "open"


def test_a_regulator_trips_once():
    regulator = Regulator("r", "regulator", line=Line(target_kpa=6.0))
    said = [one for _ in range(100) for one in regulator.step(1.0)]
    assert said == [("trip", {"kind": "over_pressure"})]
    assert regulator.fields()["status"] == "alarm"


def test_a_regulator_never_shows_the_trip_value_before_its_cutoff_trips():
    regulator = Regulator("r", "regulator")
    regulator.line.outlet_kpa = regulator.trip_kpa - 0.001
    assert all(regulator.fields()["outlet_pressure_kpa"] < regulator.trip_kpa for _ in range(500))
    regulator.line.outlet_kpa = regulator.line.target_kpa = regulator.trip_kpa + 0.1
    assert regulator.step(0.1) == [("trip", {"kind": "over_pressure"})]
    assert any(regulator.fields()["outlet_pressure_kpa"] > regulator.trip_kpa for _ in range(500))
