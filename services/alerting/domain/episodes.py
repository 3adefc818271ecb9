"""An alert's episode: opened, taken over by a graver rule, repeated, cleared (DOMAIN section 4).

One open active alert per family and subject. A latched alert stays active when its condition ends, until it
is reset on site. Returned to normal but unacknowledged stays listed; a new raise then is a new episode.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

from services.alerting.domain.signals import Signal
from services.alerting.domain.site import Alert, SiteState, TimelineItem

REPEAT_MS = 10_000  # a line of the timeline at most this often (default)
BOUNCE_MS = 30_000  # what ends and begins again so soon has not ended (default)
REFRESH_MS = 15_000  # the row of a lasting alert is written at most this often (default)
_GRAVER = {"G01": 0, "G03": 1, "G02": 2, "P01": 0, "P02": 1}
_PRIORITY = {"P1": 3, "P2": 2, "P3": 1, "P4": 0}


class Reason(StrEnum):
    """Why a signal changed an alert, or did not."""

    OPENED = "opened"
    OPENED_CLEARED = "opened_cleared"
    TOOK_OVER = "took_over"
    REPEATED = "repeated"
    RETURNED = "returned"
    LASTS = "lasts"
    CLEARED = "cleared"
    LATCHED = "latched"
    NOT_OPEN = "not_open"
    MAINTENANCE_OVER = "maintenance_over"
    EXPLAINED = "explained"
    NOTED = "noted"


def open_alert(
    state: SiteState, signal: Signal, now_ms: int, new_id: Callable[[], str], *, over: bool = False
) -> Alert:
    """Open an episode; `over` opens one that has ended already: nothing will act on it."""
    facts = state.facts
    alert = Alert(
        alert_id=new_id(),
        rule=signal.rule,
        family=signal.family,
        subject=signal.subject,
        priority=signal.priority,
        site_id=signal.site_id,
        operator_id=facts.operator_id,
        area_code=facts.area_code,
        zone=signal.zone,
        device_ids=signal.device_ids,
        opened_at_ms=signal.record_ms,
        updated_at_ms=now_ms,
        rule_version=signal.rule_version,
        active=not over,
        in_condition=not over,
        cleared_at_ms=signal.record_ms if over else None,
        test=signal.test,
        latched=signal.latched and not over,
        value=signal.value,
        set_point=signal.set_point,
        unit=signal.unit,
        unregistered=signal.unregistered,
        reserved=facts.reserved,
        repeated_at_ms=now_ms,
        reason=signal.reason,
    )
    return state.change(alert, TimelineItem(now_ms, "raised", f"rule:{signal.rule}", reason=signal.reason))


def raise_alert(
    state: SiteState, signal: Signal, now_ms: int, new_id: Callable[[], str]
) -> tuple[Alert, Reason]:
    """Open an episode, or let the signal take over or repeat the one that is active."""
    alert = state.find(signal.family, signal.subject)
    if alert is None or not alert.active:
        return open_alert(state, signal, now_ms, new_id), Reason.OPENED
    real = alert.test and not signal.test
    if _rank(signal.rule, signal.priority) > _rank(alert.rule, alert.priority) or real:
        reason = Reason.MAINTENANCE_OVER if real else Reason.TOOK_OVER
        return _take_over(state, alert, signal, now_ms, reason), reason
    item = None
    new: dict[str, Any] = {"in_condition": True, "repeat_count": alert.repeat_count + 1} | _newest(
        alert, signal
    )
    if not alert.in_condition:
        # Latched, and back after it had gone: raised anew, and whoever acknowledged it has not seen this.
        new |= {"acknowledged": False, "acknowledged_at_ms": None, "repeated_at_ms": now_ms}
        new |= {"value": signal.value} if signal.rule == alert.rule else {}
        item = TimelineItem(now_ms, "raised", f"rule:{signal.rule}", reason=Reason.RETURNED)
        return state.change(alert, item, **new), Reason.RETURNED
    if now_ms - alert.repeated_at_ms >= REPEAT_MS:
        new["repeated_at_ms"] = now_ms
        item = TimelineItem(now_ms, "repeated", f"rule:{signal.rule}", reason=signal.reason or None)
    return state.change(alert, item, **new), Reason.REPEATED


def raise_again(state: SiteState, signal: Signal, now_ms: int) -> Alert | None:
    """Take what comes back within `BOUNCE_MS` of its end for the same episode; None when nothing does.

    A switch that bounces is one alert, not one for each bounce.
    """
    alert = state.find(signal.family, signal.subject)
    if alert is None or alert.active or alert.cleared_at_ms is None:
        return None
    if signal.record_ms - alert.cleared_at_ms > BOUNCE_MS:
        return None
    new: dict[str, Any] = {"active": True, "in_condition": True, "cleared_at_ms": None}
    new["repeat_count"] = alert.repeat_count + 1
    item = None
    if now_ms - alert.repeated_at_ms >= REPEAT_MS:
        new["repeated_at_ms"] = now_ms
        item = TimelineItem(now_ms, "repeated", f"rule:{signal.rule}", reason=signal.reason or None)
    return state.change(alert, item, **new)


def _take_over(state: SiteState, alert: Alert, signal: Signal, now_ms: int, reason: Reason) -> Alert:
    graver = _rank(signal.rule, signal.priority) > _rank(alert.rule, alert.priority)
    new: dict[str, Any] = {"in_condition": True, "test": alert.test and signal.test}
    if graver:
        new |= {
            "rule": signal.rule,
            "priority": signal.priority,
            "rule_version": signal.rule_version,
            "set_point": signal.set_point,
            "unit": signal.unit,
            "value": signal.value,
            "latched": alert.latched or signal.latched,
            "reason": signal.reason,
            "suppressed": False,
            "shelved_until_ms": None,
        }
    # Whoever acknowledged the milder alert has not seen this one.
    new |= {"acknowledged": False, "acknowledged_at_ms": None, "repeated_at_ms": now_ms}
    why = f"{reason}:{alert.rule}" if reason == Reason.TOOK_OVER else str(reason)
    return state.change(alert, TimelineItem(now_ms, "raised", f"rule:{signal.rule}", reason=why), **new)


def lasts(state: SiteState, signal: Signal, now_ms: int) -> Alert | None:
    """Note that an active alert goes on; None when there is none (the caller then opens it)."""
    alert = state.find(signal.family, signal.subject)
    if alert is None or not alert.active or (alert.test and not signal.test):
        return None
    if now_ms - alert.repeated_at_ms < REFRESH_MS:
        return alert
    new = _newest(alert, signal) | {"repeated_at_ms": now_ms, "repeat_count": alert.repeat_count + 1}
    return state.change(alert, None, **new)


def clear_alert(state: SiteState, signal: Signal, now_ms: int) -> tuple[Alert | None, Reason]:
    """End the condition; only an alert that is not latched ends with it."""
    alert = state.find(signal.family, signal.subject)
    if alert is None or not alert.active:
        return None, Reason.NOT_OPEN
    if alert.latched:
        return state.change(alert, None, in_condition=False), Reason.LATCHED
    item = TimelineItem(now_ms, "cleared", f"rule:{alert.rule}", reason=signal.reason or None)
    new: dict[str, Any] = {"active": False, "in_condition": False, "cleared_at_ms": signal.record_ms}
    if alert.reserved:
        new["acknowledged"] = True  # nobody sees a canary, so nobody would
    ended = state.change(alert, item, **new)
    return ended, Reason.CLEARED


def _newest(alert: Alert, signal: Signal) -> dict[str, Any]:
    """Return what a lasting alert learns.

    `value` stays what raised its priority, or the first there is; readings tell the rest.
    """
    learned: dict[str, Any] = {"device_ids": tuple(dict.fromkeys((*alert.device_ids, *signal.device_ids)))}
    if alert.value is None and signal.value is not None:
        learned["value"] = signal.value
    return learned


def _rank(rule: str, priority: str) -> tuple[int, int]:
    return (_GRAVER.get(rule, 0), _PRIORITY[priority])
