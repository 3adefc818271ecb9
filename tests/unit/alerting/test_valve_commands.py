"""When the valve loop sends a command: once, again, anew, or not at all."""

from dataclasses import replace

from services.alerting.domain.valve import Item, Moment, Reason, Valve, next_deadline_ms
from services.alerting.domain.valve_loop import (
    on_close_due,
    on_manual_close,
    on_online,
    on_position,
    on_result,
    on_timer,
)
from tests.unit.alerting.valve_steps import T0, alarm, at, commanded, kinds, misses, sent


def test_a_fresh_alarm_commands_the_valve_once() -> None:
    step = on_close_due(Valve("v1", position="open"), alarm(), at())
    (command,) = sent(step)
    assert step.reason is Reason.COMMANDED
    assert command.actors == ("rule:G02",)
    assert (command.issued_ms, command.expires_ms, command.seq) == (T0, T0 + 30_000, T0)
    assert kinds(step) == ["command_sent"]
    again = on_close_due(step.valve, alarm(100), at(100))
    assert again.reason is Reason.LIVE_COMMAND
    assert again.effects == ()


def test_a_second_alert_joins_the_live_command() -> None:
    step = on_close_due(commanded(), alarm(100, rule="G04", alert="a2"), at(100))
    assert sent(step) == []
    assert [(e.kind, e.alert_ids) for e in step.effects if isinstance(e, Item)] == [("command_sent", ("a2",))]


def test_seq_never_falls_behind_and_always_grows() -> None:
    step = on_close_due(Valve("v1", last_seq=T0 + 5), alarm(), at())
    assert sent(step)[0].seq == T0 + 6


def test_stale_messages_move_nothing() -> None:
    for signal in (
        alarm(-30_001),
        alarm(0, buffered=True),
        alarm(0, device_ms=T0 - 30_001),
        alarm(-86_400_000),
    ):
        step = on_close_due(Valve("v1"), signal, at())
        assert (step.reason, step.effects, step.valve) == (Reason.STALE, (), Valve("v1"))
    for signal in (alarm(-30_000), alarm(0, device_ms=T0 - 30_000)):
        assert on_close_due(Valve("v1"), signal, at()).reason is Reason.COMMANDED


def test_under_maintenance_nothing_is_closed_from_afar() -> None:
    moment = at(under_maintenance=True)
    step = on_close_due(Valve("v1"), alarm(), moment)
    assert (step.reason, step.valve) == (Reason.UNDER_MAINTENANCE, Valve("v1"))
    assert on_manual_close(Valve("v1"), "user:li", "smell", (), moment).reason is Reason.UNDER_MAINTENANCE
    late = commanded()
    late = on_close_due(late, alarm(29_000), at(29_000)).valve
    assert sent(on_timer(late, at(30_000, under_maintenance=True))) == []


def test_the_same_id_goes_out_again_until_something_comes_back() -> None:
    valve = commanded()
    times = []
    for _ in range(3):
        due = next_deadline_ms(valve)
        assert due is not None
        step = on_timer(valve, Moment(due, "other"))
        (command,) = sent(step)
        assert command.command_id == "id-0"
        times.append((due - T0, command.attempt))
        valve = step.valve
    assert times == [(5_000, 2), (10_000, 3), (20_000, 4)]
    accepted = on_result(commanded(), "id-0", "accepted", None, at(1_000)).valve
    assert sent(on_timer(accepted, at(5_000))) == []
    unset = on_result(commanded(), "id-0", "refused", "clock_unset", at(1_000))
    assert misses(unset) == []
    assert len(sent(on_timer(unset.valve, at(5_000)))) == 1


def test_a_late_timer_sends_once_not_once_per_missed_time() -> None:
    step = on_timer(commanded(), at(12_000))
    assert [command.attempt for command in sent(step)] == [3]
    assert step.deadline_ms == T0 + 20_000


