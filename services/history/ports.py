"""What the use cases of history need from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.history.domain.devices import DeviceState

# Columns of a row: ingested_at in Unix ms, the device's key, then the fields of `Item` from `boot_id` to
# `client` (time in Unix ms). A staged row ends with its own time and whether its place is the odd table.
Row = tuple[Any, ...]


@dataclass(slots=True)
class Shown:
    """What changed of one device's latest state; None where nothing did."""

    device_key: int
    boot_id: int
    seq: int
    time_ms: int
    ingested_ms: int
    body: Any


@dataclass(slots=True)
class Batch:
    """What is written in one transaction, and the offsets that it stands for."""

    readings: list[Row] = field(default_factory=list)
    staged_readings: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    marks: set[tuple[int, int]] = field(default_factory=set)
    odd_devices: set[int] = field(default_factory=set)
    latest_readings: list[Shown] = field(default_factory=list)
    latest_events: list[Shown] = field(default_factory=list)
    latest_online: list[Shown] = field(default_factory=list)
    offsets: dict[int, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.readings) + len(self.staged_readings) + len(self.events)


class DeviceKeys(Protocol):
    """Knows the small keys of devices."""

    async def ensure(self, device_ids: Sequence[str]) -> list[DeviceState]:
        """Return the devices, made where unknown; never fails, but waits while the database is away."""
        ...

    async def all(self) -> list[DeviceState]:
        """Return every device."""
        ...


class Store(Protocol):
    """Keeps what was said."""

    async def write(self, batch: Batch) -> list[tuple[Row, str]]:
        """Write all of a batch in one transaction; return the rows that no table takes, and why.

        Waits while the database is away; what is already there is left as it is.
        """
        ...
