"""Reading: first the device under row-level security, then its rows by its key."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from services.history.adapters import sql
from services.history.domain.buckets import POINTS_MAX, Bucket
from shared.chassis.database import Pool, open_pool, transaction
from shared.chassis.principal import Principal

PENDING_HOURS_MAX = 48
Rows = list["asyncpg.Record"]
After = tuple[int, int, int]

_DEVICE = "SELECT device_key FROM device WHERE device_id = $1"
_COUNT = """
    SELECT (SELECT count(*) FROM (SELECT FROM reading
              WHERE device_key = $1 AND "time" >= $2 AND "time" < $3 LIMIT $4) a)
         + (SELECT count(*) FROM (SELECT FROM odd_reading
              WHERE device_key = $1 AND "time" >= $2 AND "time" < $3 LIMIT $4) b)"""


def _page(table: str, names: tuple[str, ...]) -> str:
    """Return the statement for a page of rows as they came: device $1, [$2, $3), after $4-$6, $7 rows."""
    branch = """
      (SELECT {listed}, {time_ms} AS time_ms, {odd} AS odd FROM {table}
       WHERE device_key = $1 AND "time" >= $2 AND "time" < $3 AND ("time", boot_id, seq) > ($4, $5, $6)
       ORDER BY "time", boot_id, seq LIMIT $7)"""
    listed = sql.columns(names)
    own_time = 'round(extract(epoch FROM "time") * 1000)::bigint'
    usual = branch.format(listed=listed, table=table, odd="false", time_ms=own_time)
    odd = branch.format(listed=listed, table=f"odd_{table}", odd="true", time_ms="device_time_ms")
    return f'SELECT * FROM ({usual} UNION ALL {odd}) a ORDER BY "time", boot_id, seq LIMIT $7'  # noqa: S608


_READINGS = _page("reading", sql.READING_COLUMNS)
_EVENTS = _page("device_event", sql.EVENT_COLUMNS)
_PENDING = """
    SELECT DISTINCT hour FROM rollup_due WHERE device_key = $1 AND hour >= $2 AND hour < $3
    ORDER BY hour DESC LIMIT $4"""
# $1 device, $2-$3 range, $4 width, $5 limit, $6 hours that are computed from readings now, $7 their days.
_HOURS = f"""
      SELECT hour, {sql.ROLLED_COLUMNS} FROM readings_hourly
      WHERE device_key = $1 AND hour >= $2 AND hour < $3 AND hour <> ALL($6::timestamptz[])
      UNION ALL
      SELECT h.hour, {sql.ROLLED_COLUMNS} FROM unnest($6::timestamptz[]) p(hour)
      CROSS JOIN LATERAL roll_hour(ARRAY[$1::integer], p.hour) h"""  # noqa: S608 - constants of sql.py
_DAYS = f"""
      SELECT day AS hour, {sql.ROLLED_COLUMNS} FROM readings_daily
      WHERE device_key = $1 AND day >= $2 AND day < $3 AND day <> ALL($7::timestamptz[])
      UNION ALL
      SELECT * FROM ({_HOURS}) o WHERE date_trunc('day', hour, 'UTC') = ANY($7::timestamptz[])"""  # noqa: S608
_BUCKETS = """
    SELECT time_bucket($4::interval, hour, TIMESTAMPTZ 'epoch') AS bucket, {rolled}
    FROM ({source}) r GROUP BY bucket ORDER BY bucket LIMIT $5"""
_BY_HOUR = _BUCKETS.format(rolled=sql.ROLL_ROLLED, source=_HOURS)
_BY_DAY = _BUCKETS.format(rolled=sql.ROLL_ROLLED, source=_DAYS + " AND hour >= $2 AND hour < $3")
_LATEST = """
    SELECT d.device_id, d.site_id, d.zone, d.kind, l.* FROM device d JOIN latest l USING (device_key)
    WHERE ($1::text IS NULL OR d.device_id = $1) AND ($2::text IS NULL OR d.site_id = $2) AND d.device_id > $3
    ORDER BY d.device_id LIMIT $4"""


def moment(unix_ms: int) -> datetime:
    """Return a time as the database's client takes it."""
    return datetime.fromtimestamp(unix_ms / 1000, UTC)


async def open_query_pool(dsn: str) -> Pool:
    """Open a pool whose plans are made for the range that is asked, so that only its chunks are opened."""
    joint = "&" if "?" in dsn else "?"
    return await open_pool(f"{dsn}{joint}plan_cache_mode=force_custom_plan", application_name="history api")


class Queries:
    """Answers questions about what was stored, in the name of who asks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, asking: Principal, device_id: str) -> int | None:
        """Return the device's key, or None when it does not exist for who asks."""
        async with transaction(self._pool, asking) as connection:
            found: int | None = await connection.fetchval(_DEVICE, device_id)
            return found

    async def count(self, key: int, from_ms: int, to_ms: int) -> int:
        """Return how many readings there are in [from, to), at most twice one more than fit raw."""
        count: int = await self._pool.fetchval(_COUNT, key, moment(from_ms), moment(to_ms), POINTS_MAX + 1)
        return count

    async def readings(self, key: int, from_ms: int, to_ms: int, after: After | None, limit: int) -> Rows:
        """Return readings as they came, oldest first."""
        return await self._page(_READINGS, key, from_ms, to_ms, after, limit)

    async def events(self, key: int, from_ms: int, to_ms: int, after: After | None, limit: int) -> Rows:
        """Return events as they came, oldest first."""
        return await self._page(_EVENTS, key, from_ms, to_ms, after, limit)

    async def _page(
        self, statement: str, key: int, from_ms: int, to_ms: int, after: After | None, limit: int
    ) -> Rows:
        since, boot_id, seq = after or (from_ms, -(2**62), -(2**62))
        span = (moment(max(from_ms, since)), moment(to_ms))
        return await self._pool.fetch(statement, key, *span, moment(since), boot_id, seq, limit)

    async def buckets(self, key: int, from_ms: int, to_ms: int, bucket: Bucket, limit: int) -> Rows:
        """Return roll-ups of the buckets in [from, to), which must be multiples of the bucket's width.

        Hours whose roll-up is still to be computed, the running one among them, come from the readings.
        """
        since, until = moment(from_ms), moment(to_ms)
        pending = await self._pool.fetch(_PENDING, key, since, until, PENDING_HOURS_MAX)
        hours = [row["hour"] for row in pending]
        width = timedelta(milliseconds=bucket.width_ms)
        if not bucket.daily:
            return await self._buckets(_BY_HOUR, key, since, until, width, limit, hours)
        days = sorted({hour.replace(hour=0) for hour in hours})
        return await self._buckets(_BY_DAY, key, since, until, width, limit, hours, days)

    async def _buckets(self, statement: str, *arguments: Any) -> Rows:
        return await self._pool.fetch(statement, *arguments)

    async def latest(
        self, asking: Principal, device_id: str | None, site_id: str | None, after: str, limit: int
    ) -> Sequence["asyncpg.Record"]:
        """Return the newest of each device that is visible to who asks, by device id."""
        async with transaction(self._pool, asking) as connection:
            return await connection.fetch(_LATEST, device_id, site_id, after, limit)
