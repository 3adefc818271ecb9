"""The decision: a site as it stands, and what the fold says, become alerts, valve steps and reasons.

Pure: everything is written into the `SiteState`, which the store saves in the same transaction. Deciding
the same signal twice changes nothing that matters: a raise finds its alert, a clear finds none.
"""

from collections.abc import Callable, Sequence
from functools import singledispatch
from typing import NamedTuple

from services.alerting.domain import loops, valve_loop
from services.alerting.domain.command import AlarmSignal
from services.alerting.domain.episodes import (
    Reason,
    clear_alert,
    lasts,
    open_alert,
    raise_again,
    raise_alert,
)
from services.alerting.domain.signals import (
    AnySignal,
    Moved,
    OnlineSeen,
    PositionSeen,
    ResultSeen,
    Sign,
    Signal,
    SupplySeen,
)
from services.alerting.domain.site import Alert, SiteState, TimelineItem

CLOSING_RULES = frozenset({"G02", "G04"})  # DESIGN 2.7
_BEGUN = frozenset({Reason.OPENED, Reason.TOOK_OVER, Reason.RETURNED, Reason.MAINTENANCE_OVER})
EXPLAINED_MS = 120_000  # a command explains a movement this long after it was issued (default)


class Decision(NamedTuple):
    """What became of one signal."""

    signal: AnySignal
    reason: Reason
    alert_id: str | None = None


class Desk(NamedTuple):
    """What a decision has at hand beside the signal."""

    state: SiteState
    now_ms: int
    new_id: Callable[[], str]


def decide(
    state: SiteState, signals: Sequence[AnySignal], now_ms: int, new_id: Callable[[], str]
) -> list[Decision]:
    """Decide the signals of one site in order; `now_ms` is the database's clock, `new_id` gives UUIDv7s."""
    desk = Desk(state, now_ms, new_id)
    return [_decide(signal, desk) for signal in signals]


@singledispatch
def _decide(signal: AnySignal, desk: Desk) -> Decision:
    raise TypeError(f"no decision about {type(signal).__name__} at {desk.state.facts.site_id}")


@_decide.register
def _alarm(signal: Signal, desk: Desk) -> Decision:
    state, now_ms, new_id = desk
    alert: Alert | None
    if signal.sign == Sign.LATE:
        alert = open_alert(state, signal, now_ms, new_id, over=True)
        return Decision(signal, Reason.OPENED_CLEARED, alert.alert_id)
    if signal.sign == Sign.CLEARED:
        alert, reason = clear_alert(state, signal, now_ms)
        _concentration(signal, desk)
        return Decision(signal, reason, alert.alert_id if alert else None)
    alert, reason = lasts(state, signal, now_ms) if signal.sign != Sign.RAISED else None, Reason.LASTS
    if signal.sign == Sign.EASED:
        _concentration(signal, desk)
        return Decision(signal, reason if alert else Reason.NOT_OPEN, alert.alert_id if alert else None)
    if alert is None:
        alert, reason = raise_alert(state, signal, now_ms, new_id)
    if alert.rule in CLOSING_RULES:
        _close(alert, signal, desk, begun=reason in _BEGUN)
    _concentration(signal, desk)
    return Decision(signal, reason, alert.alert_id)


def _close(alert: Alert, signal: Signal, desk: Desk, *, begun: bool) -> None:
    """Have the zone's valves closed, where that is wanted by the site and the signal is real.

    That one stays open for its maintenance is said once, when the alarm has `begun`.
    """
    state, now_ms, new_id = desk
    if not state.facts.auto_close or signal.test:
        return
    said = AlarmSignal(alert.alert_id, alert.rule, signal.record_ms, signal.device_ms, signal.buffered)
    for valve_id in state.facts.valves.get(alert.zone, ()):
        at = loops.moment(state, valve_id, now_ms, new_id)
        step = valve_loop.on_close_due(loops.valve_of(state, valve_id), said, at)
        loops.apply(state, step, now_ms, new_id)
        if begun and at.under_maintenance:
            why = TimelineItem(now_ms, "command_result", f"device:{valve_id}", reason=str(step.reason))
            alert = state.change(alert, why)


def _concentration(signal: Signal, desk: Desk) -> None:
    state, now_ms, new_id = desk
    if signal.zone_lel_percent is None or signal.buffered or signal.test:
        return
    for valve_id in state.facts.valves.get(signal.zone, ()):
        at = loops.moment(state, valve_id, now_ms, new_id)
        step = valve_loop.on_concentration(loops.valve_of(state, valve_id), signal.zone_lel_percent, at)
        loops.apply(state, step, now_ms, new_id)


