"""S02: late marks by the clock, unreadable items, quarantine; in the folding process itself."""

from typing import Any

from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.signals import Signal
from services.alerting.entrypoints.decoding import Bad
from services.alerting.entrypoints.owned import Owned
from services.alerting.entrypoints.watch import Watch
from services.alerting.ports import Claim
from tests.unit.alerting.drive import POINTS, T0


class Clock:
    def __init__(self) -> None:
        self.s = 0.0

    def now_ms(self) -> int:
        return T0 + int(self.s * 1000)

    def monotonic(self) -> float:
        return self.s


class Registry:
    points: dict[str, SetPoint] = POINTS

    def site_of(self, device_id: str) -> str:
        return "s1"


def watch() -> tuple[Watch, Clock, Owned]:
    clock = Clock()
    registry: Any = Registry()
    return Watch(registry, clock, "1"), clock, Owned(Claim(3, 0, 1, None, 0), [], 0.0)


def words(signals: Any) -> list[str]:
    return [f"{s.sign} {s.subject}" for s in signals if isinstance(s, Signal)]


def test_marks_late_by_fifteen_seconds_are_one_alert() -> None:
    eye, clock, owned = watch()
    owned.fold(0, T0, b"ingestion-1", b"[]")
    assert words(eye.look([owned], lambda _: True)) == ["cleared marks:1", "cleared poison:1"]
    clock.s = 15.0
    assert words(eye.look([owned], lambda _: True)) == []
    clock.s = 15.1
    assert words(eye.look([owned], lambda _: True)) == ["raised marks:1"]
    assert words(eye.look([owned], lambda _: True)) == []
    owned.fold(1, clock.now_ms(), b"ingestion-1", b"[]")
    assert words(eye.look([owned], lambda _: True)) == ["cleared marks:1", "cleared poison:1"]


def test_one_of_two_ingestions_that_falls_silent_is_told() -> None:
    eye, clock, owned = watch()
    for name in (b"ingestion-1", b"ingestion-2"):
        owned.fold(owned.next, T0, name, b"[]")
    eye.look([owned], lambda _: True)
    for second in range(0, 18, 2):
        clock.s = float(second)
        owned.fold(owned.next, clock.now_ms(), b"ingestion-1", b"[]")
    assert words(eye.look([owned], lambda _: True)) == ["raised marks:1"]
    owned.fold(owned.next, clock.now_ms(), b"ingestion-2", b"[]")
    assert words(eye.look([owned], lambda _: True)) == ["cleared marks:1", "cleared poison:1"]


def test_an_own_backlog_is_not_the_platform_s_silence() -> None:
    eye, clock, owned = watch()
    clock.s = 60.0
    assert words(eye.look([owned], lambda _: False)) == []
    assert words(eye.look([owned], lambda _: True)) == ["raised marks:1"]


def test_a_fresh_claim_gets_its_fifteen_seconds() -> None:
    eye, clock, owned = watch()
    clock.s = 14.9
    assert words(eye.look([owned], lambda _: True)) == []


def test_an_unreadable_alarm_begins_and_ends_at_once() -> None:
    eye, _, _ = watch()
    halt, signals = eye.unreadable(Bad(b'{"type":"alarm_raised"', "no json", "d1"))
    assert (halt, words(signals)) == (False, ["raised unreadable:d1", "cleared unreadable:d1"])
    assert {(s.device_ids, s.reason) for s in signals if isinstance(s, Signal)} == {
        (("d1",), "unreadable_alarm")
    }
    _, [nobody, _] = eye.unreadable(Bad(b"alarm", "no json", ""))
    assert isinstance(nobody, Signal)
    assert nobody.device_ids == ()


def test_poison_of_one_device_is_quarantine_and_of_many_a_halt() -> None:
    eye, clock, owned = watch()
    found = [eye.unreadable(Bad(b"x", "", "d1")) for _ in range(20)]
    assert words(found[-1][1]) == ["raised quarantine:d1"]
    clock.s = 700.0
    owned.fold(0, clock.now_ms(), b"i", b"[]")
    assert "cleared quarantine:d1" in words(eye.look([owned], lambda _: True))
    halts = [eye.unreadable(Bad(b"x", "", f"e{n % 6}")) for n in range(20)]
    assert [halt for halt, _ in halts] == [False] * 19 + [True]
    assert words(halts[-1][1]) == ["raised poison:1"]


def test_a_snapshot_that_cannot_be_read_starts_afresh() -> None:
    owned = Owned(Claim(3, 9, 2, b"garbage", 5), [], 0.0)
    assert owned.unreadable
    assert owned.next == 5
    assert owned.replaying
    signals, bad, _ = owned.fold(5, T0, None, b"[not json]")
    assert (signals, bad) == ([], [])
    assert owned.advance() is None


def test_a_quarantine_of_an_earlier_process_ends_too() -> None:
    eye, clock, owned = watch()
    eye.remember(["d7"])
    clock.s = 601.0
    assert words(eye.look([owned], lambda _: False)) == ["cleared quarantine:d7"]
