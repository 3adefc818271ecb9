"""How long one device's day and one device's 90 days take to answer, through the API, with a full database.

    python -m benchmarks.history_queries                # 1/20 of the figures: 0.5 M raw, 5 M rolled-up rows
    python -m benchmarks.history_queries --scale 1      # 10 M raw and 100 M rolled-up rows: 30 GB, ~15 min

Rows are made by the database itself, in the order in which the service leaves them: readings by time, hours
by day and device. Each question goes to a
random device. Needs running engines; its database is dropped afterwards.
"""

import argparse
import asyncio
import os
import random
import time
import uuid
from pathlib import Path

import asyncpg
import httpx
import uvloop

from deploy.native.engines import running
from deploy.timescaledb.provision import Database, at_database, provision
from services.history.adapters.queries import Queries, open_query_pool
from services.history.entrypoints.api import add_routes
from shared.chassis.clock import SystemClock
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.chassis.times import rfc3339
from shared.contracts.access import may

RAW_ROWS, RAW_DAYS = 10_000_000, 7
ROLLED_ROWS, ROLLED_DAYS = 100_000_000, 90
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SEED = 11
LIMIT_MS = 100.0
QUANTITIES = ("lel_percent", "temperature_c", "humidity_percent", "battery_v", "rssi_dbm", "life_days_left")

DEVICES = """
    INSERT INTO device (device_key, device_id, operator_id, area_code, kind) OVERRIDING SYSTEM VALUE
    SELECT n, 'det-' || n, 'op-1', '530602', 'detector' FROM generate_series(1, $1::integer) n"""
RAW = """
    INSERT INTO reading ("time", ingested_at, boot_id, seq, device_key, status, gas,
                         lel_percent, temperature_c, humidity_percent, battery_v, rssi_dbm, life_days_left)
    SELECT t, t, 1, extract(epoch FROM t)::bigint / 60, n, 'normal', 'CH4',
           random() * 5, 20 + random(), 50 + random(), 12.1, -71, 1200
    FROM generate_series($1::timestamptz, $2::timestamptz - INTERVAL '1 minute', INTERVAL '1 minute') t,
         generate_series(1, $3::integer) n"""
ROLLED = f"""
    INSERT INTO reading_hourly (hour, device_key, count, alarm_s,
      {", ".join(f"{q}_min, {q}_max, {q}_sum, {q}_count" for q in QUANTITIES)})
    SELECT t, n, 60, 0, {", ".join("r, r + 2, (r + 1) * 60, 60" for _ in QUANTITIES)}
    FROM (SELECT n, random() * 9 AS r FROM generate_series(1, $3::integer) n OFFSET 0) d
    CROSS JOIN LATERAL generate_series($1::timestamptz + n * INTERVAL '0',
                                       $2::timestamptz - INTERVAL '1 hour', INTERVAL '1 hour') t"""
DAILY = f"""
    INSERT INTO reading_daily (day, device_key, count, alarm_s,
      {", ".join(f"{q}_min, {q}_max, {q}_sum, {q}_count" for q in QUANTITIES)})
    SELECT $1::timestamptz, n, 1440, 0, {", ".join("1, 9, 7200, 1440" for _ in QUANTITIES)}
    FROM generate_series(1, $2::integer) n"""


def days(end_ms: int, count: int) -> list[tuple[int, int]]:
    """Return the days before `end_ms`, oldest first."""
    return [(end_ms - (n + 1) * DAY_MS, end_ms - n * DAY_MS) for n in reversed(range(count))]