@_decide.register
def _position(signal: PositionSeen, desk: Desk) -> Decision:
    state, now_ms, new_id = desk
    before = loops.valve_of(state, signal.valve_id)
    at = loops.moment(state, signal.valve_id, now_ms, new_id)
    step = valve_loop.on_position(before, signal.position, signal.order, signal.cause, at)
    loops.apply(state, step, now_ms, new_id)
    if step.valve.reopened and not before.reopened:
        return _reopened(signal, desk)
    if signal.position == "closed":
        ended, _ = clear_alert(state, _v03(signal, Sign.CLEARED, "closed_again"), now_ms)
        if ended is not None:
            loops.apply(
                state,
                valve_loop.on_reset(loops.valve_of(state, signal.valve_id), ended.alert_id),
                now_ms,
                new_id,
            )
    return Decision(signal, Reason.NOTED)


def _reopened(signal: PositionSeen, desk: Desk) -> Decision:
    """Raise V03 and close again; while a crew holds the site, or under maintenance, only call."""
    state, now_ms, new_id = desk
    said_so = _v03(signal, Sign.RAISED, signal.cause or "unknown")
    alert, reason = raise_again(state, said_so, now_ms), Reason.REPEATED
    if alert is None:
        alert, reason = raise_alert(state, said_so, now_ms, new_id)
    if state.facts.auto_close and not signal.test:
        said = AlarmSignal(alert.alert_id, "V03", signal.record_ms, signal.device_ms, signal.buffered)
        at = loops.moment(state, signal.valve_id, now_ms, new_id)
        step = valve_loop.on_close_due(loops.valve_of(state, signal.valve_id), said, at)
        loops.apply(state, step, now_ms, new_id)
    return Decision(signal, reason, alert.alert_id)


def _v03(signal: PositionSeen, sign: Sign, reason: str) -> Signal:
    return _about_valve("V03", "reopened", "P1", signal, sign, reason)


def _about_valve(
    rule: str, family: str, priority: str, signal: PositionSeen | Moved, sign: Sign, reason: str
) -> Signal:
    return Signal(
        sign=sign,
        rule=rule,
        family=family,
        subject=signal.valve_id,
        site_id=signal.site_id,
        record_ms=signal.record_ms,
        zone=signal.zone,
        device_ids=(signal.valve_id,),
        priority=priority,
        test=signal.test,
        buffered=signal.buffered,
        reason=reason,
    )


@_decide.register
def _moved(signal: Moved, desk: Desk) -> Decision:
    """Raise V02 unless a command, an alarm of its zone, or the crew on site explains the movement."""
    state, now_ms, new_id = desk
    valve = loops.valve_of(state, signal.valve_id)
    commanded = valve.command is not None and (
        signal.command_id == valve.command.command_id
        or 0 <= signal.moved_ms - valve.command.issued_ms <= EXPLAINED_MS
    )
    if commanded or state.alarmed_in(signal.zone) or state.crew_holds_site:
        return Decision(signal, Reason.EXPLAINED)
    reason = f"{signal.position}:{signal.cause or 'unknown'}"
    said = _about_valve("V02", "moved", "P2", signal, Sign.RAISED, reason)
    alert, found = raise_alert(state, said, now_ms, new_id)
    return Decision(signal, found, alert.alert_id)


@_decide.register
def _result(signal: ResultSeen, desk: Desk) -> Decision:
    state, now_ms, new_id = desk
    at = loops.moment(state, signal.valve_id, now_ms, new_id)
    valve = loops.valve_of(state, signal.valve_id)
    step = valve_loop.on_result(valve, signal.command_id, signal.result, signal.reason, at)
    loops.apply(state, step, now_ms, new_id)
    return Decision(signal, Reason.NOTED)


@_decide.register
def _supply(signal: SupplySeen, desk: Desk) -> Decision:
    state, now_ms, new_id = desk
    step = valve_loop.on_supply(loops.valve_of(state, signal.valve_id), signal.supply)
    loops.apply(state, step, now_ms, new_id)
    return Decision(signal, Reason.NOTED)


@_decide.register
def _online(signal: OnlineSeen, desk: Desk) -> Decision:
    state, now_ms, new_id = desk
    at = loops.moment(state, signal.valve_id, now_ms, new_id)
    step = valve_loop.on_online(loops.valve_of(state, signal.valve_id), signal.online, signal.boot_id, at)
    loops.apply(state, step, now_ms, new_id)
    return Decision(signal, Reason.NOTED)
