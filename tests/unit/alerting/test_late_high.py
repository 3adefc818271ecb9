"""A high alarm that comes behind a newer word of its own episode is told, once, and moves nothing."""

from services.alerting.domain.signals import Sign
from tests.unit.alerting.drive import Drive


def test_a_high_alarm_overtaken_by_a_low_word_is_told_once() -> None:
    drive = Drive()
    assert drive.fold(1, [drive.item(status="alarm_low", lel_percent=20, seq=8)]) == ["raised G01"]
    late = drive.item(status="alarm_high", lel_percent=60, seq=5)
    assert drive.fold(2, [late]) == ["late G02"]
    assert drive.last().sign == Sign.LATE
    assert drive.last().buffered
    assert drive.fold(3, [late, drive.item(status="alarm_high", seq=6)]) == []


def test_a_low_word_that_comes_late_into_a_known_episode_says_nothing_new() -> None:
    drive = Drive()
    raised = drive.fold(1, [drive.item(status="alarm_high", lel_percent=60, seq=8)])
    assert "raised G02" in raised
    assert drive.fold(2, [drive.item(status="alarm_low", lel_percent=20, seq=5)]) == []
    assert drive.fold(3, [drive.item(status="alarm_high", lel_percent=60, seq=6)]) == []


def test_a_high_alarm_behind_the_clear_of_a_low_episode_is_told() -> None:
    drive = Drive()
    drive.fold(1, [drive.item(status="alarm_low", lel_percent=20, seq=5)])
    drive.fold(2, [drive.item(type="alarm_cleared", seq=10)])
    assert drive.fold(3, [drive.item(status="alarm_high", lel_percent=60, seq=8)]) == ["late G02"]
