"""D03 behind a controller: one alert at it, except for devices in alarm, until it is back."""

from services.alerting.domain.decide import decide
from services.alerting.domain.fold import PartitionState
from services.alerting.domain.signals import Signal
from services.alerting.domain.site import SiteFacts, SiteState
from services.alerting.domain.spec import make_spec
from tests.unit.alerting.drive import POINTS, T0, Drive, facts

BEHIND = ("d1", "d2", "d3")
CITY = (
    facts("c1", "controller", client_id="c1"),
    *(facts(name, client_id="c1", zone=f"z-{name}") for name in BEHIND),
)


def city(*more: str) -> Drive:
    """Three detectors behind c1, and others that speak for themselves; all are heard at 2 s."""
    drive = Drive(*CITY, *(facts(name, client_id=name) for name in more))
    for name in ("c1", *BEHIND, *more):
        drive.read(2, name)
    return drive


def connection(drive: Drive, at_s: float, *, online: bool, boot_id: int = 5) -> list[str]:
    item = drive.item("c1", type="connection", client="c1", data={"online": online}, boot_id=boot_id, seq=-1)
    return drive.fold(at_s, [item])


def about(drive: Drive) -> list[tuple[str, str, str, tuple[str, ...]]]:
    return [
        (s.sign.value, s.subject, s.priority, s.device_ids)
        for s in drive.signals
        if isinstance(s, Signal) and s.rule == "D03"
    ]


def test_a_controller_that_goes_takes_its_devices_into_one_alert() -> None:
    drive = city("alone")
    assert connection(drive, 3, online=False) == []
    drive.marks_until(5, 400)
    assert sorted(about(drive)) == [
        ("raised", "alone", "P3", ("alone",)),
        ("raised", "c1", "P3", ("c1", *BEHIND)),
    ]


def test_it_is_graver_once_after_a_day() -> None:
    drive = city()
    connection(drive, 3, online=False)
    drive.marks_until(5, 86_500)
    assert [found[:3] for found in about(drive)] == [("raised", "c1", "P3"), ("raised", "c1", "P2")]


def test_a_device_in_alarm_is_p1_at_once_and_not_in_the_group() -> None:
    drive = city()
    drive.read(3, "d2", status="alarm_high")
    assert "raised D03" in connection(drive, 4, online=False)
    assert about(drive) == [("raised", "d2", "P1", ("d2",))]
    drive.marks_until(5, 400)
    assert about(drive)[1:] == [("raised", "c1", "P3", ("c1", "d1", "d3"))]


def test_devices_that_fall_silent_while_it_is_there_are_alerts_of_their_own() -> None:
    drive = city()
    for at_s in range(60, 400, 60):
        drive.read(at_s, "c1")
        drive.read(at_s, "d3")
        drive.marks_until(at_s + 5, at_s + 55)
    assert sorted(about(drive)) == [("raised", name, "P3", (name,)) for name in ("d1", "d2")]


def test_the_connection_that_comes_back_ends_it_and_who_stays_silent_is_named() -> None:
    drive = city()
    connection(drive, 3, online=False)
    drive.marks_until(5, 300)
    assert connection(drive, 301, online=True, boot_id=6) == ["cleared D03"]
    assert about(drive)[-1][:2] == ("cleared", "c1")
    drive.signals.clear()
    for at_s in (305, 355, 405):
        for name in ("c1", "d1", "d2"):
            drive.read(at_s, name)
        drive.marks_until(at_s, at_s + 45)
    assert about(drive) == []
    drive.marks_until(455, 460)
    assert about(drive) == [("raised", "d3", "P3", ("d3",))]


def test_a_word_from_behind_ends_it_too() -> None:
    drive = city()
    connection(drive, 3, online=False)
    drive.marks_until(5, 300)
    assert drive.read(301, "d2") == ["cleared D03"]
    assert about(drive)[-1][:2] == ("cleared", "c1")


def test_the_group_ends_with_its_last_device_only() -> None:
    drive = city()
    connection(drive, 3, online=False)
    drive.marks_until(5, 300)
    for name in ("d1", "d2", "c1"):
        drive.state.drop(name)
    assert drive.mark(305) == []
    drive.state.drop("d3")
    assert drive.mark(310) == ["cleared D03"]
    assert about(drive)[-1][:2] == ("cleared", "c1")


def test_a_device_under_maintenance_is_a_test_of_its_own() -> None:
    drive = city()
    under = facts("d1", client_id="c1", zone="z-d1", maintenance_until_ms=T0 + 9**9)
    drive.state.put(make_spec(under, POINTS))
    connection(drive, 3, online=False)
    drive.marks_until(5, 300)
    assert sorted(about(drive)) == [
        ("raised", "c1", "P3", ("c1", "d2", "d3")),
        ("raised", "d1", "P3", ("d1",)),
    ]


def test_a_snapshot_knows_the_group() -> None:
    drive = city()
    connection(drive, 3, online=False)
    drive.marks_until(5, 300)
    other = PartitionState()
    other.restore(drive.state.snapshot(), [make_spec(one, POINTS) for one in CITY])
    drive.state = other
    assert connection(drive, 301, online=True, boot_id=6) == ["cleared D03"]


def test_it_becomes_one_alert_that_names_them_all_and_ends() -> None:
    drive = city()
    connection(drive, 3, online=False)
    drive.marks_until(5, 300)
    state = SiteState(SiteFacts("s1", "op-1"))
    ids = iter(f"a{number}" for number in range(99))
    decide(state, drive.signals, T0, lambda: next(ids))
    (alert,) = state.alerts.values()
    assert (alert.rule, alert.subject, alert.device_ids) == ("D03", "c1", ("c1", *BEHIND))
    drive.signals.clear()
    connection(drive, 301, online=True, boot_id=6)
    decide(state, drive.signals, T0, lambda: next(ids))
    assert not next(iter(state.alerts.values())).active