def test_while_the_alarm_lasts_a_new_command_follows_after_30_s() -> None:
    valve = on_close_due(commanded(), alarm(25_000), at(25_000)).valve
    assert valve.command is not None
    valve = replace(valve, command=replace(valve.command, attempt=4))
    assert next_deadline_ms(valve) == T0 + 30_000
    (command,) = sent(on_timer(valve, at(30_000)))
    assert command.command_id == "id-30000"
    assert command.seq > T0
    # Nobody says any more that the alarm lasts: silence until a fresh message does.
    silent = on_timer(commanded(), at(31_000))
    assert sent(silent) == []
    assert silent.deadline_ms is None
    assert len(sent(on_close_due(silent.valve, alarm(70_000), at(70_000)))) == 1


def test_a_valve_that_comes_back_gets_a_new_command_while_the_alarm_lasts() -> None:
    valve = on_online(commanded(), online=False, boot_id=1, at=at(1_000)).valve
    back = on_online(valve, online=True, boot_id=2, at=at(8_000))
    assert [command.command_id for command in sent(back)] == ["id-8000"]
    repeated = on_online(back.valve, online=True, boot_id=2, at=at(8_100))
    assert sent(repeated) == []
    assert on_online(back.valve, online=False, boot_id=1, at=at(8_200)).reason is Reason.OUT_OF_ORDER
    stale = on_online(valve, online=True, boot_id=2, at=at(31_000))
    assert sent(stale) == []


def test_a_persons_unanswered_command_is_sent_again_when_the_valve_comes_back() -> None:
    valve = on_manual_close(Valve("v1", online=False, boot_id=1), "user:li", "smell", (), at()).valve
    back = on_online(valve, online=True, boot_id=2, at=at(3_000))
    assert [(c.command_id, c.attempt) for c in sent(back)] == [("id-0", 2)]


def test_two_people_one_wins_and_the_other_learns_who() -> None:
    first = on_manual_close(Valve("v1"), "user:li", "smell", ("a9",), at())
    assert first.reason is Reason.COMMANDED
    second = on_manual_close(first.valve, "user:wang", "smell", (), at(10))
    assert second.reason is Reason.LIVE_COMMAND
    assert second.valve.command is not None
    assert second.valve.command.actors == ("user:li",)
    closed = on_position(first.valve, "closed", (1, 1), "command", at(500)).valve
    assert on_manual_close(closed, "user:wang", "smell", (), at(600)).reason is Reason.ALREADY_CLOSED


def test_reopened_while_latched_it_is_closed_again_unless_a_crew_holds_the_site() -> None:
    valve = on_position(commanded(), "closed", (1, 3), "command", at(2_000)).valve
    opened = on_position(valve, "open", (1, 4), "by_hand", at(4_000))
    assert sent(opened) == []
    signal = alarm(4_000, rule="V03", alert="a3")
    (command,) = sent(on_close_due(opened.valve, signal, at(4_000)))
    assert command.command_id == "id-4000"
    held = on_close_due(opened.valve, signal, at(4_000, crew_holds_site=True))
    assert held.reason is Reason.CREW_HOLDS_SITE
    # The alarm that lasts does not undo either what the crew does by hand …
    another = alarm(5_000, rule="G04", alert="a4")
    assert sent(on_close_due(opened.valve, another, at(5_000, crew_holds_site=True)))
    lasting = on_close_due(opened.valve, alarm(5_000), at(5_000, crew_holds_site=True))
    assert lasting.reason is Reason.CREW_HOLDS_SITE
    # … unless it is a new one; and a valve that never closed is closed, crew or not.
    assert (
        on_close_due(Valve("v1", position="open"), alarm(), at(crew_holds_site=True)).reason
        is Reason.COMMANDED
    )


def test_reopened_under_a_latched_alert_that_may_not_close_it_is_told_too() -> None:
    valve = Valve("v1", position="closed", position_order=(1, 1))
    assert on_position(valve, "open", (1, 2), "by_hand", at(latched=True)).valve.reopened
    assert not on_position(valve, "open", (1, 2), "by_hand", at()).valve.reopened


def test_v03_only_calls_while_a_crew_holds_the_site() -> None:
    step = on_close_due(Valve("v1", position="open"), alarm(rule="V03"), at(crew_holds_site=True))
    assert (step.reason, step.valve.demands) == (Reason.CREW_HOLDS_SITE, ())
