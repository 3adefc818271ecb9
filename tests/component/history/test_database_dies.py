"""The database is killed and frozen under the writer: nothing is lost, nothing hangs (faults 11, 12)."""

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.native.engines import Engines
from deploy.native.postgres import Postgres
from deploy.timescaledb.provision import Database, provision
from services.history.adapters import writer
from tests.integration.history.harness import NOW, History, reading

KILLS = 3
RECOVERY_S = 30.0


def family(server: Postgres) -> list[psutil.Process]:
    """Return the postmaster and all its processes."""
    pid = server.daemon.pid()
    return [psutil.Process(pid), *psutil.Process(pid).children()] if pid else []


def send(processes: list[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(number)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A PostgreSQL of this test's own."""
    server = Engines.provisioned(tmp_path / "state").postgres
    server.start()
    try:
        yield server
    finally:
        send(family(server), signal.SIGCONT)
        server.stop()


@pytest.fixture
def database(postgres: Postgres, tmp_path: Path) -> Database:
    return provision(postgres.dsn, tmp_path / "roles.json", "faulty", ("history",))


async def test_killed_under_load_every_reading_is_stored_once(postgres: Postgres, database: Database) -> None:
    history = History(database)
    stop = asyncio.Event()
    said = 0

    async def load() -> None:
        nonlocal said
        while not stop.is_set():
            items = [reading(seq, NOW + seq) for seq in range(said, said + 500)]
            await history.take(*items)
            assert await history.write() == []
            said += 500

    loading = asyncio.create_task(load())
    for _ in range(KILLS):
        before = said
        async with asyncio.timeout(RECOVERY_S):
            while said < before + 2_000:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(postgres.daemon.kill)
        await asyncio.to_thread(postgres.start)
    stop.set()
    await asyncio.wait_for(loading, RECOVERY_S)
    assert await history.value("SELECT count(*) FROM reading") == said
    assert await history.value("SELECT count(DISTINCT seq) FROM reading") == said
    history.close()


async def test_frozen_it_is_given_up_and_found_again(
    postgres: Postgres, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "ATTEMPT_LIMIT_S", 1.0)
    history = History(database)
    await history.say(reading(1))
    frozen = family(postgres)
    send(frozen, signal.SIGSTOP)
    await_write = asyncio.create_task(history.say(reading(2)))
    began = time.monotonic()
    async with asyncio.timeout(RECOVERY_S):
        while history.health.ready:
            await asyncio.sleep(0.05)
    assert time.monotonic() - began < 10
    send(frozen, signal.SIGCONT)
    await asyncio.wait_for(await_write, RECOVERY_S)
    assert await history.value("SELECT count(*) FROM reading") == 2
    assert history.health.ready
    history.close()
