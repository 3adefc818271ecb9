"""Who may speak, for whom, and where it goes: the registry's devices as ingestion needs them, in memory."""

from collections.abc import Callable
from typing import Final

from services.ingestion.domain.verdicts import Known
from shared.contracts.objects import Device
from shared.contracts.telemetry import partition_of
from shared.contracts.wire import STATUSES

ALLOWANCE_PER_S: Final = 10
ALLOWANCE_BURST: Final = 100
STEP_S: Final = 1 / ALLOWANCE_PER_S
AHEAD_S: Final = (ALLOWANCE_BURST - 0.999) / ALLOWANCE_PER_S
"""The allowance as a point in time (GCRA): how far ahead of now a device may have used it up."""


class Client:
    """A client, known or not: the devices it speaks for, what awaits its next receipt."""

    __slots__ = (
        "client_id",
        "devices",
        "due",
        "newest_boot",
        "receipt_topic",
        "rejected",
        "revoked",
        "waiting",
    )

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id
        self.receipt_topic = f"gas/v1/{client_id}/down/receipt"
        self.devices: set[str] = set()
        self.revoked = False
        self.newest_boot = -1
        self.waiting: list[Source] = []
        self.rejected: list[dict[str, object]] = []
        self.due: float | None = None


class Source:
    """A device as the hot path needs it, registered or not; its accepted `seq`s await the next receipt.

    `free_at` is the allowance: the monotonic time at which the bucket would be full again.
    """

    __slots__ = (
        "boot",
        "client",
        "device_id",
        "free_at",
        "high",
        "kind",
        "low",
        "more",
        "partition",
        "statuses",
    )

    def __init__(
        self, device_id: str, client: Client, kind: str = "", statuses: frozenset[str] = frozenset()
    ) -> None:
        self.device_id = device_id
        self.client = client
        self.kind = kind
        self.statuses = statuses
        self.partition = 0
        self.free_at = 0.0
        self.boot = -1
        self.low = 0
        self.high = -1
        self.more: list[tuple[int, int, int]] = []

    def within_allowance(self, now: float) -> bool:
        """Use one reading of the allowance at the monotonic time `now`; False when there is none left."""
        if self.free_at > now:
            if self.free_at > now + AHEAD_S:
                return False
            self.free_at += STEP_S
        else:
            self.free_at = now + STEP_S
        return True

    def has_room(self, now: float, count: int) -> bool:
        """Return whether the allowance covers `count` readings now."""
        return self.free_at + (count - 1) * STEP_S <= now + AHEAD_S

    def accepted(self, boot: int, seq: int) -> None:
        """Note that Kafka has this message; the next receipt of the client says so."""
        if boot == self.boot and seq == self.high + 1:
            self.high = seq
            return
        if self.boot >= 0:
            self.more.append((self.boot, self.low, self.high))
        else:
            self.client.waiting.append(self)
        self.boot, self.low, self.high = boot, seq, seq

    def put_back(self, ranges: list[tuple[int, int, int]]) -> None:
        """Undo `take`: the receipt could not be sent."""
        if self.boot < 0:
            self.client.waiting.append(self)
            self.boot, self.low, self.high = ranges.pop()
        self.more = ranges + self.more

    def take(self) -> list[tuple[int, int, int]]:
        """Return (boot_id, from, to) of what was accepted since the last receipt, and forget it."""
        found = [*self.more, (self.boot, self.low, self.high)]
        self.more = []
        self.boot = -1
        return found


class Directory:
    """Follows `gas.device.v1`. `on_new` hears of a device that was not known before."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.sources: dict[str, Source] = {}
        self._clients: dict[str, Client] = {}
        self.on_new: Callable[[Device], None] = lambda _device: None

    def client(self, client_id: str) -> Client:
        """Return the client of this name; a name never heard before is a client without devices."""
        found = self._clients.get(client_id)
        if found is None:
            found = self._clients[client_id] = Client(client_id)
        return found

    def known(self, device_id: str) -> Known | None:
        """Return what is registered about a device."""
        source = self.sources.get(device_id)
        return Known(source.kind, source.client.client_id) if source is not None else None

    def home(self, client: Client) -> int | None:
        """Return the partition of a client's site: its own, or of a device it speaks for; None if unknown."""
        own = self.sources.get(client.client_id)
        if own is not None:
            return own.partition
        return next((self.sources[device_id].partition for device_id in sorted(client.devices)), None)

    def changed(self, device_id: str, _old: Device | None, new: Device | None) -> None:
        """Take over what the registry says about a device; None: it is gone.

        A blocked device (`active: false`) still belongs to its client. One that retired is a stranger: as
        alerting has no rules for it, an alarm of it would reach nobody otherwise (D08).
        """
        source = self.sources.get(device_id)
        if source is not None:
            source.client.devices.discard(device_id)
        if new is not None:
            self.client(device_id).revoked = new.revoked
        if new is None or new.retired_on is not None:
            self.sources.pop(device_id, None)
            return
        client = self.client(new.client_id)
        if source is None:
            source = self.sources[device_id] = Source(device_id, client)
            self.on_new(new)
        source.client = client
        source.kind, source.statuses = new.kind, STATUSES[new.kind]
        source.partition = partition_of(new.site_id, self.partitions)
        client.devices.add(device_id)
