"""Alerts and their timelines as people read them; row-level security has the last word."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.alerting.adapters import rows
from services.alerting.domain.site import Alert
from shared.chassis.database import Connection, area_prefix
from shared.chassis.times import rfc3339

# What a list may be filtered by, and how; the names are those that a list shows.
FILTERS = {
    "alert_id": "alert_id = ${}::uuid",
    "rule": "rule = ANY(${}::text[])",
    "priority": "priority = ANY(${}::text[])",
    "site_id": "site_id = ${}",
    "zone": "zone = ${}",
    "device_ids": "${} = ANY(device_ids)",
    "operator_id": "operator_id = ${}",
    "area": "starts_with(area_code, ${})",
    "active": "active = ${}",
    "acknowledged": "acknowledged = ${}",
    "suppressed": "suppressed = ${}",
    "test": "test = ${}",
    "order_id": "order_id = ${}",
    "assigned_to": "assigned_to = ${}",
    "open": "is_open = ${}",
}


async def page(
    connection: Connection, filters: Mapping[str, Any], after: Sequence[Any] | None, limit: int
) -> list[Alert]:
    """Return alerts, the newest first; `after` is (opened_at_ms, alert_id) of the last seen."""
    values: list[Any] = []
    conditions = ["NOT reserved"]
    for name, value in filters.items():
        values.append(area_prefix(value) if name == "area" else value)
        conditions.append(FILTERS[name].format(len(values)))
    if after is not None:
        values += after
        conditions.append(f"(opened_at_ms, alert_id) < (${len(values) - 1}::bigint, ${len(values)}::uuid)")
    values.append(limit)
    found = await connection.fetch(
        f"SELECT * FROM alert WHERE {' AND '.join(conditions)}"  # noqa: S608 - fixed texts
        f" ORDER BY opened_at_ms DESC, alert_id DESC LIMIT ${len(values)}",
        *values,
    )
    return [rows.from_row(row) for row in found]


async def get(connection: Connection, alert_id: str) -> Alert | None:
    """Return one alert, None when there is none that this connection may see."""
    row = await connection.fetchrow("SELECT * FROM alert WHERE alert_id = $1::uuid", alert_id)
    return rows.from_row(row) if row else None


async def timeline(
    connection: Connection, alert_id: str, after: int | None, limit: int
) -> list[tuple[int, dict[str, Any]]]:
    """Return the lines of an alert's timeline in their order, each with its number."""
    found = await connection.fetch(
        "SELECT seq, at_ms, kind, actor, command_id, reason FROM timeline"
        " WHERE alert_id = $1::uuid AND ($2::bigint IS NULL OR seq > $2) ORDER BY seq LIMIT $3",
        alert_id,
        after,
        limit,
    )
    return [(row["seq"], _line(row)) for row in found]


def _line(row: Any) -> dict[str, Any]:
    optional = {name: row[name] for name in ("actor", "command_id", "reason") if row[name] is not None}
    return {"at": rfc3339(row["at_ms"]), "kind": row["kind"], **optional}


async def visible(connection: Connection, operator_id: str, area_code: str) -> bool:
    """Tell whether what belongs to an operator, in an area, may be seen, by the policy's own function."""
    return bool(await connection.fetchval("SELECT gw.visible($1, $2)", operator_id, area_code))


async def holder_crew(connection: Connection, site_id: str, order_id: str | None) -> str | None:
    """Return the crew that came with this order and holds the site, None when that is not so."""
    crew_id: str | None = await connection.fetchval(
        "SELECT holder_crew_id FROM site WHERE site_id = $1 AND holder_order_id = $2", site_id, order_id
    )
    return crew_id
