"""What the use cases of history need from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.history.domain.buckets import Bucket
from services.history.domain.devices import DeviceState
from shared.chassis.principal import Principal

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


class Keeper(Protocol):
    """Computes roll-ups and drops what is too old."""

    async def roll(self, now_ms: int) -> int:
        """Roll up some of what is due; return how many marks that settled."""
        ...

    async def tidy(self, now_ms: int) -> int:
        """Write yesterday's hours again in the order of devices, once; return how many rows moved."""
        ...

    async def catch_up(self, since_ms: int) -> None:
        """Bring latest states up to date with the readings since then."""
        ...

    async def drop_older(self, relation: str, older_than_ms: int) -> int:
        """Drop chunks that hold only what is older; return how many."""
        ...

    async def delete_older(self, relation: str, older_than_ms: int) -> int:
        """Delete some rows that are older from a plain table; return how many."""
        ...

    async def delete_reserved(self) -> int:
        """Delete what reserved devices (canaries) said more than a day ago; return how many rows."""
        ...


After = tuple[int, int, int]  # time in Unix ms, boot_id and seq of the last row of a page


@dataclass(frozen=True, slots=True)
class Found:
    """A device that who asks may see, and what its kind measures."""

    key: int
    quantities: tuple[str, ...]


class Archive(Protocol):
    """Answers questions about what was stored; rows go by the names of their columns."""

    async def find(self, asking: Principal, device_id: str) -> Found | None:
        """Return the device, or None when it does not exist for who asks."""
        ...

    async def count(self, key: int, from_ms: int, to_ms: int) -> int:
        """Return how many readings there are in [from, to), counted only as far as it matters."""
        ...

    async def readings(
        self, key: int, from_ms: int, to_ms: int, after: After | None, limit: int
    ) -> Sequence[Any]:
        """Return readings as they came, oldest first."""
        ...

    async def events(
        self, key: int, from_ms: int, to_ms: int, after: After | None, limit: int
    ) -> Sequence[Any]:
        """Return events as they came, oldest first."""
        ...

    async def buckets(
        self, asking: Principal, device: Found, from_ms: int, to_ms: int, bucket: Bucket, limit: int
    ) -> Sequence[Any]:
        """Return roll-ups: bucket, count, alarm_s, then min, max, sum, count of each of its quantities."""
        ...

    async def latest(
        self, asking: Principal, device_id: str | None, site_id: str | None, after: str, limit: int
    ) -> Sequence[Any]:
        """Return the newest of each device that is visible to who asks, by device id."""
        ...
