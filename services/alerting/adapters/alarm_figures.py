"""The episodes that alarm figures are computed from; row-level security has the last word."""

from typing import Any

from services.alerting.adapters import rows
from services.alerting.domain.figures import STALE_MS, Alarm
from services.alerting.domain.site import Alert
from shared.chassis.database import Connection

STALE_MAX = 100
# Rules about the load itself and the platform are nobody's alarms.
_COUNTED = (
    "rule NOT IN ('S01', 'S02') AND NOT test AND NOT reserved AND ($1::text IS NULL OR operator_id = $1)"
)
_ALARMS = (
    "SELECT opened_at_ms, priority, operator_id, site_id, coalesce(device_ids[1], ''), acknowledged_at_ms"  # noqa: S608
    f" FROM alert WHERE {_COUNTED} AND opened_at_ms >= $2 AND opened_at_ms < $3"
    " ORDER BY opened_at_ms LIMIT $4"
)
_STALE = (
    f"SELECT * FROM alert WHERE {_COUNTED} AND NOT suppressed AND opened_at_ms < $2 AND (active {{past}})"  # noqa: S608
    f" ORDER BY opened_at_ms, alert_id LIMIT {STALE_MAX}"
)


async def now_ms(connection: Connection) -> int:
    """Return the database's clock."""
    found: int = await connection.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
    return found


async def alarms(
    connection: Connection, operator_id: str | None, from_ms: int, to_ms: int, limit: int
) -> list[Alarm]:
    """Return episodes that opened in a span, in the order of their time."""
    found = await connection.fetch(_ALARMS, operator_id, from_ms, to_ms, limit)
    return [Alarm(*row) for row in found]


async def stale(connection: Connection, operator_id: str | None, at_ms: int, *, past: bool) -> list[Alert]:
    """Return alerts that had been active for more than a day at a time, the oldest first.

    Only of a time that is `past` those are looked for that have ended since: that reads the whole table.
    """
    values: list[Any] = [operator_id, at_ms - STALE_MS]
    if past:
        values.append(at_ms)
    text = _STALE.format(past="OR cleared_at_ms > $3" if past else "")
    return [rows.from_row(row) for row in await connection.fetch(text, *values)]
