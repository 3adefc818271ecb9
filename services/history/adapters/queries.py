"""Reading: first the device under row-level security, then its rows by its key."""

import functools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import asyncpg

from services.history.adapters import sql
from services.history.domain.buckets import POINTS_MAX, Bucket
from services.history.domain.items import QUANTITIES
from services.history.ports import After, Found
from shared.chassis.database import Connection, Pool, open_pool, transaction
from shared.chassis.principal import Principal
from shared.contracts import wire

PENDING_HOURS_MAX = 48
Rows = list["asyncpg.Record"]

_DEVICE = "SELECT device_key, kind FROM device WHERE device_id = $1"
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


@functools.cache
def _buckets(quantities: tuple[str, ...]) -> tuple[str, str]:
    """Return the statements that answer by hours and by days.

    $1 device, $2-$3 range, $4 width, $5 limit, $6 hours that are computed from readings now; $7 the days of
    those hours, and $8 the first of them.
    """
    columns, rolled = sql.rolled_columns(quantities), sql.roll_rolled(quantities)
    hours = f"""
      SELECT hour, {columns} FROM readings_hourly
      WHERE device_key = $1 AND hour >= {{since}} AND hour < $3 AND hour <> ALL($6::timestamptz[])
      UNION ALL
      SELECT h.hour, {columns} FROM unnest($6::timestamptz[]) p(hour)
      CROSS JOIN LATERAL roll_hour(ARRAY[$1::integer], p.hour) h"""  # noqa: S608 - constants of sql.py
    days = f"""
      SELECT day AS hour, {columns} FROM readings_daily
      WHERE device_key = $1 AND day >= $2 AND day < $3 AND day <> ALL($7::timestamptz[])
      UNION ALL
      SELECT * FROM ({hours.format(since="$8::timestamptz")}) o
      WHERE date_trunc('day', hour, 'UTC') = ANY($7::timestamptz[])"""  # noqa: S608 - constants of sql.py
    frame = """
      SELECT time_bucket($4::interval, hour, TIMESTAMPTZ 'epoch') AS bucket, {rolled}
      FROM ({source}) r GROUP BY bucket ORDER BY bucket LIMIT $5"""
    by_hour = frame.format(rolled=rolled, source=hours.format(since="$2"))
    return by_hour, frame.format(rolled=rolled, source=days)


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


def _measured(kind: str | None) -> tuple[str, ...]:
    known = wire.FIELDS.get(kind) if kind else None  # type: ignore[call-overload]
    return tuple(name for name in QUANTITIES if known is None or name in known)


class Queries:
    """Implements Archive."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, asking: Principal, device_id: str) -> Found | None:
        """Return the device, or None when it does not exist for who asks."""
        async with transaction(self._pool, asking) as connection:
            row = await connection.fetchrow(_DEVICE, device_id)
        return None if row is None else Found(row["device_key"], _measured(row["kind"]))

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

    async def buckets(
        self, asking: Principal, device: Found, from_ms: int, to_ms: int, bucket: Bucket, limit: int
    ) -> Rows:
        """Return roll-ups of the buckets in [from, to), which must be multiples of the bucket's width.

        A row is bucket, count, alarm_s, then min, max, sum, count of each quantity of the device. Hours whose
        roll-up is still to be computed, the running one among them, come from the readings (and from the
        device's heartbeat, which only who may see the device can read).
        """
        async with transaction(self._pool, asking) as connection:
            return await self._buckets(connection, device, (moment(from_ms), moment(to_ms)), bucket, limit)

    async def _buckets(
        self,
        connection: Connection,
        device: Found,
        span: tuple[datetime, datetime],
        bucket: Bucket,
        limit: int,
    ) -> Rows:
        since, until = span
        pending = await connection.fetch(_PENDING, device.key, since, until, PENDING_HOURS_MAX)
        hours = [row["hour"] for row in pending]
        by_hour, by_day = _buckets(device.quantities)
        asked = (device.key, since, until, timedelta(milliseconds=bucket.width_ms), limit, hours)
        if not bucket.daily:
            return await connection.fetch(by_hour, *asked)
        days = sorted({hour.replace(hour=0) for hour in hours})
        return await connection.fetch(by_day, *asked, days, days[0] if days else until)

    async def latest(
        self, asking: Principal, device_id: str | None, site_id: str | None, after: str, limit: int
    ) -> Sequence["asyncpg.Record"]:
        """Return the newest of each device that is visible to who asks, by device id."""
        async with transaction(self._pool, asking) as connection:
            return await connection.fetch(_LATEST, device_id, site_id, after, limit)
