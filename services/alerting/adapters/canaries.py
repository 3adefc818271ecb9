"""Removes what the watchdog's canaries left: alerts of reserved sites that ended more than a day ago."""

from services.alerting.adapters.postgres import passing
from shared.chassis.database import Pool, transaction

ALERTS_MAX = 500  # in one transaction, so that none takes long

# Whoever decides about one of them has its row locked; the next look finds it again.
_OVER = """
SELECT alert_id FROM alert
WHERE reserved AND NOT active
  AND updated_at_ms < (extract(epoch FROM clock_timestamp() - interval '1 day') * 1000)::bigint
ORDER BY updated_at_ms LIMIT $1 FOR UPDATE SKIP LOCKED
"""


class PostgresTraces:
    """Deletes under the worker's role, to which the database gives no other alerts."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self) -> int:
        """Delete some alerts that are due, with their timelines; return how many. Raise Unavailable."""
        with passing():
            async with transaction(self._pool) as connection:
                over = [row["alert_id"] for row in await connection.fetch(_OVER, ALERTS_MAX)]
                await connection.execute("DELETE FROM timeline WHERE alert_id = ANY($1::uuid[])", over)
                await connection.execute("DELETE FROM alert WHERE alert_id = ANY($1::uuid[])", over)
        return len(over)
