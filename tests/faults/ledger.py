"""What devices said, what they were given a receipt for, and what the database holds of it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import Any

import asyncpg

Key = tuple[str, int, int]  # device, boot, number
ROWS = (
    "SELECT device_id, boot_id, seq, count(*) AS n FROM ("
    " SELECT device_id, boot_id, seq FROM public.reading_v1"
    " UNION ALL SELECT device_id, boot_id, seq FROM public.device_event_v1 WHERE seq IS NOT NULL"
    ") heard WHERE (device_id, boot_id) IN (SELECT * FROM unnest($1::text[], $2::bigint[])) GROUP BY 1, 2, 3"
)


class LostError(AssertionError):
    """What has a receipt and no row (promise L)."""

    def __init__(self, keys: list[Key], text: str) -> None:
        super().__init__(f"{text}: {keys[:5]}")
        self.keys = keys


@dataclass
class Ledger:
    """The devices' side of the books; receipts are what the platform promised to keep."""

    said: dict[Key, dict[str, Any]] = field(default_factory=dict)
    accepted: dict[Key, float] = field(default_factory=dict)
    earlier: set[Key] = field(default_factory=set)
    """What had its receipt late and was said before these books were opened: a matter of others."""
    boots: dict[str, int] = field(default_factory=dict)
    """With which boot each device first spoke in these books."""
    rejected: list[dict[str, Any]] = field(default_factory=list)

    def note_said(self, message: dict[str, Any]) -> None:
        """Note a message at the moment a device says it."""
        self.said[message["device_id"], message["boot_id"], message["seq"]] = message
        self.boots.setdefault(message["device_id"], message["boot_id"])

    def note_receipt(self, receipt: dict[str, Any]) -> None:
        """Note a receipt at the moment a device gets it."""
        now = time.monotonic()
        for one in receipt["accepted"]:
            device_id, boot_id = one["device_id"], one["boot_id"]
            keys = [
                (device_id, boot_id, seq) for first, last in one["ranges"] for seq in range(first, last + 1)
            ]
            if boot_id < self.boots.get(device_id, 0):
                self.earlier.update(keys)
                continue
            for key in keys:
                self.accepted.setdefault(key, now)
        self.rejected += receipt["rejected"]

    def open(self) -> set[Key]:
        """Return what was said and has no receipt."""
        return self.said.keys() - self.accepted.keys()

    async def rows(self, connection: "asyncpg.Connection[Any]") -> dict[Key, int]:
        """Return how often each message is in the database."""
        boots = sorted({key[:2] for key in self.said})
        found = await connection.fetch(ROWS, [one[0] for one in boots], [one[1] for one in boots])
        return {(row["device_id"], row["boot_id"], row["seq"]): row["n"] for row in found}

    async def check(self, connection: "asyncpg.Connection[Any]", limit_s: float = 90.0) -> str:
        """Return the counts once every receipt has its one row; AssertionError names what is missing (L)."""
        end = time.monotonic() + limit_s
        while True:
            rows = await self.rows(connection)
            missing = self.accepted.keys() - rows.keys()
            if not missing or time.monotonic() > end:
                break
            await asyncio.sleep(0.25)
        if missing:
            raise LostError(sorted(missing), f"{len(missing)} of {len(self.accepted)} receipted are lost")
        strange = rows.keys() - self.said.keys()
        assert not strange, f"{len(strange)} rows that no device said: {sorted(strange)[:5]}"
        promised = self.accepted.keys() - self.said.keys()
        assert not promised, f"receipts for what was never said: {sorted(promised)[:5]}"
        twice = [key for key, count in rows.items() if count != 1]
        assert not twice, f"{len(twice)} are stored more than once: {sorted(twice)[:5]}"
        return f"said {len(self.said)}, receipts {len(self.accepted)}, lost 0, doubled 0"
