"""Roll-ups by hour and day, computed from what is stored; and what is too old goes."""

from collections import defaultdict

from services.history.adapters import sql
from services.history.adapters.writer import Connection, Patient
from services.history.domain.window import DAY_MS, HOUR_MS
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter

# So long after its end is an hour taken to be complete: readings of the last seconds are on their way,
# and another instance's clock may differ.
GRACE_MS = 120_000
MARKS_MAX = 1_000
DEVICES_MAX = 200  # in one statement, so that none takes long

ROLLED = Counter("gas_history_rolled_total", "Device hours rolled up")

_DUE = """
    DELETE FROM rollup_due WHERE id IN (
      SELECT id FROM rollup_due WHERE hour <= $1 ORDER BY hour, device_key LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING device_key, hour"""

_HOUR = f"""
    INSERT INTO reading_hourly SELECT * FROM roll_hour($1, $2)
    ON CONFLICT (device_key, hour) DO UPDATE SET {sql.UPDATE_ROLLED}"""  # noqa: S608 - constants of sql.py
_DAY = f"""
    INSERT INTO reading_daily (day, device_key, {sql.ROLLED_COLUMNS})
    SELECT $2, device_key, {sql.ROLL_ROLLED} FROM reading_hourly
    WHERE device_key = ANY($1) AND hour >= $2 AND hour < $3
    GROUP BY device_key
    ON CONFLICT (device_key, day) DO UPDATE SET {sql.UPDATE_ROLLED}"""  # noqa: S608 - constants of sql.py
# An alarm at the end of an hour reaches into the next: that one is computed again when it was rolled up.
_NEXT = "SELECT device_key FROM reading_hourly WHERE device_key = ANY($1) AND hour = $2"


class Rollups:
    """Computes what is due, a few thousand device hours in one transaction."""

    def __init__(self, dsn: str, health: Health) -> None:
        self._patient = Patient(dsn, "history roll-ups", health)

    async def roll(self, now_ms: int) -> int:
        """Roll up hours that are over and marked; return how many marks that settled."""
        return await self._patient.do(lambda connection: _roll(connection, now_ms))

    async def drop_older(self, relation: str, older_than_ms: int) -> int:
        """Drop chunks that hold only what is older; return how many."""

        async def work(connection: Connection) -> int:
            found: int = await connection.fetchval(
                "SELECT drop_older($1::text::regclass, $2)", relation, older_than_ms
            )
            return found

        return await self._patient.do(work)

    async def delete_older(self, relation: str, older_than_ms: int) -> int:
        """Delete what is older from a plain table, a bounded number of rows; return how many."""

        async def work(connection: Connection) -> int:
            done: str = await connection.execute(
                f"DELETE FROM {relation} WHERE ctid = ANY(ARRAY(SELECT ctid FROM {relation}"  # noqa: S608
                ' WHERE "time" < $1 LIMIT 10000))',
                older_than_ms,
            )
            return int(done.rpartition(" ")[2])

        return await self._patient.do(work)

    def close(self) -> None:
        """End the connection."""
        self._patient.drop()


async def _roll(connection: Connection, now_ms: int) -> int:
    async with connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        # One instance at a time: of two results for the same hour the older must never be the last.
        if not await connection.fetchval("SELECT pg_try_advisory_xact_lock(hashtext('history roll-ups'))"):
            return 0
        marks = await connection.fetch(_DUE, now_ms - HOUR_MS - GRACE_MS, MARKS_MAX)
        hours: dict[int, set[int]] = defaultdict(set)
        for mark in marks:
            hours[mark["hour"]].add(mark["device_key"])
        for hour in sorted(hours):
            following = await connection.fetch(_NEXT, sorted(hours[hour]), hour + HOUR_MS)
            if following:
                hours[hour + HOUR_MS] |= {row["device_key"] for row in following}
        days: dict[int, set[int]] = defaultdict(set)
        for hour, keys in sorted(hours.items()):
            for some in _pieces(keys):
                await connection.execute(_HOUR, some, hour)
            days[hour // DAY_MS * DAY_MS] |= keys
            ROLLED.inc(len(keys))
        for day, keys in sorted(days.items()):
            for some in _pieces(keys):
                await connection.execute(_DAY, some, day, day + DAY_MS)
    if marks:
        get_logger().info("rolled up", marks=len(marks), hours=len(hours))
    return len(marks)


def _pieces(keys: set[int]) -> list[list[int]]:
    ordered = sorted(keys)
    return [ordered[i : i + DEVICES_MAX] for i in range(0, len(ordered), DEVICES_MAX)]
