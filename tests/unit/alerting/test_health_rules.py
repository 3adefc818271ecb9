"""D01, D02, D03, D08 and S02: the devices' own health, silence up to the marks, strangers."""

from services.alerting.domain.health import until_open_ms
from services.alerting.domain.setpoints import SetPoints
from services.alerting.domain.signals import OnlineSeen, Sign, Signal
from services.alerting.domain.spec import make_spec
from tests.unit.alerting.drive import T0, Drive, facts, said

HOUR_MS = 3_600_000


def test_d01_waits_five_minutes_and_clears_after_ten() -> None:
    drive = Drive()
    drive.read(0, status="muted", lel_percent=1)
    assert drive.mark(299) == []
    assert "raised D01" in drive.mark(300)
    drive.read(310, lel_percent=1)
    assert "cleared D01" not in drive.mark(909)
    assert "cleared D01" in drive.mark(910)


def test_d01_knows_the_events_too() -> None:
    for type_, on, off in (
        ("muted", {"on": True}, {"on": False}),
        ("fault_raised", {"code": "power_lost"}, {"code": "power_lost"}),
    ):
        drive = Drive(marks=False)
        drive.event(0, type_, **on)
        assert drive.event(300, "self_check", passed=True) == ["raised D01"]
        drive.event(301, "fault_cleared" if type_ != "muted" else "muted", **off)
        assert drive.event(901, "self_check", passed=True) == ["cleared D01"]


def test_d01_begins_in_business_hours_only() -> None:
    # T0 is 06:13:20 in Shanghai.
    drive = Drive(facts(business_hours=(6 * 60 + 20, 22 * 60)), marks=False)
    drive.read(0, status="muted")
    assert drive.read(399, status="muted") == []
    assert drive.read(400, status="muted") == []
    assert drive.read(699, status="muted") == []
    assert drive.read(700, status="muted") == ["raised D01"]


def test_business_hours_may_pass_midnight() -> None:
    spec = make_spec(facts(business_hours=(18 * 60, 2 * 60)), SetPoints().at(T0))
    midnight = T0 - T0 % 86_400_000 - 8 * HOUR_MS
    for hour, waits_h in ((1, 0), (2, 16), (17, 1), (18, 0), (23, 0)):
        assert until_open_ms(spec, midnight + hour * HOUR_MS) == waits_h * HOUR_MS


def test_d02_waits_a_hundred_seconds() -> None:
    drive = Drive(marks=False)
    drive.read(0, status="fault")
    assert drive.read(99, status="fault") == []
    assert drive.read(100, status="fault") == ["raised D02"]
    drive.read(110, lel_percent=1)
    assert drive.read(410, lel_percent=1) == ["cleared D02"]
    codes = Drive(marks=False)
    codes.event(0, "fault_raised", code="sensor_failing")
    codes.event(50, "fault_raised", code="low_battery")
    assert codes.event(100, "self_check", passed=True) == ["raised D02"]
    codes.event(110, "fault_cleared", code="sensor_failing")
    assert codes.event(500, "self_check", passed=True) == []  # the battery is still low
    codes.event(510, "fault_cleared", code="low_battery")
    assert codes.event(810, "self_check", passed=True) == ["cleared D02"]


def test_a_new_boot_forgets_the_faults_of_the_one_before() -> None:
    drive = Drive(marks=False)
    drive.event(0, "fault_raised", code="tamper")
    assert drive.fold(1, [drive.item(type="boot", boot_id=2, seq=0)]) == []
    assert drive.fold(2, [drive.item(type="fault_raised", seq=1, data={"code": "tamper"})]) == []
    assert drive.mark(700) == []


def test_d03_comes_after_two_and_a_half_heartbeats_of_marks() -> None:
    drive = Drive()
    drive.read(2, lel_percent=1)
    assert drive.marks_until(5, 150) == []
    assert drive.marks_until(155, 155) == ["raised D03"]
    assert drive.last().priority == "P3"
    assert drive.read(160, lel_percent=1) == ["cleared D03"]
    assert drive.marks_until(165, 305) == []
    assert drive.marks_until(310, 310) == ["raised D03"]


def test_d03_is_graver_after_a_day() -> None:
    drive = Drive()
    drive.read(2, lel_percent=1)
    assert drive.marks_until(5, 86_405) == ["raised D03", "raised D03"]
    assert drive.last().priority == "P2"
    assert drive.last().record_ms - T0 == 86_405_000


def test_without_marks_nobody_is_silent() -> None:
    drive = Drive(facts("d1"), facts("d2"))
    drive.read(2, "d1", lel_percent=1)
    for at_s in range(5, 1000, 5):
        assert drive.read(at_s, "d2", lel_percent=1) == []
    # The marks come back: the platform was deaf, so that the devices get their time anew.
    assert drive.mark(1000) == []
    assert drive.marks_until(1005, 1145) == []
    assert drive.marks_until(1150, 1150) == ["raised D03"] * 2


def test_the_slowest_ingestion_sets_the_horizon() -> None:
    drive = Drive()
    drive.mark(1, "ingestion-2")
    drive.read(2, lel_percent=1)
    assert [word for at_s in range(5, 600, 5) for word in drive.mark(at_s, "ingestion-2")] == []


