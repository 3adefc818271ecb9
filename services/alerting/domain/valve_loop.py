"""The loop of one valve: wanted closed → commanded → accepted → limit switch closed → concentration falling.

Pure: every step takes the valve's state and the moment, and returns the new state, the effects in order,
the reason, and when the next step by time is due. A valve can be closed from afar; no step opens one.
"""

from dataclasses import replace

from services.alerting.domain.command import (
    FRESH_MS,
    LIFE_MS,
    RESEND_MS,
    AlarmSignal,
    Command,
    fresh_since_ms,
    is_fresh,
    next_seq,
)
from services.alerting.domain.valve import (
    FALL_LEL_PERCENT,
    FALL_SHARE,
    ClearV01,
    Demand,
    Effect,
    Item,
    Miss,
    Moment,
    RaiseV01,
    Reason,
    SendCommand,
    Step,
    Valve,
    Want,
    next_deadline_ms,
)

# A device that answers something new each time must not fill the state of its valve.
RESULTS_MAX = 16
WORD_CHARACTERS_MAX = 200


def on_close_due(valve: Valve, signal: AlarmSignal, at: Moment) -> Step:
    """Take one message of a lasting G02, G04 or V03 of this valve's zone, on a site with `auto_close`."""
    if at.under_maintenance:
        return _step(valve, (), Reason.UNDER_MAINTENANCE)
    if not is_fresh(signal, at.now_ms):
        return _step(valve, (), Reason.STALE)
    if signal.rule == "V03" and at.crew_holds_site:
        return _step(valve, (), Reason.CREW_HOLDS_SITE)
    known = {d.alert_id: d for d in valve.demands}
    joins = signal.alert_id not in known
    before = known.get(signal.alert_id)
    fresh_ms = max(fresh_since_ms(signal), before.fresh_ms if before else 0)
    known[signal.alert_id] = Demand(signal.alert_id, signal.rule, fresh_ms)
    # What a crew opened by hand stays open for the alarm it knows, not for a new one.
    reopened = valve.reopened and not (joins and signal.rule != "V03")
    step = _close(replace(valve, demands=tuple(known.values()), reopened=reopened), at)
    if joins and step.reason is Reason.LIVE_COMMAND and step.valve.command is not None:
        command = step.valve.command
        item = Item("command_sent", (signal.alert_id,), command.command_id, command.actors[0], step.reason)
        return step._replace(effects=(*step.effects, item))
    if joins and step.reason is Reason.ALREADY_CLOSED:
        item = Item("valve_closed", (signal.alert_id,), reason=step.reason)
        return step._replace(effects=(*step.effects, item))
    return step


def on_manual_close(valve: Valve, actor: str, reason: str, alert_ids: tuple[str, ...], at: Moment) -> Step:
    """Take a person's close; `Reason.COMMANDED`, or why not: `command.actors` then tells who was first."""
    if at.under_maintenance:
        return _step(valve, (), Reason.UNDER_MAINTENANCE)
    if valve.position == "closed":
        return _step(valve, (), Reason.ALREADY_CLOSED)
    if valve.command is not None and valve.command.live(at.now_ms):
        return _step(valve, (), Reason.LIVE_COMMAND)
    return _issue(replace(valve, linked=alert_ids), at, (actor,), reason, automatic=False)


def on_result(valve: Valve, command_id: str | None, result: str, reason: str | None, at: Moment) -> Step:
    """Take a valve's answer; without an id it is the answer to a command that it could not verify.

    An answer never closes anything: closed is the limit switch's word.
    """
    command = valve.command
    unverified = command is not None and command_id is None and command.live(at.now_ms)
    if command is None or not (unverified or command.command_id == command_id):
        return _step(valve, (), Reason.OUT_OF_ORDER)
    word = (f"{result}:{reason}" if reason else result)[:WORD_CHARACTERS_MAX]
    if word in command.results or len(command.results) >= RESULTS_MAX:
        return _step(valve, (), Reason.NOTED)
    valve = replace(valve, command=replace(command, results=(*command.results, word)))
    effects: list[Effect] = [
        Item("command_result", command.alert_ids, command.command_id, f"device:{valve.valve_id}", word)
    ]
    if valve.want is None:
        return _step(valve, effects, Reason.NOTED)
    if result in {"accepted", "done", "failed"} and valve.want.answered_ms is None:
        valve = replace(valve, want=replace(valve.want, answered_ms=at.now_ms))
    if result in {"failed", "refused"} and reason != "clock_unset":
        valve = _miss(valve, Miss(result), effects)
    return _step(valve, effects, Reason.NOTED)


