"""Set-points and the proposals to change them in PostgreSQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.alerting.domain.setpoints import SetPoint
from shared.chassis.database import Connection
from shared.chassis.times import rfc3339

_POINTS = """
SELECT key, value, unit, on_ms, off_ms, deadband, priority, standard, clause, verified, latched, scope,
  version, effective_from_ms, effective_to_ms
FROM set_point ORDER BY key, scope, version
"""
_END = """
UPDATE set_point SET effective_to_ms = $3
WHERE key = $1 AND scope = $2 AND effective_from_ms < $3 AND (effective_to_ms IS NULL OR effective_to_ms > $3)
"""
_ADD = """
INSERT INTO set_point (key, scope, version, value, unit, on_ms, off_ms, deadband, priority, latched, standard,
  clause, verified, effective_from_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
"""
_PROPOSALS = """
SELECT *, (extract(epoch FROM effective_from) * 1000)::bigint AS from_ms,
  (extract(epoch FROM proposed_at) * 1000)::bigint AS proposed_ms,
  (extract(epoch FROM approved_at) * 1000)::bigint AS approved_ms
FROM rule_proposal
"""


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

    def as_json(self) -> dict[str, Any]:
        """Return the proposal as the API shows it."""
        return {
            "proposal_id": self.proposal_id,
            "rule": self.rule,
            "key": self.key,
            "scope": self.scope,
            "changes": _seconds(self.changes),
            "reason": self.reason,
            "effective_from": rfc3339(self.effective_from_ms),
            "proposed_by": self.proposed_by,
            "proposed_at": rfc3339(self.proposed_at_ms),
            "state": "approved" if self.approved_by else "proposed",
            "approved_by": self.approved_by,
            "approved_at": rfc3339(self.approved_at_ms) if self.approved_at_ms else None,
        }


def point_as_json(point: SetPoint, now_ms: int) -> dict[str, Any]:
    """Return a version of a set-point as the API shows it; delays in seconds."""
    return {
        "rule": point.rule,
        "key": point.key,
        "scope": point.scope,
        "version": point.version,
        "value": point.value,
        "unit": point.unit,
        "on_s": point.on_ms / 1000,
        "off_s": point.off_ms / 1000,
        "deadband": point.deadband,
        "priority": point.priority,
        "latched": point.latched,
        "standard": point.standard,
        "clause": point.clause,
        "verified": point.verified,
        "effective_from": rfc3339(point.effective_from_ms),
        "effective_to": rfc3339(point.effective_to_ms) if point.effective_to_ms else None,
        "in_force": point.holds(now_ms),
    }


async def points(connection: Connection) -> list[SetPoint]:
    """Return every version of every set-point."""
    return [SetPoint(**dict(row)) for row in await connection.fetch(_POINTS)]


async def add(connection: Connection, point: SetPoint) -> None:
    """Write a new version; the one before it ends when it begins."""
    await connection.execute(_END, point.key, point.scope, point.effective_from_ms)
    await connection.execute(
        _ADD,
        point.key,
        point.scope,
        point.version,
        point.value,
        point.unit,
        point.on_ms,
        point.off_ms,
        point.deadband,
        point.priority,
        point.latched,
        point.standard,
        point.clause,
        point.verified,
        point.effective_from_ms,
    )


async def propose(connection: Connection, proposal: Proposal) -> Proposal:
    """Write a proposal and return it as it now stands."""
    await connection.execute(
        "INSERT INTO rule_proposal (proposal_id, rule, key, scope, changes, effective_from, reason,"
        " proposed_by, by_administrator)"
        " VALUES ($1::uuid, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7, $8, $9)",
        proposal.proposal_id,
        proposal.rule,
        proposal.key,
        proposal.scope,
        proposal.changes,
        proposal.effective_from_ms,
        proposal.reason,
        proposal.proposed_by,
        proposal.by_administrator,
    )
    return await lock(connection, proposal.proposal_id) or proposal


async def lock(connection: Connection, proposal_id: str) -> Proposal | None:
    """Lock and return a proposal, None when there is none."""
    row = await connection.fetchrow(_PROPOSALS + " WHERE proposal_id = $1::uuid FOR UPDATE", proposal_id)
    return _proposal(row) if row else None


async def proposals(connection: Connection, after: str | None, limit: int) -> list[Proposal]:
    """Return proposals, the newest first; `after` is the id of the last seen."""
    found = await connection.fetch(
        _PROPOSALS + " WHERE $1::uuid IS NULL OR proposal_id < $1 ORDER BY proposal_id DESC LIMIT $2",
        after,
        limit,
    )
    return [_proposal(row) for row in found]


async def approve(connection: Connection, proposal_id: str, subject: str) -> None:
    """Note the second person; the database refuses the first one."""
    await connection.execute(
        "UPDATE rule_proposal SET approved_by = $2, approved_at = now() WHERE proposal_id = $1::uuid",
        proposal_id,
        subject,
    )


def _seconds(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("ms") + "s" if name.endswith("_ms") else name: value / 1000
        if name.endswith("_ms")
        else value
        for name, value in changes.items()
    }


def _proposal(row: Any) -> Proposal:
    return Proposal(
        proposal_id=str(row["proposal_id"]),
        rule=row["rule"],
        key=row["key"],
        scope=row["scope"],
        changes=row["changes"],
        reason=row["reason"],
        effective_from_ms=row["from_ms"],
        proposed_by=row["proposed_by"],
        by_administrator=row["by_administrator"],
        proposed_at_ms=row["proposed_ms"],
        approved_by=row["approved_by"],
        approved_at_ms=row["approved_ms"],
    )
