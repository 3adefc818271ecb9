"""Set-points and the proposals to change them in PostgreSQL."""

from typing import Any, TypeAlias

from services.alerting.domain.rule_changes import Proposal
from services.alerting.domain.setpoints import SetPoint
from shared.chassis.database import Connection

# The operator and the area of a site.
Owner: TypeAlias = tuple[str, str]
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
  clause, verified, effective_from_ms, operator_id, area_code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
"""
_PROPOSALS = """
SELECT *, (extract(epoch FROM effective_from) * 1000)::bigint AS from_ms,
  (extract(epoch FROM proposed_at) * 1000)::bigint AS proposed_ms,
  (extract(epoch FROM approved_at) * 1000)::bigint AS approved_ms
FROM rule_proposal
"""


async def now_ms(connection: Connection) -> int:
    """Return the database's clock."""
    return int(await connection.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"))


async def points(connection: Connection) -> list[SetPoint]:
    """Return every version of every set-point."""
    return [SetPoint(**dict(row)) for row in await connection.fetch(_POINTS)]


async def add(connection: Connection, point: SetPoint, owner: Owner | None) -> None:
    """Write a new version; the one before it ends when it begins. `owner` is that of the site it is for."""
    operator_id, area_code = owner or (None, None)
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
        operator_id,
        area_code,
    )


async def propose(connection: Connection, proposal: Proposal, owner: Owner | None) -> Proposal:
    """Write a proposal and return it as it now stands; `owner` is that of the site it is for."""
    operator_id, area_code = owner or (None, None)
    await connection.execute(
        "INSERT INTO rule_proposal (proposal_id, rule, key, scope, changes, effective_from, reason,"
        " proposed_by, by_administrator, operator_id, area_code)"
        " VALUES ($1::uuid, $2, $3, $4, $5, to_timestamp($6::float8 / 1000), $7, $8, $9, $10, $11)",
        proposal.proposal_id,
        proposal.rule,
        proposal.key,
        proposal.scope,
        proposal.changes,
        proposal.effective_from_ms,
        proposal.reason,
        proposal.proposed_by,
        proposal.by_administrator,
        operator_id,
        area_code,
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
