"""Valve commands as people read them."""

from collections.abc import Sequence
from typing import Any

from shared.chassis.database import Connection
from shared.chassis.times import rfc3339

_PAGE = """
SELECT command_id::text, valve_id, site_id, zone, seq, alert_ids, actors, automatic, reason, attempt, results,
  closed, expires_at > clock_timestamp() AS alive,
  (extract(epoch FROM issued_at) * 1000)::bigint AS issued_ms,
  (extract(epoch FROM expires_at) * 1000)::bigint AS expires_ms
FROM valve_command
WHERE valve_id = $1 AND ($2::bigint IS NULL OR (seq, command_id) < ($2, $3::uuid))
ORDER BY seq DESC, command_id DESC LIMIT $4
"""


async def page(
    connection: Connection, valve_id: str, after: Sequence[Any] | None, limit: int
) -> list[dict[str, Any]]:
    """Return the commands of a valve, the newest first; `after` is (seq, command_id) of the last seen."""
    seq, command_id = after or (None, None)
    rows = await connection.fetch(_PAGE, valve_id, seq, command_id, limit)
    return [_command(row) for row in rows]


def _command(row: Any) -> dict[str, Any]:
    results = [word.partition(":") for word in row["results"]]
    if row["closed"]:
        state = "closed"
    elif row["results"]:
        state = results[-1][0]
    else:
        state = "sent" if row["alive"] else "expired"
    return {
        "command_id": row["command_id"],
        "valve_id": row["valve_id"],
        "site_id": row["site_id"],
        "zone": row["zone"],
        "action": "close",
        "seq": row["seq"],
        "issued_at": rfc3339(row["issued_ms"]),
        "expires_at": rfc3339(row["expires_ms"]),
        "alert_id": row["alert_ids"][0] if row["alert_ids"] else None,
        "alert_ids": row["alert_ids"],
        "actors": row["actors"],
        "automatic": row["automatic"],
        "reason": row["reason"],
        "attempt": row["attempt"],
        "state": state,
        "results": [{"result": result, "reason": reason or None} for result, _, reason in results],
    }
