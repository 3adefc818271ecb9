"""Kafka to the hypertable: `async for`, a batch of 1,000 or half a second, `executemany`."""

import asyncio
import json
import time
from datetime import UTC, datetime
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer
from prometheus_client import Counter, start_http_server

from benchmarks.ordinary.model import TOPIC, Event, config, parse

BATCH = 1_000
WAIT_S = 0.5
STORED = Counter("ordinary_stored", "Rows stored")
READING_SQL = """
INSERT INTO reading ("time", device_id, boot_id, seq, status, gas, lel_percent, temperature_c,
  humidity_percent, battery_v, rssi_dbm, life_days_left)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING"""
EVENT_SQL = """
INSERT INTO event ("time", device_id, boot_id, seq, type, data)
VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"""


class Batch:
    """Rows of both kinds."""

    def __init__(self) -> None:
        self.readings: list[tuple[Any, ...]] = []
        self.events: list[tuple[Any, ...]] = []
        self.began = time.monotonic()

    def __len__(self) -> int:
        return len(self.readings) + len(self.events)

    def add(self, value: bytes) -> None:
        """Take one record."""
        said = parse(value)
        head = (datetime.fromtimestamp(said.time_ms / 1000, UTC), said.device_id, said.boot_id, said.seq)
        if isinstance(said, Event):
            self.events.append((*head, said.type, json.dumps(said.data)))
            return
        self.readings.append(
            (
                *head, said.status, said.gas, said.lel_percent, said.temperature_c, said.humidity_percent,
                said.battery_v, said.rssi_dbm, said.life_days_left,
            )
        )  # fmt: skip


async def write(pool: "asyncpg.Pool[asyncpg.Record]", consumer: AIOKafkaConsumer, batch: Batch) -> None:
    """Store a batch, then commit the offsets."""
    async with pool.acquire() as connection, connection.transaction():
        if batch.readings:
            await connection.executemany(READING_SQL, batch.readings)
        if batch.events:
            await connection.executemany(EVENT_SQL, batch.events)
    STORED.inc(len(batch))
    await consumer.commit()


async def main() -> None:
    """Run until stopped."""
    settings = config()
    pool = await asyncpg.create_pool(settings.dsn, min_size=1, max_size=4)
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=settings.kafka, group_id="ordinary-history", enable_auto_commit=False,
        auto_offset_reset="earliest",
    )  # fmt: skip
    await consumer.start()
    start_http_server(settings.metrics_port, "127.0.0.1")
    batch = Batch()
    lock = asyncio.Lock()

    async def flush() -> None:
        nonlocal batch
        async with lock:
            full, batch = batch, Batch()
            if len(full):
                await write(pool, consumer, full)

    async def ticking() -> None:
        while True:
            await asyncio.sleep(WAIT_S / 2)
            if len(batch) and time.monotonic() - batch.began > WAIT_S:
                await flush()

    ticker = asyncio.create_task(ticking())
    async for record in consumer:
        batch.add(record.value)
        if len(batch) >= BATCH:
            await flush()
    await ticker


if __name__ == "__main__":
    asyncio.run(main())
