"""What S01 judges, counted in PostgreSQL."""

from services.alerting.adapters.postgres import passing
from services.alerting.domain.load import CHATTER_MS, WINDOW_MS, Chatter, Figures
from shared.chassis.database import Pool, transaction

DAY_MS = 86_400_000

_COUNTS = """
WITH clock AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms),
counted AS (
  SELECT alert.*, clock.now_ms FROM alert, clock
  WHERE rule NOT IN ('S01', 'S02') AND NOT test AND NOT reserved AND NOT suppressed
    AND (opened_at_ms > clock.now_ms - $1 OR active)
)
SELECT operator_id,
  count(*) FILTER (WHERE opened_at_ms > now_ms - $1) AS raised,
  count(*) FILTER (WHERE active AND opened_at_ms < now_ms - $2) AS stale
FROM counted GROUP BY operator_id
"""
_CHATTER = """
SELECT site_id, family, subject, count(*) AS count FROM alert
WHERE opened_at_ms > (extract(epoch FROM clock_timestamp()) * 1000)::bigint - $1
  AND rule NOT IN ('S01', 'S02') AND NOT test AND NOT reserved
GROUP BY site_id, family, subject HAVING count(*) >= 2
"""
_ACTIVE = "SELECT site_id, subject FROM alert WHERE rule = 'S01' AND active"


class PostgresFigures:
    """Counts under the worker's role."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self) -> Figures:
        """Return the figures as of now by the database's clock."""
        with passing():
            async with transaction(self._pool) as connection:
                counts = await connection.fetch(_COUNTS, WINDOW_MS, DAY_MS)
                chatter = await connection.fetch(_CHATTER, CHATTER_MS)
                active = await connection.fetch(_ACTIVE)
        return Figures(
            {row["operator_id"]: row["raised"] for row in counts if row["raised"]},
            {row["operator_id"]: row["stale"] for row in counts if row["stale"]},
            tuple(Chatter(**dict(row)) for row in chatter),
            frozenset((row["site_id"], row["subject"]) for row in active),
        )