def test_silence_with_an_active_alarm_is_p1() -> None:
    drive = Drive()
    drive.read(2, status="alarm_high")
    assert drive.marks_until(5, 25) == []
    assert drive.mark(30) == ["raised D03"]
    assert drive.last().priority == "P1"
    assert drive.marks_until(35, 600) == []  # the alarm itself lasts
    assert drive.read(601, status="alarm_high") == ["cleared D03"]


def test_after_an_alarm_the_usual_heartbeat_holds_again() -> None:
    drive = Drive()
    drive.read(2, status="alarm_low")
    drive.read(12, lel_percent=1)
    assert drive.marks_until(15, 160) == ["cleared G01"]
    assert drive.marks_until(165, 165) == ["raised D03"]
    assert drive.last().priority == "P3"


def test_a_device_that_calls_itself_normal_keeps_its_heartbeat_while_the_alarm_lasts() -> None:
    drive = Drive()
    drive.read(2, status="alarm_low", lel_percent=12)
    assert drive.marks_until(5, 10) == []
    drive.read(11, status="alarm_low", lel_percent=12)
    drive.read(15, lel_percent=8)  # inside the deadband: the alarm lasts, the device speaks once a minute
    assert "raised D03" not in drive.marks_until(20, 160)
    assert drive.marks_until(165, 170) == ["raised D03"]
    assert drive.last().priority == "P1"


def test_a_lost_connection_with_an_active_alarm_is_p1_at_once() -> None:
    drive = Drive(facts("d1", client_id="c1"), facts("v1", "valve", client_id="c1"))
    drive.read(0, status="alarm_high")
    found = drive.fold(1, [drive.item("c1", type="connection", data={"online": False}, boot_id=5, seq=-1)])
    assert found == ["raised D03", "OnlineSeen"]
    assert isinstance(drive.signals[-1], OnlineSeen)
    older = drive.item("c1", type="connection", data={"online": True}, boot_id=4, seq=-1)
    assert drive.fold(2, [older]) == []
    quiet = Drive(facts("d1", client_id="c1"))
    quiet.read(0, lel_percent=1)
    assert quiet.fold(1, [quiet.item("c1", type="connection", data={"online": False}, seq=-1)]) == []


def test_an_unregistered_alarm_is_d08_at_its_client_s_site() -> None:
    drive = Drive(facts("d1", client_id="c1"))
    stranger = drive.item("x1", status="alarm_high", unregistered=True, client="c1", lel_percent=70)
    assert drive.fold(0, [stranger]) == ["raised D08"]
    found = drive.last()
    assert (found.site_id, found.subject, found.unregistered, found.value) == ("s1", "x1", True, 70)
    again = drive.item("x1", status="alarm_high", unregistered=True, client="c1")
    assert drive.fold(300, [again]) == []
    assert drive.mark(899) == []
    assert drive.mark(900) == ["cleared D08"]


def test_a_rejected_alarm_is_s02_at_its_client_s_site() -> None:
    drive = Drive(facts("d1", client_id="c1"))
    rejected = drive.item("c1", type="alarm_rejected", data={"reason": "not_json", "sha256": "00"}, seq=-1)
    assert drive.fold(0, [rejected]) == ["raised S02"]
    assert (drive.last().site_id, drive.last().priority) == ("s1", "P1")
    assert drive.mark(600) == ["cleared S02"]


def test_maintenance_marks_tests_and_ends_by_itself() -> None:
    drive = Drive(facts(maintenance_until_ms=T0 + 60_000))
    drive.read(0, status="alarm_high")
    assert drive.last().test
    drive.read(61, status="alarm_high")
    assert not drive.last().test


def test_an_item_that_no_rule_can_read_stops_nothing() -> None:
    drive = Drive(facts("d1"), facts("d2"), poisoned=True)
    broken = drive.item("d1", type="alarm_raised", data=[1, 2])
    good = drive.item("d2", status="alarm_high")
    assert drive.fold(0, [broken, good]) == ["raised G02", "raised G01"]
    assert drive.poison == ["d1"]


def test_a_client_that_makes_up_ids_buries_nobody() -> None:
    drive = Drive(facts("c1"), facts("c2", site_id="s2"))
    for n in range(3_000):
        drive.fold(n // 1000, [drive.item(f"x{n}", type="alarm_raised", unregistered=True, client="c1")])
    drive.fold(3, [drive.item("y1", status="alarm_high", unregistered=True, client="c2")])
    told = {s.subject for s in drive.signals if isinstance(s, Signal) and s.sign == Sign.RAISED}
    assert told == {f"x{n}" for n in range(20)} | {"strangers:c1", "y1"}
    assert len(drive.state.snapshot()) < 5_000
    drive.mark(2_000)
    over = {s.subject for s in drive.signals if isinstance(s, Signal) and s.sign == Sign.CLEARED}
    assert over == told


def test_a_stranger_that_goes_on_is_one_alert_until_it_is_quiet_for_ten_minutes() -> None:
    drive = Drive(facts("c1"))
    for at_s in range(0, 3_600, 300):
        drive.fold(at_s, [drive.item("x1", status="alarm_high", unregistered=True, client="c1")])
    assert said(drive.signals) == ["raised D08"]
    assert drive.marks_until(3_305, 3_895) == []
    assert drive.marks_until(3_900, 3_905) == ["cleared D08"]
