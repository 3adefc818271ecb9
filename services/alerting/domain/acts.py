"""What people may do to an alert, in which state, and what it changes.

Active, acknowledged and suppressed are independent (OPC UA Part 9); no act of a person changes an automatic
action. Only the reset of a latched alert, by the crew lead on site, ends what it asked of a valve.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from services.alerting.domain import loops
from services.alerting.domain.site import Alert, SiteState, TimelineItem
from services.alerting.domain.valve_loop import on_reset

SHELVE_MS_MAX = 8 * 3_600_000  # DOMAIN section 4
GAS_FAMILIES = frozenset({"gas", "zone", "co", "rise"})


class Act(StrEnum):
    """The verbs of an alert."""

    ACKNOWLEDGE = "acknowledge"
    CONFIRM = "confirm"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SILENCE = "silence"
    ASSIGN = "assign"
    RESET = "reset"


class Refusal(StrEnum):
    """Why the state of the alert does not allow an act."""

    CLOSED = "closed"
    ALREADY_ACKNOWLEDGED = "already_acknowledged"
    ALREADY_CONFIRMED = "already_confirmed"
    ALREADY_SILENCED = "already_silenced"
    NOT_SHELVED = "not_shelved"
    P1_IS_NOT_SHELVED = "p1_is_not_shelved"
    NOT_LATCHED = "not_latched"
    CREW_NOT_ARRIVED = "crew_not_arrived"
    ANOTHER_CREW = "another_crew"
    ANOTHER_ORDER = "another_order"
    GAS_ABOVE_CLEAR_POINT = "gas_above_clear_point"


@dataclass(frozen=True, slots=True)
class Asked:
    """An act as it was asked for: `text` is the note, finding, reason or person, by the act."""

    act: Act
    actor: str
    at_ms: int
    text: str = ""
    until_ms: int | None = None
    order_id: str | None = None


Check = Callable[[SiteState, Alert, Asked], Refusal | None]
Change = Callable[[Asked], dict[str, Any]]


def _closed(_state: SiteState, alert: Alert, _asked: Asked) -> Refusal | None:
    return None if alert.open else Refusal.CLOSED


def _if(fact: Callable[[Alert], bool], refusal: Refusal) -> Check:
    return lambda _state, alert, _asked: refusal if fact(alert) else None


def _not_latched(alert: Alert) -> bool:
    return not (alert.active and (alert.latched or alert.rule == "V01"))


def _crew(state: SiteState, _alert: Alert, asked: Asked) -> Refusal | None:
    if state.holder_order_id is None:
        return Refusal.CREW_NOT_ARRIVED
    return None if state.holder_order_id == asked.order_id else Refusal.ANOTHER_ORDER


def in_condition(state: SiteState, alert: Alert) -> list[Alert]:
    """Return the alerts whose condition forbids the reset of `alert`."""
    # V01 lasts until the valve closes; what counts for its reset is the gas alone.
    about = [a for a in state.in_zone(alert.zone) if a.family in GAS_FAMILIES]
    about += [] if alert.rule == "V01" else [alert]
    return [a for a in about if a.in_condition]


def _gas(state: SiteState, alert: Alert, _asked: Asked) -> Refusal | None:
    return Refusal.GAS_ABOVE_CLEAR_POINT if in_condition(state, alert) else None


# act → (the word of its timeline, what must hold in this order, what it sets)
TABLE: dict[Act, tuple[str, tuple[Check, ...], Change]] = {
    Act.ACKNOWLEDGE: (
        "acknowledged",
        (_if(lambda a: a.acknowledged, Refusal.ALREADY_ACKNOWLEDGED),),
        lambda asked: {"acknowledged": True, "acknowledged_at_ms": asked.at_ms},
    ),
    Act.CONFIRM: (
        "confirmed",
        (_closed, _if(lambda a: a.confirmed is not None, Refusal.ALREADY_CONFIRMED)),
        lambda asked: {"confirmed": asked.text},
    ),
    Act.SHELVE: (
        "shelved",
        (_closed, _if(lambda a: a.priority == "P1", Refusal.P1_IS_NOT_SHELVED)),
        lambda asked: {"suppressed": True, "shelved_until_ms": asked.until_ms},
    ),
    Act.UNSHELVE: (
        "unshelved",
        (_if(lambda a: a.shelved_until_ms is None, Refusal.NOT_SHELVED),),
        lambda _asked: {"suppressed": False, "shelved_until_ms": None},
    ),
    Act.SILENCE: (
        "silenced",
        (_closed, _if(lambda a: a.silenced, Refusal.ALREADY_SILENCED)),
        lambda _asked: {"silenced": True},
    ),
    Act.ASSIGN: ("assigned", (_closed,), lambda asked: {"assigned_to": asked.text}),
    Act.RESET: (
        "reset",
        (_closed, _if(_not_latched, Refusal.NOT_LATCHED), _crew, _gas),
        lambda asked: {
            "active": False,
            "latched": False,
            "in_condition": False,
            "cleared_at_ms": asked.at_ms,
        },
    ),
}


def do(state: SiteState, alert: Alert, asked: Asked) -> Alert | Refusal:
    """Do the act in place of `state` and return the alert after it, or why it is not allowed now."""
    kind, checks, change = TABLE[asked.act]
    for check in checks:
        refusal = check(state, alert, asked)
        if refusal is not None:
            return refusal
    item = TimelineItem(asked.at_ms, kind, asked.actor, reason=asked.text or None)
    changed = state.change(alert, item, **change(asked))
    if asked.act is Act.RESET:
        _release(state, alert, asked.at_ms)
    return changed


def _release(state: SiteState, alert: Alert, now_ms: int) -> None:
    """End what a reset alert wanted of the valves of its zone; V01 stands for all that was wanted."""
    for valve_id in state.facts.valves.get(alert.zone, ()):
        valve = state.valves.get(valve_id)
        if valve is not None:
            step = on_reset(valve, None if alert.rule == "V01" else alert.alert_id)
            loops.apply(state, step, now_ms, _no_id)


def _no_id() -> str:
    raise AssertionError("a reset opens no alert")


def shelving_ends(state: SiteState, now_ms: int) -> list[Alert]:
    """Unshelve in place of `state` what was shelved until now, and return it."""
    over = [
        a for a in state.alerts.values() if a.shelved_until_ms is not None and a.shelved_until_ms <= now_ms
    ]
    ended = (do(state, alert, Asked(Act.UNSHELVE, "timer", now_ms, "expired")) for alert in over)
    return [alert for alert in ended if not isinstance(alert, Refusal)]
