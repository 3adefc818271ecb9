"""How a step of a valve's loop becomes alerts, lines of timelines, and commands to be signed."""

from collections.abc import Callable

from services.alerting.domain.episodes import clear_alert, raise_alert
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.site import SiteState, TimelineItem
from services.alerting.domain.valve import ClearV01, Item, Moment, RaiseV01, SendCommand, Step, Valve


def moment(state: SiteState, valve_id: str, now_ms: int, new_id: Callable[[], str]) -> Moment:
    """Return what holds for a valve now."""
    under_maintenance = valve_id in state.facts.in_maintenance
    latched = any(a.latched and a.active for a in state.in_zone(zone_of(state, valve_id)))
    return Moment(now_ms, new_id(), state.crew_holds_site, under_maintenance, latched)


def valve_of(state: SiteState, valve_id: str) -> Valve:
    """Return a valve's loop, a fresh one when it was never heard of."""
    return state.valves.get(valve_id) or Valve(valve_id)


def zone_of(state: SiteState, valve_id: str) -> str:
    """Return the zone that a valve protects."""
    found = (zone for zone, valves in state.facts.valves.items() if valve_id in valves)
    return next(found, "")


def apply(state: SiteState, step: Step, now_ms: int, new_id: Callable[[], str]) -> None:
    """Keep a step's outcome: the valve, its commands, V01, and lines on the timelines of open alerts."""
    valve = step.valve
    if state.valves.get(valve.valve_id) != valve:
        state.put_valve(valve, step.deadline_ms)
    for effect in step.effects:
        if isinstance(effect, SendCommand):
            state.commands.append((valve.valve_id, effect.command))
        elif isinstance(effect, Item):
            _line(state, effect, now_ms)
        elif isinstance(effect, RaiseV01):
            raise_alert(state, _v01(state, valve, Sign.RAISED, str(effect.miss), now_ms), now_ms, new_id)
        elif isinstance(effect, ClearV01):
            clear_alert(state, _v01(state, valve, Sign.CLEARED, "valve_closed", now_ms), now_ms)


def _line(state: SiteState, item: Item, now_ms: int) -> None:
    for alert_id in item.alert_ids:
        alert = state.alerts.get(alert_id)
        if alert is not None:
            line = TimelineItem(now_ms, item.kind, item.actor, item.command_id, item.reason)
            state.change(alert, line)


def _v01(state: SiteState, valve: Valve, sign: Sign, reason: str, now_ms: int) -> Signal:
    return Signal(
        sign=sign,
        rule="V01",
        family="not_closed",
        subject=valve.valve_id,
        site_id=state.facts.site_id,
        record_ms=now_ms,
        zone=zone_of(state, valve.valve_id),
        device_ids=(valve.valve_id,),
        priority="P1",
        reason=reason,
    )
