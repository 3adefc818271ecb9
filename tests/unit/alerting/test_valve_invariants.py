"""The valve loop: what holds under any interleaving of everything at once."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.alerting.domain.command import AlarmSignal, Command
from services.alerting.domain.valve import Moment, Reason, Step, Valve, next_deadline_ms
from services.alerting.domain.valve_loop import (
    on_close_due,
    on_concentration,
    on_manual_close,
    on_online,
    on_position,
    on_reset,
    on_result,
    on_timer,
)
from tests.unit.alerting.valve_steps import T0, misses, sent

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
