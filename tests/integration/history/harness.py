"""History on a real database, driven by hand: items in, rows out."""

import time
from typing import Any

import asyncpg
import msgspec

from deploy.timescaledb.provision import Database
from services.history.adapters.devices import Devices
from services.history.adapters.rollups import Rollups
from services.history.adapters.writer import Writer
from services.history.domain.items import decode
from services.history.domain.window import HOUR_MS
from services.history.handlers import Intake
from services.history.ports import Row
from shared.chassis.health import Health
from shared.contracts.objects import Device

NOW = time.time_ns() // 1_000_000
HOUR = NOW // HOUR_MS * HOUR_MS  # the start of the running hour
DAY = 24 * HOUR_MS


def reading(seq: int, time_ms: int | None = NOW, device_id: str = "det-1", **more: Any) -> dict[str, Any]:
    """Return a detector's reading."""
    item = {"device_id": device_id, "boot_id": 1, "seq": seq, "status": "normal", "lel_percent": 1.5} | more
    return item if time_ms is None else item | {"time_ms": time_ms}


def event(
    seq: int | None, type_: str, data: dict[str, Any], time_ms: int | None = NOW, **more: Any
) -> dict[str, Any]:
    """Return an event of the same detector."""
    item: dict[str, Any] = {"device_id": "det-1", "boot_id": 1, "type": type_, "data": data} | more
    if seq is not None:
        item["seq"] = seq
    return item if time_ms is None else item | {"time_ms": time_ms}


def device(device_id: str = "det-1", **more: Any) -> Device:
    """Return a registered detector."""
    fields: dict[str, Any] = {
        "device_id": device_id,
        "site_id": "site-1",
        "operator_id": "op-1",
        "area_code": "530602",
        "zone": "kitchen",
        "kind": "detector",
        "client_id": device_id,
    }
    return Device(**(fields | more))


class History:
    """One instance of history without Kafka."""

    def __init__(self, database: Database) -> None:
        self.dsns = database.services["history"]
        self.health = Health()
        self.devices = Devices(self.dsns.worker, self.health)
        self.writer = Writer(self.dsns.worker, self.health)
        self.rollups = Rollups(self.dsns.worker, self.health)
        self.now_ms = NOW
        self.offset = 0
        self.restart()

    def restart(self) -> None:
        """Forget what is only in memory."""
        self.intake = Intake(self.devices, lambda: self.now_ms)

    async def take(self, *items: dict[str, Any], ingested_ms: int = NOW, offset: int | None = None) -> None:
        """Take one record's items into the batch."""
        if offset is None:
            self.offset += 1
            offset = self.offset
        await self.intake.refresh()
        bad = await self.intake.add(decode(msgspec.json.encode(items)), 0, offset, ingested_ms)
        assert not bad

    async def write(self) -> list[tuple[Row, str]]:
        """Write the batch."""
        return await self.writer.write(self.intake.seal())

    async def say(self, *items: dict[str, Any], ingested_ms: int = NOW, offset: int | None = None) -> None:
        """Take one record's items and write them."""
        await self.take(*items, ingested_ms=ingested_ms, offset=offset)
        assert await self.write() == []

    async def roll(self, now_ms: int) -> int:
        """Roll up everything that is due at `now_ms`; return how many marks there were."""
        total = 0
        while settled := await self.rollups.roll(now_ms):
            total += settled
        return total

    async def fetch(self, statement: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database as the worker."""
        connection = await asyncpg.connect(self.dsns.worker)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    async def value(self, statement: str, *arguments: Any) -> Any:
        """Ask the database for one value."""
        return (await self.fetch(statement, *arguments))[0][0]

    def close(self) -> None:
        """End the connections."""
        for part in (self.devices, self.writer, self.rollups):
            part.close()
