"""Changing a set-point: what may be proposed, and the version that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.alerting.domain.setpoints import SetPoint

# What a gas alarm may be set to at all (%LEL): DOMAIN section 3 (GB/T 50493-2019, GB 50028-2006 9.4), the
# lower ends are defaults of this project.
# Upper ends of CO: EN 50291; of pressure: the trip and the relief valve themselves.
BOUNDS: dict[str, tuple[float, float]] = {
    "G01": (5, 25),
    "G02": (10, 50),
    "G03": (5, 20),
    "G04": (2, 2),
    "G06.long": (10, 50),
    "G06.medium": (20, 100),
    "G06.high": (50, 300),
    "P01": (50, 100),
    "P02": (80, 100),
    "L01": (70, 100),
}
# Any other figure may become so many times what it was first, or that part of it (a default of this project):
# two people may fit a rule to a place, not put it out of reach.
FACTOR_MAX = 4.0
# How long an alarm of gas may wait, if it does not average over longer: a delay never becomes a way to switch
# it off (a default of this project).
ON_MS_MAX = 60_000
CHANGEABLE = frozenset({"value", "on_ms", "off_ms", "deadband", "standard", "clause", "verified"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change of a set-point that waits for, or has, a second person."""

    proposal_id: str
    rule: str
    key: str
    scope: str
    changes: dict[str, Any]
    reason: str
    effective_from_ms: int
    proposed_by: str
    by_administrator: bool
    proposed_at_ms: int = 0
    approved_by: str | None = None
    approved_at_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a proposal is refused: the field, and what is wrong with it."""

    field: str
    reason: str


def find(points: Sequence[SetPoint], rule: str, key: str | None, scope: str, at_ms: int) -> SetPoint | Fault:
    """Return the version that would be replaced: in force at `at_ms` in this scope, else the general one."""
    keys = sorted({point.key for point in points if point.rule == rule})
    wanted = key or (rule if rule in keys else "")
    if wanted not in keys:
        return Fault("key", f"must be one of {keys}")
    holding = [p for p in points if p.key == wanted and p.scope in {"", scope} and p.holds(at_ms)]
    ranked = sorted(holding, key=lambda p: (p.scope == scope, p.effective_from_ms, p.version))
    return ranked[-1] if ranked else Fault("effective_from", "no version holds then")


def changed(
    before: SetPoint, changes: Mapping[str, Any], scope: str, from_ms: int, versions: Sequence[SetPoint]
) -> SetPoint | Fault:
    """Return the new version; a figure that the standard rules out is refused."""
    if not changes:
        return Fault("value", "nothing would change")
    if not CHANGEABLE.issuperset(changes):
        return Fault(min(set(changes) - CHANGEABLE), "cannot be changed")
    first = min((p for p in versions if p.key == before.key), key=lambda p: p.version, default=before)
    if "value" in changes:
        if before.value is None or first.value is None:
            return Fault("value", "this rule has no set-point")
        low, high = BOUNDS.get(before.key, (first.value / FACTOR_MAX, first.value * FACTOR_MAX))
        if not low <= changes["value"] <= high:
            return Fault("value", f"must lie between {low:g} and {high:g} {before.unit}")
    factor = 1 if before.rule.startswith("G") else FACTOR_MAX
    longest_ms = max(ON_MS_MAX, factor * first.on_ms)
    if changes.get("on_ms", 0) > longest_ms:
        return Fault("on_s", f"this alarm may wait {longest_ms / 1000:g} s at most")
    value = changes.get("value", before.value)
    if value is not None and changes.get("deadband", 0) >= abs(value) > 0:
        return Fault("deadband", f"must be below the set-point of {value:g} {before.unit}")
    same = [point.version for point in versions if point.key == before.key and point.scope == scope]
    # A figure that somebody verified is verified no longer when it changes.
    verified = before.verified and "value" not in changes
    return replace(
        before,
        **({"verified": verified} | dict(changes)),
        scope=scope,
        version=max(same, default=0) + 1,
        effective_from_ms=from_ms,
        effective_to_ms=None,
    )
