"""The real process: what was sent is stored once, whenever the process is killed."""

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import msgspec
import pytest

from deploy.native import ports
from deploy.timescaledb.provision import ROOT, Database
from shared.chassis.kafka import Producer
from shared.chassis.principal import PrincipalKey
from shared.contracts.topic_names import DEVICE, TELEMETRY
from tests.integration.history.harness import HOUR, device, reading

LIMIT_S = 30.0
SEED = 20260101
KILLS = 5


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(LIMIT_S):
        while True:
            if await condition():
                return
            await asyncio.sleep(0.02)


class Process:
    """One history process; `start` it as often as it dies."""

    def __init__(self, db: Database, bootstrap: str, prefix: str, folder: Path, instance: str = "1") -> None:
        key_file = folder / "principal.key"
        if not key_file.exists():
            PrincipalKey.create(key_file)
        self.port = ports.pick()
        self.environment = {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "GW_KAFKA_BOOTSTRAP": bootstrap,
            "GW_DATABASE_API_DSN": db.services["history"].api,
            "GW_DATABASE_WORKER_DSN": db.services["history"].worker,
            "GW_HTTP_PORT": str(self.port),
            "GW_PRINCIPAL_KEY_FILE": str(key_file),
            "GW_TOPIC_PREFIX": prefix,
            "GW_BATCH_ROWS": "500",
            "GW_INSTANCE": instance,
        }
        self.log = (folder / f"history-{self.port}.log").open("ab")
        self.running: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.running = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.history", env=self.environment, stderr=self.log, cwd=ROOT
        )

    async def stop(self, number: signal.Signals) -> int:
        assert self.running is not None
        if self.running.returncode is None:
            self.running.send_signal(number)
        return await asyncio.wait_for(self.running.wait(), 12)

    async def ready(self) -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"http://127.0.0.1:{self.port}/readyz")).status_code == 200
            except httpx.HTTPError:
                return False


@asynccontextmanager
async def process(*about: Any) -> AsyncIterator[Process]:
    made = Process(*about)
    await made.start()
    try:
        yield made
    finally:
        await made.stop(signal.SIGKILL)
        made.log.close()


async def count(db: Database, table: str) -> int:
    connection = await asyncpg.connect(db.services["history"].worker)
    try:
        found: int = await connection.fetchval(f"SELECT count(*) FROM {table}")
        return found
    finally:
        await connection.close()


async def send(producer: Producer, records: int, first: int) -> None:
    """Send records of 100 readings each; every tenth record comes twice, a few readings are odd."""
    chance = random.Random(SEED + first)
    for number in range(first, first + records):
        items = []
        for seq in range(number * 100, number * 100 + 100):
            time_ms = chance.choice([HOUR - 5_000_000 + seq] * 20 + [0, None])
            items.append(reading(seq, time_ms, device_id=f"d{chance.randrange(50)}"))
        for _ in range(2 if number % 10 == 0 else 1):
            await producer.send(TELEMETRY, msgspec.json.encode(items), partition=number % 12)


async def test_killed_in_the_middle_every_reading_is_stored_once(
    db: Database, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    producer = Producer(kafka_bootstrap, prefix=topic_prefix)
    await producer.start()
    chance = random.Random(SEED)
    sent = 0
    try:
        async with process(db, kafka_bootstrap, topic_prefix, tmp_path) as found:
            for _ in range(KILLS):
                before = await count(db, "public.reading_v1")
                await send(producer, 60, sent)
                sent += 60

                async def some_more(before: int = before) -> bool:
                    return await count(db, "public.reading_v1") > before

                await until(some_more)
                await asyncio.sleep(chance.random() * 0.1)
                await found.stop(signal.SIGKILL)
                await found.start()

            async def all_there() -> bool:
                return await count(db, "public.reading_v1") >= sent * 100

            await until(all_there)
            assert await count(db, "public.reading_v1") == sent * 100
            distinct = "(SELECT DISTINCT device_id, boot_id, seq FROM public.reading_v1) r"
            assert await count(db, distinct) == sent * 100
            assert await found.stop(signal.SIGTERM) == 0
    finally:
        await producer.stop()


async def test_a_second_instance_joins_in_the_middle(
    db: Database, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    producer = Producer(kafka_bootstrap, prefix=topic_prefix)
    await producer.start()
    about = (db, kafka_bootstrap, topic_prefix, tmp_path)
    try:
        async with process(*about) as first:
            await until(first.ready)
            await send(producer, 60, 0)
            async with process(*about, "2") as second:
                await send(producer, 60, 60)
                await until(second.ready)
                await send(producer, 60, 120)

                async def all_there() -> bool:
                    return await count(db, "public.reading_v1") >= 18_000

                await until(all_there)
                assert await count(db, "public.reading_v1") == 18_000
    finally:
        await producer.stop()


async def test_devices_of_the_registry_are_learnt(
    db: Database, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> None:
    producer = Producer(kafka_bootstrap, prefix=topic_prefix)
    await producer.start()
    try:
        async with process(db, kafka_bootstrap, topic_prefix, tmp_path):
            await producer.send(DEVICE, msgspec.json.encode(device("d1")), key=b"d1")

            async def known() -> bool:
                return await count(db, "device WHERE operator_id = 'op-1'") == 1

            await until(known)
    finally:
        await producer.stop()


@pytest.mark.parametrize("missing", ["GW_KAFKA_BOOTSTRAP", "GW_DATABASE_WORKER_DSN", "GW_DATABASE_API_DSN"])
async def test_a_missing_setting_is_one_sentence(
    db: Database, kafka_bootstrap: str, tmp_path: Path, missing: str
) -> None:
    about = Process(db, kafka_bootstrap, "", tmp_path)
    del about.environment[missing]
    await about.start()
    assert about.running is not None
    assert await asyncio.wait_for(about.running.wait(), 12) == 2
    about.log.close()
    said = (await asyncio.to_thread(Path(about.log.name).read_bytes)).decode()
    assert missing in said
    assert said.count("\n") == 1
