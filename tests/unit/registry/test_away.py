"""A connection that breaks, however it shows, is waited for: nothing is lost and nobody crashes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import asyncpg
import pytest

from services.registry.entrypoints.consumer import HeardConsumer
from services.registry.entrypoints.timers import run_timers
from services.registry.ports import Store, Unit
from shared.chassis.consumer import Retry
from shared.chassis.health import Health
from shared.chassis.kafka import Record

BROKEN = [OSError("reset"), asyncpg.InterfaceError("closed"), asyncpg.InternalClientError("protocol")]


class Broken:
    """A store whose connection breaks."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Unit]:
        raise self.error
        yield


def broken(error: Exception) -> Store:
    return cast("Store", Broken(error))


@pytest.mark.parametrize("error", BROKEN)
async def test_a_dead_letter_is_read_again(error: Exception) -> None:
    headers = {"reason": b"unknown_device", "client": b"ctl-1"}
    record = Record("gas.telemetry.v1.dlq", 0, 0, None, b'{"device_id": "d1"}', headers, 0)
    with pytest.raises(Retry):
        await HeardConsumer(broken(error)).handle(record)


@pytest.mark.parametrize("error", BROKEN)
async def test_the_timers_go_on(error: Exception) -> None:
    health = Health()
    running = asyncio.create_task(run_timers(broken(error), health))
    async with asyncio.timeout(5):
        while not health.report() and not running.done():
            await asyncio.sleep(0)
    assert not running.done()
    assert not health.ready
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
