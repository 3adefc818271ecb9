"""Alerts, set-points and proposals as the API shows them: times as RFC 3339, delays in seconds."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from services.alerting.domain.rule_changes import Proposal
from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.site import Alert
from shared.chassis.times import rfc3339

_HIDDEN = frozenset({"family", "subject", "in_condition", "repeated_at_ms", "reserved"})
_SHOWN = tuple(field.name for field in fields(Alert) if field.name not in _HIDDEN)


def alert(found: Alert) -> dict[str, Any]:
    """Return an alert; its times lose the suffix `_ms`."""
    shown: dict[str, Any] = {}
    for name in _SHOWN:
        value = getattr(found, name)
        if name.endswith("_ms"):
            shown[name.removesuffix("_ms")] = None if value is None else rfc3339(value)
        else:
            shown[name] = list(value) if isinstance(value, tuple) else value
    return shown


def point(found: SetPoint, now_ms: int) -> dict[str, Any]:
    """Return a version of a set-point."""
    return {
        "rule": found.rule,
        "key": found.key,
        "scope": found.scope,
        "version": found.version,
        "value": found.value,
        "unit": found.unit,
        "on_s": found.on_ms / 1000,
        "off_s": found.off_ms / 1000,
        "deadband": found.deadband,
        "priority": found.priority,
        "latched": found.latched,
        "standard": found.standard,
        "clause": found.clause,
        "verified": found.verified,
        "effective_from": rfc3339(found.effective_from_ms),
        "effective_to": rfc3339(found.effective_to_ms) if found.effective_to_ms else None,
        "in_force": found.holds(now_ms),
    }


def proposal(found: Proposal) -> dict[str, Any]:
    """Return a proposal."""
    return {
        "proposal_id": found.proposal_id,
        "rule": found.rule,
        "key": found.key,
        "scope": found.scope,
        "changes": _seconds(found.changes),
        "reason": found.reason,
        "effective_from": rfc3339(found.effective_from_ms),
        "proposed_by": found.proposed_by,
        "proposed_at": rfc3339(found.proposed_at_ms),
        "state": "approved" if found.approved_by else "proposed",
        "approved_by": found.approved_by,
        "approved_at": rfc3339(found.approved_at_ms) if found.approved_at_ms else None,
    }


def _seconds(changes: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in changes.items():
        if name.endswith("_ms"):
            shown[f"{name.removesuffix('_ms')}_s"] = value / 1000
        else:
            shown[name] = value
    return shown
