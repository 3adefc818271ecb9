"""Faults 11 and 12: PostgreSQL killed, PostgreSQL stopped; orders and messages come when it is back, once."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import psutil
import pytest

from deploy.native.engines import Engines
from deploy.timescaledb.provision import Database, provision
from shared.chassis.kafka import create_topics
from tests.component.dispatch.support import Bus, Service, Sink, alert, environment, key_file, until
from tests.conftest import topic_specs

pytestmark = [pytest.mark.engines]
STOPPED_S = 20  # beyond the time limit of a statement (15 s)


class World:
    def __init__(
        self, engines: Engines, database: Database, bus: Bus, sink: Sink, services: list[Service]
    ) -> None:
        self.engines = engines
        self.database = database
        self.bus = bus
        self.sink = sink
        self.services = services

    async def rows(self, schema: str, statement: str) -> list[Any]:
        connection = await asyncpg.connect(self.database.services[schema].worker, timeout=5)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    async def ready(self) -> list[bool]:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            return [(await client.get(f"{one.url}/readyz")).status_code == 200 for one in self.services]

    async def all_ready(self) -> bool:
        return all(await self.ready())

    async def all_served(self, count: int) -> bool:
        orders = await self.rows("dispatch", "SELECT alert_ids FROM orders WHERE kind = 'response'")
        told = {body["subject"] for _, body in self.sink.calls if body["topic"] == "alert"}
        return sum(len(row["alert_ids"]) for row in orders) == count == len(told)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    engines = Engines.provisioned(tmp_path / "engines")
    addresses = await asyncio.to_thread(engines.start)
    services: list[Service] = []
    try:
        made = await asyncio.to_thread(
            provision,
            addresses.postgres.dsn,
            tmp_path / "roles.json",
            "gaswatch",
            ("dispatch", "notification"),
        )
        bootstrap = addresses.kafka.bootstrap
        await create_topics(bootstrap, topic_specs())
        key = key_file(tmp_path)
        async with Bus(bootstrap, "").open() as bus, Sink().open() as sink:
            channels = {name: f"webhook:{sink.origin}/{name}" for name in ("app", "sms")}
            for name in ("dispatch", "notification"):
                more = {"GW_CHANNELS": json.dumps(channels)} if name == "notification" else {}
                services.append(Service(name, environment(name, bootstrap, "", made, key, **more), tmp_path))
                await services[-1].start()
            world = World(engines, made, bus, sink, services)
            owner = await asyncpg.connect(made.services["notification"].owner)
            await owner.execute(
                "INSERT INTO contact (contact_id, operator_id, area_code, name, role, language, addresses)"
                " VALUES ('w', 'op1', '530602', 'w', 'watch', 'zh-CN', $1)",
                json.dumps([{"channel": "app", "address": "w"}, {"channel": "sms", "address": "1"}]),
            )
            await owner.close()
            yield world
            for service in services:
                assert service.process is not None
                assert service.process.returncode is None, service.log.read_text()[-2000:]
    finally:
        for service in services:
            await service.kill()
        await asyncio.to_thread(engines.stop)


def stop_all(engines: Engines) -> list[psutil.Process]:
    """Stop the server and every process of its own; sessions that are open would go on otherwise."""
    pid = engines.postgres.daemon.pid()
    assert pid is not None
    found = [psutil.Process(pid)]
    found += found[0].children(recursive=True)
    for process in found:
        process.suspend()
    return found


async def only_once(world: World, count: int) -> None:
    [row] = await world.rows("dispatch", "SELECT count(*) AS n FROM orders")
    assert row["n"] == 1
    keys = Counter(body["idempotency_key"] for _, body in world.sink.calls if body["topic"] == "alert")
    assert len(keys) == 2 * count


async def test_killed_in_the_middle_of_alerts(world: World) -> None:
    """The pools heal within ten seconds; every alert is served once."""
    for number in range(5):
        await world.bus.alert(alert(f"a{number}"))
    await asyncio.to_thread(world.engines.postgres.daemon.kill)
    for number in range(5, 10):
        await world.bus.alert(alert(f"a{number}"))
    await asyncio.to_thread(world.engines.postgres.start)
    began = time.monotonic()
    await until(lambda: world.all_served(10))
    await until(world.all_ready, what="ready again")
    assert time.monotonic() - began < 10
    await only_once(world, 10)


@pytest.mark.full
async def test_stopped_longer_than_any_time_limit(world: World) -> None:
    """Time limits fire and readiness turns red; nothing hangs when it goes on."""
    await world.bus.alert(alert("a0"))
    await until(lambda: world.all_served(1))
    stopped = stop_all(world.engines)
    try:
        await world.bus.alert(alert("a1"))

        async def red() -> bool:
            return not any(await world.ready())

        await until(red, limit_s=STOPPED_S + 10, what="both services say that they are not ready")
    finally:
        for process in reversed(stopped):
            process.resume()
    await until(lambda: world.all_served(2))
    await until(world.all_ready)
    await only_once(world, 2)
