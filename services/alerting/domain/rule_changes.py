"""Changing a set-point: what may be proposed, and the version that follows from it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.alerting.domain.setpoints import SetPoint

# What a gas alarm may be set to at all (%LEL): DOMAIN section 3 (GB/T 50493-2019, GB 50028-2006 9.4), the
# lower ends are defaults of this project.
BOUNDS: dict[str, tuple[float, float]] = {"G01": (5, 25), "G02": (10, 50), "G03": (5, 20), "G04": (2, 2)}
# How long a gas alarm may wait: a delay never becomes a way to switch it off (a default of this project).
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
    if "value" in changes:
        low, high = BOUNDS.get(before.rule, (0, float("inf")))
        if before.value is None:
            return Fault("value", "this rule has no set-point")
        if not low <= changes["value"] <= high:
            return Fault("value", f"must lie between {low:g} and {high:g} {before.unit}")
    if before.rule in BOUNDS and changes.get("on_ms", 0) > ON_MS_MAX:
        return Fault("on_s", f"a gas alarm may wait {ON_MS_MAX // 1000} s at most")
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
