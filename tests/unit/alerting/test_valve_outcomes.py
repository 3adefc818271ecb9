"""What the valve loop makes of what comes back: answers, the limit switch, V01, falling gas, a reset."""

from services.alerting.domain.valve import (
    FALLING_MS,
    MOTOR_MS,
    NO_MOVEMENT_MS,
    NOTHING_BACK_MS,
    ClearV01,
    Miss,
    Reason,
    Valve,
    next_deadline_ms,
)
from services.alerting.domain.valve_loop import (
    on_close_due,
    on_concentration,
    on_manual_close,
    on_online,
    on_position,
    on_reset,
    on_result,
    on_supply,
    on_timer,
)
from tests.unit.alerting.valve_steps import T0, alarm, at, commanded, kinds, misses, sent


def test_a_device_with_ever_new_answers_does_not_fill_the_state() -> None:
    valve = commanded()
    for number in range(100):
        valve = on_result(
            valve, "id-0", "refused", f"clock differs by {number} ms" + "!" * 300, at(number)
        ).valve
    assert valve.command is not None
    assert len(valve.command.results) == 16
    assert max(map(len, valve.command.results)) == 200


def test_nothing_back_in_30_s_raises_v01_once() -> None:
    step = on_timer(commanded(), at(NOTHING_BACK_MS))
    assert misses(step) == [Miss.NOTHING_BACK]
    assert misses(on_timer(step.valve, at(NOTHING_BACK_MS + 60_000))) == []


def test_an_acknowledgement_without_movement_raises_v01_after_10_s() -> None:
    valve = on_result(commanded(), "id-0", "accepted", None, at(1_000)).valve
    assert next_deadline_ms(valve) == T0 + 1_000 + NO_MOVEMENT_MS
    assert misses(on_timer(valve, at(10_999))) == []
    step = on_timer(valve, at(11_000))
    assert misses(step) == [Miss.NO_MOVEMENT]
    assert step.valve.closed_ms is None


def test_done_is_not_closed_the_limit_switch_is() -> None:
    valve = on_result(commanded(), "id-0", "done", None, at(1_000)).valve
    assert valve.closed_ms is None
    assert misses(on_timer(valve, at(11_000))) == [Miss.NO_MOVEMENT]
    step = on_position(valve, "closed", (1, 5), "command", at(11_500))
    assert kinds(step) == ["valve_moved", "valve_closed"]
    assert step.valve.closed_ms == T0 + 11_500


def test_a_motor_that_began_has_its_time_and_no_more() -> None:
    valve = on_result(commanded(), "id-0", "accepted", None, at(500)).valve
    valve = on_position(valve, "closing", (1, 2), "command", at(1_000)).valve
    assert misses(on_timer(valve, at(11_000))) == []
    assert misses(on_timer(valve, at(1_000 + MOTOR_MS))) == [Miss.NOT_CLOSED]


def test_failed_and_refused_raise_v01_at_once() -> None:
    assert misses(on_result(commanded(), "id-0", "failed", None, at(900))) == [Miss.FAILED]
    assert misses(on_result(commanded(), "id-0", "refused", "wrong_valve", at(900))) == [Miss.REFUSED]
    assert misses(on_result(commanded(), None, "refused", "bad_signature", at(900))) == [Miss.REFUSED]
    other = on_result(commanded(), "id-of-long-ago", "refused", "replayed", at(900))
    assert (other.reason, other.effects) == (Reason.OUT_OF_ORDER, ())


def test_closing_at_last_clears_v01() -> None:
    valve = on_timer(commanded(), at(NOTHING_BACK_MS)).valve
    step = on_position(valve, "closed", (1, 9), "by_hand", at(40_000))
    assert ClearV01() in step.effects
    assert (step.valve.v01, step.valve.want) == (None, None)


def test_a_persons_command_is_not_renewed_but_missed() -> None:
    valve = on_manual_close(Valve("v1"), "user:li", "smell", ("a9",), at()).valve
    step = on_timer(valve, at(30_000))
    assert sent(step) == []
    assert misses(step) == [Miss.NOTHING_BACK]
    assert step.deadline_ms is None


