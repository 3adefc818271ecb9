"""The valve loop: its deadlines, its reasons, and what holds under any interleaving."""

from dataclasses import replace
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.alerting.domain.command import AlarmSignal, Command
from services.alerting.domain.valve import (
    FALLING_MS,
    MOTOR_MS,
    NO_MOVEMENT_MS,
    NOTHING_BACK_MS,
    ClearV01,
    Item,
    Miss,
    Moment,
    RaiseV01,
    Reason,
    SendCommand,
    Step,
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

T0 = 1_800_000_000_000


def at(after_ms: int = 0, **facts: Any) -> Moment:
    return Moment(T0 + after_ms, f"id-{after_ms}", **facts)


def alarm(after_ms: int = 0, *, rule: str = "G02", alert: str = "a1", **more: Any) -> AlarmSignal:
    return AlarmSignal(alert, rule, T0 + after_ms, **more)


def sent(step: Step) -> list[Command]:
    return [effect.command for effect in step.effects if isinstance(effect, SendCommand)]


def misses(step: Step) -> list[Miss]:
    return [effect.miss for effect in step.effects if isinstance(effect, RaiseV01)]


def kinds(step: Step) -> list[str]:
    return [effect.kind for effect in step.effects if isinstance(effect, Item)]


def commanded(**more: Any) -> Valve:
    return on_close_due(Valve("v1", position="open", position_order=(1, 0), **more), alarm(), at()).valve


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


def test_a_device_with_ever_new_answers_does_not_fill_the_state() -> None:
    valve = commanded()
    for number in range(100):
        valve = on_result(
            valve, "id-0", "refused", f"clock differs by {number} ms" + "!" * 300, at(number)
        ).valve
    assert valve.command is not None
    assert len(valve.command.results) == 16
    assert max(map(len, valve.command.results)) == 200


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


ALERTS = st.sampled_from(["a1", "a2"])
POSITIONS = st.sampled_from(["open", "closing", "closed", "opening", "fault", "unknown"])
RESULTS = st.sampled_from(["accepted", "done", "failed", "refused"])
REASONS = st.sampled_from([None, "replayed", "expired", "clock_unset", "bad_signature"])


class Loop(RuleBasedStateMachine):
    """Anything may happen at any time, in any order, twice; timers run when they are due."""

    def __init__(self) -> None:
        super().__init__()
        self.valve = Valve("v1", position="open", position_order=(0, 0))
        self.now = T0
        self.ids = 0
        self.order = 0
        self.sent: dict[str, list[tuple[int, Command]]] = {}
        self.wanted_since: int | None = None
        self.steps: list[Step] = []

    def moment(self, *, crew: bool = False, maintained: bool = False) -> Moment:
        self.ids += 1
        return Moment(self.now, f"c{self.ids}", crew, maintained)

    def take(self, step: Step) -> None:
        for command in sent(step):
            live = self.valve.command
            others = [i for i in self.sent if i != command.command_id]
            if others and command.command_id not in self.sent and live is not None:
                assert command.seq > max(c.seq for i in others for _, c in self.sent[i])
            self.sent.setdefault(command.command_id, []).append((self.now, command))
        assert len(sent(step)) <= 1
        assert len(misses(step)) <= 1
        self.valve = step.valve
        self.steps.append(step)

    @rule(
        alert=ALERTS,
        name=st.sampled_from(["G02", "G04", "V03"]),
        age=st.integers(0, 60_000),
        buffered=st.booleans(),
        crew=st.booleans(),
        maintained=st.booleans(),
    )
    def close_due(
        self, alert: str, name: str, age: int, buffered: bool, crew: bool, maintained: bool
    ) -> None:
        signal = AlarmSignal(alert, name, self.now - age, buffered=buffered)
        step = on_close_due(self.valve, signal, self.moment(crew=crew, maintained=maintained))
        if buffered or age > 30_000 or maintained:
            assert step.effects == ()
        self.take(step)

    @rule(alerts=st.lists(ALERTS, max_size=1))
    def manual(self, alerts: list[str]) -> None:
        self.take(on_manual_close(self.valve, "user:li", "smell", tuple(alerts), self.moment()))

    @rule(result=RESULTS, reason=REASONS, mine=st.booleans(), null=st.booleans())
    def answer(self, result: str, reason: str | None, mine: bool, null: bool) -> None:
        command = self.valve.command
        command_id = command.command_id if command and mine else "c0"
        self.take(on_result(self.valve, None if null else command_id, result, reason, self.moment()))

    @rule(position=POSITIONS, back=st.integers(0, 2))
    def position(self, position: str, back: int) -> None:
        self.order += 1
        self.take(on_position(self.valve, position, (0, self.order - back), "unknown", self.moment()))

    @rule(online=st.booleans(), boot=st.integers(0, 5))
    def online(self, online: bool, boot: int) -> None:
        self.take(on_online(self.valve, online, boot, self.moment()))

    @rule(percent=st.floats(0, 100))
    def gas(self, percent: float) -> None:
        self.take(on_concentration(self.valve, percent, self.moment()))

    @rule(alert=st.sampled_from(["a1", "a2", None]))
    def reset(self, alert: str | None) -> None:
        self.take(on_reset(self.valve, alert))

    @rule(ms=st.integers(1, 40_000))
    def wait(self, ms: int) -> None:
        until = self.now + ms
        for _ in range(50):
            due = next_deadline_ms(self.valve, self.now - 1)
            if due is None or due > until:
                break
            self.now = max(due, self.now)
            step = on_timer(self.valve, self.moment())
            assert step.deadline_ms is None or step.deadline_ms > self.now, "a timer that never rests"
            self.take(step)
        else:
            raise AssertionError("timers without end")
        self.now = until

    @precondition(lambda self: self.valve.want is not None)
    @rule(late=st.integers(0, 100_000))
    def late_timer(self, late: int) -> None:
        self.now += late
        self.take(on_timer(self.valve, self.moment()))

    @invariant()
    def at_most_one_live_command_and_none_too_old(self) -> None:
        for times in self.sent.values():
            first = times[0][1]
            assert len(times) <= 4 + len([s for s in self.steps if s.reason is Reason.SENT_AGAIN])
            for when, command in times:
                assert when < first.expires_ms
                assert command.expires_ms - command.issued_ms <= 30_000
                assert (command.seq, command.issued_ms) == (first.seq, first.issued_ms)

    @invariant()
    def wanted_and_missed_means_v01(self) -> None:
        want = self.valve.want
        if want is None or self.valve.v01 is not None:
            return
        due, _ = want.miss()
        deadline = next_deadline_ms(self.valve)
        assert deadline is not None
        assert deadline <= due

    @invariant()
    def closed_is_the_limit_switch(self) -> None:
        if self.valve.closed_ms is not None or self.valve.safe_ms is not None:
            assert self.valve.position == "closed"
        if self.valve.want is not None:
            assert self.valve.position != "closed"


TestLoop = Loop.TestCase
TestLoop.settings = settings(max_examples=150, stateful_step_count=40)
