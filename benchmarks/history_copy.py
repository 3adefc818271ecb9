"""What history spends on a reading: Kafka records in, rows in the hypertable, alone on the machine.

    python -m benchmarks.history_copy --readings 400000

Fills a topic first, then lets history drain it, and prints rows/s, CPU µs a reading of history's own process
(its share of TLS, MQTT and alerting is none) and of PostgreSQL's writer. Needs running engines.
"""

import argparse
import asyncio
import gc
import random
import time
import uuid
from pathlib import Path

import asyncpg
import msgspec
import psutil
import uvloop

from deploy.native.engines import running
from deploy.timescaledb.provision import provision
from services.history.adapters.devices import Devices
from services.history.adapters.writer import Writer
from services.history.entrypoints.telemetry import Telemetry
from services.history.handlers import Intake
from shared.chassis.health import Health
from shared.chassis.kafka import Producer, TopicSpec, create_topics
from shared.contracts.topic_names import TELEMETRY

SEED = 7


def record(first: int, count: int, devices: int, now_ms: int) -> bytes:
    """Return an array of detectors' readings, about 230 B each."""
    chance = random.Random(SEED + first)
    return msgspec.json.encode(
        [
            {
                "device_id": f"det-{n % devices:05d}", "boot_id": 1_789_000_000, "seq": n // devices,
                "time_ms": now_ms + n // 20, "status": "normal", "gas": "CH4",
                "lel_percent": round(chance.random() * 5, 2), "temperature_c": round(20 + chance.random(), 1),
                "humidity_percent": round(50 + chance.random(), 1), "battery_v": 12.1, "rssi_dbm": -71,
                "life_days_left": 1200,
            }
            for n in range(first, first + count)
        ]
    )  # fmt: skip


async def fill(producer: Producer, args: argparse.Namespace) -> None:
    """Send everything, `--array` readings a record, over 12 partitions."""
    now_ms = time.time_ns() // 1_000_000
    pending = []
    for first in range(0, args.readings, args.array):
        value = record(first, min(args.array, args.readings - first), args.devices, now_ms)
        pending.append(await producer.enqueue(TELEMETRY, value, partition=first // args.array % 12))
    await asyncio.gather(*pending)


def postgres_cpu(pid: int | None) -> float:
    """Return the CPU seconds of PostgreSQL's processes that live now."""
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in family if one.is_running())


async def bench(args: argparse.Namespace) -> None:
    """Fill, drain, print."""
    engines = running()
    name = f"bench_{uuid.uuid4().hex[:8]}"
    secrets = Path(engines.state) / "secrets" / "roles.json"
    database = await asyncio.to_thread(provision, engines.postgres.dsn, secrets, name, ("history",))
    dsns = database.services["history"]
    prefix = f"{name}."
    specs = [TopicSpec(TELEMETRY, 12), TopicSpec(f"{TELEMETRY}.dlq", 1)]
    await create_topics(engines.kafka.bootstrap, specs, prefix)
    producer = Producer(engines.kafka.bootstrap, prefix=prefix)
    await producer.start()
    health = Health()
    keys, writer = Devices(dsns.worker, health), Writer(dsns.worker, health)
    watcher = await asyncpg.connect(dsns.worker)
    try:
        await fill(producer, args)
        gc.collect()
        intake = Intake(keys, lambda: time.time_ns() // 1_000_000)
        telemetry = Telemetry(engines.kafka.bootstrap, intake, writer, producer, health, prefix=prefix)
        cpu, wall, pg = time.process_time(), time.perf_counter(), postgres_cpu(engines.postgres.pid)
        task = asyncio.create_task(telemetry.run())
        count = 0
        while count < args.readings and not task.done():
            await asyncio.sleep(0.25)
            count = await watcher.fetchval("SELECT count(*) FROM reading")
        took, used = time.perf_counter() - wall, time.process_time() - cpu
        pg = postgres_cpu(engines.postgres.pid) - pg
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        rss = psutil.Process().memory_info().rss / 2**20
        print(f"readings {count}  rows/s {count / took:,.0f}  history {used / count * 1e6:.2f} µs"
              f"  postgres {pg / count * 1e6:.2f} µs (with counting)  RSS {rss:.0f} MiB")  # fmt: skip
    finally:
        await producer.stop()
        await watcher.close()
        keys.close()
        writer.close()
        admin = await asyncpg.connect(engines.postgres.dsn)
        await admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await admin.close()


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readings", type=int, default=200_000)
    parser.add_argument("--devices", type=int, default=20_000)
    parser.add_argument("--array", type=int, default=200)
    uvloop.run(bench(parser.parse_args()))


if __name__ == "__main__":
    main()