def test_safe_is_closed_and_falling() -> None:
    valve = on_position(commanded(), "closed", (1, 3), "command", at(2_000)).valve
    for after_ms, percent, safe in (
        (3_000, 60, False),
        (5_000, 62, False),
        (9_000, 57, False),
        (15_000, 55, True),
    ):
        step = on_concentration(valve, percent, at(after_ms))
        assert (kinds(step) == ["safe"]) is safe
        valve = step.valve
    assert valve.safe_ms == T0 + 15_000
    assert on_concentration(valve, 10, at(20_000)).effects == ()


def test_closed_and_not_falling_raises_v01_until_it_falls() -> None:
    valve = on_position(commanded(), "closed", (1, 3), "command", at(2_000)).valve
    valve = on_concentration(valve, 60, at(3_000)).valve
    assert next_deadline_ms(valve) == T0 + 2_000 + FALLING_MS
    # The alarm ended by itself, or nobody is heard any more: what the gas does is not known to be bad.
    ended = on_timer(valve, at(2_000 + FALLING_MS))
    assert (misses(ended), ended.deadline_ms) == ([], None)
    valve = on_close_due(valve, alarm(170_000), at(170_000)).valve
    step = on_timer(valve, at(2_000 + FALLING_MS))
    assert misses(step) == [Miss.NOT_FALLING]
    told = on_concentration(ended.valve, 60, at(181_000)).valve
    assert misses(on_timer(told, at(182_000))) == [Miss.NOT_FALLING]
    assert ClearV01() in on_concentration(step.valve, 30, at(200_000)).effects


def test_before_it_is_closed_a_falling_concentration_is_no_safety() -> None:
    valve = on_concentration(commanded(), 60, at(1_000)).valve
    assert on_concentration(valve, 5, at(2_000)).effects == ()


def test_a_new_command_does_not_give_v01_more_time() -> None:
    valve = on_online(commanded(), online=False, boot_id=1, at=at(1_000)).valve
    valve = on_online(valve, online=True, boot_id=2, at=at(20_000)).valve
    assert misses(on_timer(valve, at(30_000))) == [Miss.NOTHING_BACK]


def test_an_answer_repeated_says_nothing_new() -> None:
    first = on_result(commanded(), "id-0", "accepted", None, at(1_000))
    assert kinds(first) == ["command_result"]
    again = on_result(first.valve, "id-0", "accepted", None, at(5_000))
    assert (again.effects, again.valve) == ((), first.valve)


def test_v01_is_raised_once_however_many_misses_follow() -> None:
    failed = on_result(commanded(), "id-0", "failed", None, at(1_000))
    assert misses(failed) == [Miss.FAILED]
    assert misses(on_result(failed.valve, "id-0", "refused", "expired", at(2_000))) == []
    assert misses(on_timer(failed.valve, at(60_000))) == []


def test_a_reset_ends_the_want() -> None:
    valve = on_close_due(commanded(), alarm(1_000, rule="G04", alert="a2"), at(1_000)).valve
    valve = on_timer(valve, at(30_000)).valve
    one = on_reset(valve, "a1").valve
    assert one.latched
    both = on_reset(one, "a2")
    assert ClearV01() in both.effects
    assert (both.valve.want, both.valve.latched, both.deadline_ms) == (None, False, None)
    manual = on_manual_close(Valve("v1"), "user:li", "smell", (), at()).valve
    assert on_reset(manual, "unrelated").valve.want is not None
    assert on_reset(manual, None).valve.want is None


def test_an_older_position_changes_nothing() -> None:
    valve = on_position(commanded(), "closed", (2, 0), "command", at(2_000)).valve
    assert on_position(valve, "open", (1, 99), None, at(3_000)).reason is Reason.OUT_OF_ORDER
    assert on_position(valve, "open", (2, 0), None, at(3_000)).reason is Reason.OUT_OF_ORDER


def test_an_alarm_at_a_closed_valve_awaits_only_the_falling_gas() -> None:
    step = on_close_due(Valve("v1", position="closed"), alarm(), at())
    assert (step.reason, kinds(step)) == (Reason.ALREADY_CLOSED, ["valve_closed"])
    assert step.deadline_ms == T0 + FALLING_MS
    assert on_supply(step.valve, "battery").valve.supply == "battery"