def on_position(valve: Valve, position: str, order: tuple[int, int], cause: str | None, at: Moment) -> Step:
    """Take the limit switches' word, from a reading or an event; `order` is `(boot_id, seq)`."""
    if order <= valve.position_order:
        return _step(valve, (), Reason.OUT_OF_ORDER)
    before, valve = valve.position, replace(valve, position=position, position_order=order)
    if position == before:
        return _step(valve, (), Reason.NOTED)
    effects: list[Effect] = []
    commanded = valve.command is not None and (cause == "command" or valve.command.live(at.now_ms))
    command_id = valve.command.command_id if valve.command and commanded else None
    actor = f"device:{valve.valve_id}"
    first_word = before == "unknown" and cause is None  # a reading, and no movement that we know of
    if valve.alerts and not first_word:
        why = f"{position}:{cause or 'unknown'}"
        effects.append(Item("valve_moved", valve.alerts, command_id, actor, why))
    if position == "closed":
        return _closed(
            valve, at.now_ms, effects, Item("valve_closed", valve.alerts, command_id, actor, cause)
        )
    if before == "closed":
        valve = replace(
            valve,
            reopened=valve.latched or at.latched,
            linked=(),
            closed_ms=None,
            safe_ms=None,
            highest_lel_percent=None,
            gas_ms=None,
        )
    if valve.want is not None and position == "closing" and valve.want.moved_ms is None:
        valve = replace(valve, want=replace(valve.want, moved_ms=at.now_ms))
    return _step(valve, effects, Reason.NOTED)


def on_supply(valve: Valve, supply: str) -> Step:
    """Take what feeds the valve's motor."""
    return _step(replace(valve, supply=supply), (), Reason.NOTED)


def on_online(valve: Valve, online: bool, boot_id: int, at: Moment) -> Step:
    """Take the connection's word on the client that speaks for the valve.

    A valve that comes back gets a new command while the alarm lasts: its clean start lost whatever was on
    the way, and a command that it began before it lost power would be answered without moving.
    """
    if boot_id < valve.boot_id:
        return _step(valve, (), Reason.OUT_OF_ORDER)
    back = online and (valve.online is False or boot_id > valve.boot_id >= 0)
    valve = replace(valve, online=online, boot_id=boot_id)
    if not back or valve.position == "closed":
        return _step(valve, (), Reason.NOTED)
    if valve.fresh(at.now_ms):
        return _close(valve, at, supersede=True)
    command = valve.command
    if command is not None and command.live(at.now_ms) and command.resend_ms() is not None:
        return _resend(valve, command, at.now_ms)
    return _step(valve, (), Reason.NOTED)


def on_concentration(valve: Valve, lel_percent: float, at: Moment) -> Step:
    """Take the highest concentration of the zone's detectors after the valve closed (%LEL).

    For detectors that tell a status only: 100 while in alarm, 0 when back to normal.
    """
    if valve.falling_due_ms is None:
        return _step(valve, (), Reason.NOTHING_DUE)
    highest = max(lel_percent, valve.highest_lel_percent or 0.0)
    valve = replace(valve, highest_lel_percent=highest, gas_ms=at.now_ms)
    gone = lel_percent <= FALL_LEL_PERCENT
    if not gone and (lel_percent > highest * FALL_SHARE or highest - lel_percent < FALL_LEL_PERCENT):
        return _step(valve, (), Reason.NOTED)
    effects: list[Effect] = [Item("safe", valve.alerts, reason="concentration_falling")]
    if valve.v01 is not None:
        effects.append(ClearV01())
    return _step(replace(valve, safe_ms=at.now_ms, v01=None, linked=()), effects, Reason.NOTED)


def on_reset(valve: Valve, alert_id: str | None) -> Step:
    """End what an alert wanted that the crew lead reset on site (None: all); with the last the want ends."""
    demands = tuple(d for d in valve.demands if alert_id not in {None, d.alert_id})
    linked = tuple(a for a in valve.linked if alert_id not in {None, a})
    manual = valve.want is not None and not valve.demands
    valve = replace(valve, demands=demands, linked=linked)
    if valve.alerts or (manual and alert_id is not None):
        return _step(valve, (), Reason.NOTED)
    effects: list[Effect] = [ClearV01()] if valve.v01 is not None else []
    command = replace(valve.command, ended=True) if valve.command else None
    valve = replace(valve, command=command, want=None, v01=None, closed_ms=None, safe_ms=None, reopened=False)
    return _step(valve, effects, Reason.NOTED)


