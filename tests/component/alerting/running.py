"""The alerting service as a process of its own, and what a test needs around it."""

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from deploy.native import ports
from shared.chassis.principal import PrincipalKey
from shared.contracts import topic_names as names
from shared.contracts.objects import Device, Site
from shared.contracts.telemetry import partition_of

SITE = Site("site-1", "op-1", "530602", "面馆", "restaurant", obliged=True, auto_close=True)
DETECTORS = tuple(
    Device(f"det-{n}", "site-1", "op-1", "530602", "z1", "detector", "ctl-1", gas="CH4") for n in (1, 2)
)
VALVE = Device("val-1", "site-1", "op-1", "530602", "z1", "valve", "ctl-1")


async def until(
    condition: Callable[[], Awaitable[Any]], limit_s: float = 20.0, what: str = "condition"
) -> Any:
    """Wait until `condition` gives something true and return it."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found = await condition()
        if found:
            return found
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what} did not come within {limit_s} s")


class World:
    """Kafka, a database, and alerting processes that can be killed."""

    def __init__(self, bootstrap: str, prefix: str, dsns: Any, folder: Path) -> None:
        self.bootstrap, self.prefix, self.dsns, self.folder = bootstrap, prefix, dsns, folder
        self.processes: list[asyncio.subprocess.Process] = []
        self.producer = AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all")
        self.seq: dict[str, int] = {}

    async def open(self) -> None:
        PrincipalKey.create(self.folder / "principal.key")
        await self.producer.start()
        self.db = await asyncpg.connect(self.dsns.worker)
        await self.put(names.SITE, SITE.site_id, SITE)
        for device in (*DETECTORS, VALVE):
            await self.put(names.DEVICE, device.device_id, device)

    async def close(self) -> None:
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.wait()
        await self.producer.stop()
        await self.db.close()

    async def put(self, topic: str, key: str, value: Any) -> None:
        await self.producer.send_and_wait(self.prefix + topic, msgspec.json.encode(value), key=key.encode())

    async def start(self, **extra: str) -> asyncio.subprocess.Process:
        env = os.environ | {
            "GW_KAFKA_BOOTSTRAP": self.bootstrap,
            "GW_TOPIC_PREFIX": self.prefix,
            "GW_DATABASE_API_DSN": self.dsns.api,
            "GW_DATABASE_WORKER_DSN": self.dsns.worker,
            "GW_HTTP_PORT": str(ports.pick()),
            "GW_PRINCIPAL_KEY_FILE": str(self.folder / "principal.key"),
            "GW_COMMAND_KEYS_DIR": str(self.folder / "keys"),
            **extra,
        }
        log = (self.folder / "alerting.log").open("ab")
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "services.alerting", env=env, stderr=log, stdout=log
        )
        log.close()
        self.processes.append(process)
        return process

    async def stop(self, process: asyncio.subprocess.Process) -> int:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(12):
            return await process.wait()

    def item(self, device_id: str, **fields: Any) -> dict[str, Any]:
        self.seq[device_id] = self.seq.get(device_id, -1) + 1
        now = int(time.time() * 1000)
        said: dict[str, Any] = {"device_id": device_id, "boot_id": 1, "seq": self.seq[device_id]}
        said |= {"time_ms": now} | fields
        return said

    async def send(self, *items: Any, site_id: str = "site-1") -> None:
        await self.send_raw(json.dumps(items).encode(), site_id)

    async def send_raw(self, value: bytes, site_id: str = "site-1", key: bytes | None = None) -> None:
        await self.producer.send_and_wait(
            self.prefix + names.TELEMETRY, value, key=key, partition=partition_of(site_id)
        )

    async def alerts(self, **where: Any) -> list[dict[str, Any]]:
        rows = [dict(row) for row in await self.db.fetch("SELECT * FROM alert ORDER BY opened_at_ms")]
        return [row for row in rows if all(row[k] == v for k, v in where.items())]

    async def wait_alert(self, **where: Any) -> dict[str, Any]:
        found: list[dict[str, Any]] = await until(lambda: self.alerts(**where), what=f"alert {where}")
        return found[0]

    async def decided(self, site_id: str = "site-1") -> None:
        """Wait until everything that stands in the site's partition is decided."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap)
        await consumer.start()
        try:
            tp = TopicPartition(self.prefix + names.TELEMETRY, partition_of(site_id))
            end = (await consumer.end_offsets([tp]))[tp]
        finally:
            await consumer.stop()
        query = 'SELECT "offset" >= $2 FROM partition WHERE partition = $1'
        await until(lambda: self.db.fetchval(query, partition_of(site_id), end), what=f"offset {end}")

    async def published(self, topic: str, count: int) -> list[tuple[str, dict[str, Any]]]:
        """Return `count` events of a topic (type, data) as they come."""
        consumer = AIOKafkaConsumer(
            self.prefix + topic, bootstrap_servers=self.bootstrap, auto_offset_reset="earliest"
        )
        await consumer.start()
        found: list[tuple[str, dict[str, Any]]] = []
        try:
            async with asyncio.timeout(20):
                while len(found) < count:
                    record = await consumer.getone()
                    found.append((dict(record.headers)["ce_type"].decode(), json.loads(record.value)))
        finally:
            with contextlib.suppress(Exception):
                await consumer.stop()
        return found
