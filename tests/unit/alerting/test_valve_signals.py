"""What valves say comes out in order, once, and V02 is asked for after its delay."""

from services.alerting.domain.signals import Moved, PositionSeen, ResultSeen, SupplySeen
from tests.unit.alerting.drive import Drive, facts


def valve() -> Drive:
    return Drive(facts("v1", "valve"), marks=False)


def test_a_position_is_said_once_by_reading_or_event() -> None:
    drive = valve()
    assert drive.read(0, "v1", position="open", supply="mains") == ["PositionSeen", "SupplySeen"]
    assert drive.read(1, "v1", position="open", supply="mains") == []
    assert drive.event(2, "position_changed", "v1", position="closed", cause="by_hand") == ["PositionSeen"]
    seen = drive.signals[-1]
    assert isinstance(seen, PositionSeen)
    assert (seen.position, seen.before, seen.cause, seen.order) == ("closed", "open", "by_hand", (1, 2))
    assert drive.read(3, "v1", position="closed", supply="battery") == ["SupplySeen"]
    assert isinstance(drive.signals[-1], SupplySeen)


def test_the_newest_position_holds_in_any_order() -> None:
    drive = valve()
    drive.read(0, "v1", position="open", seq=0)
    newer = drive.item("v1", type="position_changed", data={"position": "closed", "cause": "command"}, seq=4)
    assert drive.fold(1, [newer]) == ["PositionSeen"]
    assert drive.fold(2, [drive.item("v1", status="normal", position="open", seq=3)]) == []
    older = drive.item("v1", type="position_changed", data={"position": "closing", "cause": "command"}, seq=2)
    assert drive.fold(2, [older]) == []
    assert drive.fold(3, [newer, newer]) == []
    track = drive.state.track("v1")
    assert track is not None
    assert track.position == "closed"


def test_v02_is_asked_for_once_after_five_seconds() -> None:
    drive = valve()
    drive.read(0, "v1", position="open")
    drive.event(10, "position_changed", "v1", position="closing", cause="by_hand")
    drive.event(12, "position_changed", "v1", position="closed", cause="unknown")
    assert drive.mark(14) == []
    assert drive.mark(15) == ["Moved"]
    moved = drive.signals[-1]
    assert isinstance(moved, Moved)
    assert (moved.position, moved.cause) == ("closed", "unknown")
    assert drive.mark(44) == []
    assert drive.mark(45) == ["cleared V02"]


def test_the_first_word_of_a_valve_is_no_movement() -> None:
    drive = valve()
    drive.read(0, "v1", position="closed")
    assert drive.mark(60) == []


def test_answers_pass_through() -> None:
    drive = valve()
    assert drive.event(
        0, "command_result", "v1", command_id=None, result="refused", reason="bad_signature"
    ) == ["ResultSeen"]
    answer = drive.signals[-1]
    assert isinstance(answer, ResultSeen)
    assert (answer.command_id, answer.result, answer.reason) == (None, "refused", "bad_signature")


def test_a_valve_without_power_is_disabled_and_a_stuck_one_at_fault() -> None:
    drive = valve()
    drive.read(0, "v1", position="open", supply="lost")
    assert drive.mark(300) == ["raised D01"]
    stuck = valve()
    stuck.read(0, "v1", position="open")
    stuck.event(1, "position_changed", "v1", position="fault", cause="unknown")
    assert stuck.mark(101) == ["raised D02"]