async def build(dsn: str, now_ms: int, raw_devices: int, rolled_devices: int) -> None:
    """Fill the tables and bring statistics and visibility up to date."""
    from datetime import UTC, datetime

    def moment(unix_ms: int) -> datetime:
        return datetime.fromtimestamp(unix_ms / 1000, UTC)

    end_ms = now_ms // HOUR_MS * HOUR_MS
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET search_path = history, public; SET synchronous_commit = off")
        await connection.execute(DEVICES, rolled_devices)
        for start, end in days(end_ms, RAW_DAYS):
            await connection.execute(RAW, moment(start), moment(end), raw_devices)
        print(f"raw rows {RAW_DAYS * 1440 * raw_devices:,}", flush=True)
        await connection.execute("DROP INDEX reading_hourly_once")
        began = time.monotonic()
        for number, (start, end) in enumerate(days(end_ms, ROLLED_DAYS), 1):
            await connection.execute(ROLLED, moment(start), moment(end), rolled_devices)
            await connection.execute(DAILY, moment(start // DAY_MS * DAY_MS), rolled_devices)
            if number % 15 == 0:
                print(
                    f"rolled-up rows {number * 25 * rolled_devices:,} {time.monotonic() - began:.0f} s",
                    flush=True,
                )
        await connection.execute(
            "CREATE UNIQUE INDEX reading_hourly_once ON reading_hourly (device_key, hour)"
        )
        await connection.execute(
            "INSERT INTO rollup_due (device_key, hour) SELECT n, $1 FROM generate_series(1, $2::integer) n",
            moment(end_ms), rolled_devices,
        )  # fmt: skip
        await connection.execute("VACUUM ANALYZE")
        size = await connection.fetchval("SELECT pg_size_pretty(pg_database_size(current_database()))")
        print(f"database {size}", flush=True)
    finally:
        await connection.close()


async def ask(database: Database, args: argparse.Namespace, now_ms: int, raw: int, rolled: int) -> bool:
    """Ask, print, and return whether every answer came in time."""
    pool = await open_query_pool(database.services["history"].api)
    key = PrincipalKey(os.urandom(32))
    app = create_app("history", health=Health(), key=key, may=may)
    add_routes(app, Queries(pool), clock=SystemClock(), keep_readings_days=91)
    headers = {HEADER: key.sign(Principal("b", frozenset({"administrator"})), "history", ttl_s=3600)}
    chance = random.Random(SEED)
    good = True
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://history", headers=headers) as client:
        for name, length_ms, devices, more in (
            ("a day", DAY_MS, raw, {}),
            ("90 days", ROLLED_DAYS * DAY_MS, raw, {}),
            ("90 days of any device", ROLLED_DAYS * DAY_MS, rolled, {"bucket": "2h"}),
        ):
            took = []
            cpu = time.process_time()
            points, bucket = 0, ""
            for _ in range(args.questions):
                query = {
                    "device_id": f"det-{chance.randrange(devices) + 1}",
                    "from": rfc3339(now_ms - length_ms), "to": rfc3339(now_ms), **more,
                }  # fmt: skip
                began = time.perf_counter()
                answer = await client.get("/api/v1/readings", params=query)
                took.append((time.perf_counter() - began) * 1000)
                body = answer.raise_for_status().json()
                points, bucket = len(body["items"]), body["bucket"]
            cpu = (time.process_time() - cpu) * 1000 / args.questions
            took.sort()
            p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
            good = good and took[-1] <= LIMIT_MS
            print(
                f"{name}: {points} points ({bucket})  p50 {p50:.1f} ms  p95 {p95:.1f}  max {took[-1]:.1f}"
                f"  CPU of history {cpu:.1f} ms"
            )
    await pool.close()
    return good


async def bench(args: argparse.Namespace) -> bool:
    """Build, ask, drop."""
    engines = running()
    name = f"bench_{uuid.uuid4().hex[:8]}"
    secrets = Path(engines.state) / "secrets" / "roles.json"
    database = await asyncio.to_thread(provision, engines.postgres.dsn, secrets, name, ("history",))
    now_ms = time.time_ns() // 1_000_000
    raw = max(1, round(RAW_ROWS * args.scale / RAW_DAYS / 1440))
    rolled = max(raw, round(ROLLED_ROWS * args.scale / ROLLED_DAYS / 25))
    try:
        await build(at_database(engines.postgres.dsn, name), now_ms, raw, rolled)
        await ask(database, args, now_ms, raw, rolled)
        return await ask(database, args, now_ms, raw, rolled)
    finally:
        admin = await asyncpg.connect(engines.postgres.dsn)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


def main() -> None:
    """Read the arguments and run; exit code 1 when an answer took more than 100 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.05, help="1 = 10 M raw and 100 M rolled-up rows")
    parser.add_argument("--questions", type=int, default=200)
    raise SystemExit(0 if uvloop.run(bench(parser.parse_args())) else 1)


if __name__ == "__main__":
    main()
