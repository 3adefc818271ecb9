"""Roll-ups by hour and day, computed from what is stored; and what is too old goes."""

import functools
from collections import defaultdict

from services.history.adapters import reserved, sql
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
TIDY_AFTER_MS = DAY_MS + 2 * HOUR_MS
TIDY_DEVICES = 1_000

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
# Hours are written for all devices together, so that one device's lie far apart. When the day is over they
# are written again device by device: a curve of 90 days then takes some hundred pages instead of 2,160.
_TIDY = """
    WITH moved AS (
      DELETE FROM reading_hourly
      WHERE hour >= $1 AND hour < $2 AND device_key >= $3 AND device_key < $4 RETURNING *)
    INSERT INTO reading_hourly SELECT * FROM moved ORDER BY device_key, hour"""
_ALONE = "SELECT pg_try_advisory_xact_lock(hashtext('history roll-ups'))"
# An alarm at the end of an hour reaches into the next: that one is computed again when it was rolled up.
_NEXT = "SELECT device_key FROM reading_hourly WHERE device_key = ANY($1) AND hour = $2"


_IS_TIDY = "SELECT EXISTS (SELECT FROM tidied WHERE day = $1)"
_TIDIED = "INSERT INTO tidied (day) VALUES ($1) ON CONFLICT DO NOTHING"
_HIGHEST = "SELECT coalesce(max(device_key), 0) FROM device"


class Rollups:
    """Computes what is due, a few thousand device hours in one transaction."""

    def __init__(self, dsn: str, health: Health) -> None:
        self._patient = Patient(dsn, "history roll-ups", health)

    async def roll(self, now_ms: int) -> int:
        """Roll up hours that are over and marked; return how many marks that settled."""
        return await self._patient.do(lambda connection: _roll(connection, now_ms))

    async def tidy(self, now_ms: int) -> int:
        """Write the hours of the day before again in the order of devices; return how many rows moved."""
        day = (now_ms - TIDY_AFTER_MS) // DAY_MS * DAY_MS
        if await self._patient.do(lambda connection: connection.fetchval(_IS_TIDY, day)):
            return 0
        highest = await self._patient.do(lambda connection: connection.fetchval(_HIGHEST))
        moved = 0
        for first in range(0, highest + 1, TIDY_DEVICES):
            moved += await self._patient.do(functools.partial(_tidy, day=day, first=first))
        await self._patient.do(lambda connection: connection.execute(_TIDIED, day))
        get_logger().info("tidied a day", rows=moved)
        return moved

    async def catch_up(self, since_ms: int) -> None:
        """Bring latest states up to date with the readings since then."""
        highest = await self._patient.do(lambda connection: connection.fetchval(_HIGHEST))
        for first in range(0, highest + 1, TIDY_DEVICES):
            asked = (first, first + TIDY_DEVICES, since_ms)
            await self._patient.do(functools.partial(_execute, statement=sql.CATCH_UP, arguments=asked))

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

    async def delete_reserved(self) -> int:
        """Delete what reserved devices said more than a day ago; return how many rows."""
        return await reserved.delete_traces(self._patient)

    def close(self) -> None:
        """End the connection."""
        self._patient.drop()


async def _execute(connection: Connection, *, statement: str, arguments: tuple[int, ...]) -> None:
    await connection.execute(statement, *arguments)


async def _tidy(connection: Connection, *, day: int, first: int) -> int:
    async with connection.transaction():
        await connection.fetchval(_ALONE.replace("try_", ""))
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        done = await connection.execute(_TIDY, day, day + DAY_MS, first, first + TIDY_DEVICES)
    return int(done.rpartition(" ")[2])


async def _roll(connection: Connection, now_ms: int) -> int:
    async with connection.transaction():
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        # One instance at a time: of two results for the same hour the older must never be the last.
        if not await connection.fetchval(_ALONE):
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