def on_timer(valve: Valve, at: Moment) -> Step:
    """Do what time alone makes due; the returned deadline lies above `at.now_ms`."""
    effects: list[Effect] = []
    reason = Reason.NOTHING_DUE
    command = valve.command
    again = command.resend_ms() if command else None
    if command and valve.want and again is not None and again <= at.now_ms < command.expires_ms:
        valve, sent, reason, _ = _resend(valve, command, at.now_ms)
        effects.extend(sent)
    if valve.want is not None and valve.v01 is None:
        due_ms, miss = valve.want.miss()
        if due_ms <= at.now_ms:
            valve = _miss(valve, miss, effects)
    if valve.want is not None and not (command and command.live(at.now_ms)) and valve.fresh(at.now_ms):
        valve, sent, reason, _ = _close(valve, at)
        effects.extend(sent)
    falling_due_ms = valve.falling_due_ms
    if falling_due_ms is not None and falling_due_ms <= at.now_ms and valve.gas_lasts(at.now_ms):
        valve = _miss(valve, Miss.NOT_FALLING, effects)
    return Step(valve, tuple(effects), reason, next_deadline_ms(valve, at.now_ms))


def _close(valve: Valve, at: Moment, *, supersede: bool = False) -> Step:
    """Command the valve for its demands unless something speaks against it."""
    if at.under_maintenance:
        return _step(valve, (), Reason.UNDER_MAINTENANCE)
    if valve.position == "closed":
        closed_ms = at.now_ms if valve.closed_ms is None else valve.closed_ms
        return _step(replace(valve, closed_ms=closed_ms), (), Reason.ALREADY_CLOSED)
    if valve.reopened and at.crew_holds_site:
        return _step(valve, (), Reason.CREW_HOLDS_SITE)
    if valve.command is not None and valve.command.live(at.now_ms) and not supersede:
        return _step(valve, (), Reason.LIVE_COMMAND)
    rules = sorted({d.rule for d in valve.demands if at.now_ms - d.fresh_ms <= FRESH_MS})
    return _issue(valve, at, tuple(f"rule:{rule}" for rule in rules), "+".join(rules), automatic=True)


def _issue(valve: Valve, at: Moment, actors: tuple[str, ...], reason: str, *, automatic: bool) -> Step:
    command = Command(
        command_id=at.command_id,
        seq=next_seq(valve.last_seq, at.now_ms),
        issued_ms=at.now_ms,
        expires_ms=at.now_ms + LIFE_MS,
        alert_ids=valve.alerts,
        actors=actors,
        automatic=automatic,
        reason=reason,
    )
    moved_ms = at.now_ms if valve.position == "closing" else None
    want = valve.want or Want(since_ms=at.now_ms, moved_ms=moved_ms)
    item = Item("command_sent", valve.alerts, command.command_id, actors[0], reason)
    valve = replace(valve, last_seq=command.seq, command=command, want=want)
    return _step(valve, (SendCommand(command), item), Reason.COMMANDED)


def _resend(valve: Valve, command: Command, now_ms: int) -> Step:
    passed = sum(command.issued_ms + after_ms <= now_ms for after_ms in RESEND_MS)
    command = replace(command, attempt=max(command.attempt, passed) + 1)
    return _step(replace(valve, command=command), (SendCommand(command),), Reason.SENT_AGAIN)


def _closed(valve: Valve, now_ms: int, effects: list[Effect], item: Item) -> Step:
    if valve.v01 is not None:
        effects.append(ClearV01())
    if valve.want is not None or valve.alerts:
        effects.append(item)
    valve = replace(
        valve,
        command=replace(valve.command, ended=True) if valve.command else None,
        closed_ms=now_ms if valve.alerts else None,
        want=None,
        v01=None,
        safe_ms=None,
        reopened=False,
        highest_lel_percent=None,
        gas_ms=None,
    )
    return _step(valve, effects, Reason.NOTED)


def _miss(valve: Valve, miss: Miss, effects: list[Effect]) -> Valve:
    if valve.v01 is not None:
        return valve
    command_id = valve.command.command_id if valve.command else None
    effects.append(RaiseV01(miss, valve.alerts, command_id))
    return replace(valve, v01=miss)


def _step(valve: Valve, effects: list[Effect] | tuple[Effect, ...], reason: Reason) -> Step:
    return Step(valve, tuple(effects), reason, next_deadline_ms(valve))
