"""The way up: the network, the broker and ingestion, which writes the log and sends receipts.

Accepted is what the log holds; the ledger here keeps what was accepted, first and in which order.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from services.alerting.domain.track import ODD_FUTURE_MS, ODD_PAST_MS
from tests.simulation.bus import Consumer, Log
from tests.simulation.kernel import Kernel
from tests.simulation.town import Town

MARK_MS = 5_000
RECEIPT_MS_MAX = 1_500
Key = tuple[str, int, int]


class Client(Protocol):
    """Whoever is told that something was accepted."""

    def receipt(self, server_time_ms: int, keys: list[Key]) -> None: ...


@dataclass(slots=True)
class Accepted:
    """The first arrival of a message; times are of the log's record, `corrected_ms` by the device's clock."""

    key: Key
    item: dict[str, Any]
    record_ms: int
    partition: int
    offset: int
    newer: bool
    overtaken: bool
    corrected_ms: int | None

    @property
    def buffered(self) -> bool:
        return bool(self.item.get("buffered"))

    @property
    def position(self) -> str | None:
        found: str | None = self.item.get("position") or self.item.get("data", {}).get("position")
        return found

    @property
    def word(self) -> int | None:
        """Return what it says of gas: 0 none, 1 low, 2 high, None nothing."""
        return word(self.item)


def word(item: dict[str, Any]) -> int | None:
    if item.get("type") == "alarm_raised":
        return 1 if item["data"]["level"] == "low" else 2
    if item.get("type") == "alarm_cleared":
        return 0
    return (
        {"normal": 0, "alarm_low": 1, "alarm_high": 2}.get(item.get("status", "")) if "gas" in item else None
    )


class Uplink:
    """Ingestion: it may be away (nothing gets in, no marks), and dies between the log and the receipt."""

    def __init__(self, kernel: Kernel, town: Town, log: Log, bad: float) -> None:
        self._kernel = kernel
        self._town = town
        self._log = log
        self._bad = bad
        self._newest: dict[str, tuple[int, int]] = {}
        self._newest_word: dict[str, tuple[int, int]] = {}
        self._lag: dict[str, int] = {}
        self._record_ms = [0] * len(log.rows)
        self._fifo: dict[str, int] = {}
        self.consumers: list[Consumer] = []
        self.away = False
        self.slow: dict[str, int] = {}
        self.connections: list[tuple[str, int, int]] = []
        self.accepted: dict[Key, Accepted] = {}
        kernel.every(lambda: MARK_MS, self._marks)

    def _marks(self) -> None:
        for partition in range(len(self._log.rows)):
            if not self.away:
                self._append(partition, b"ingestion-1", b"[]")

    def _append(self, partition: int, key: bytes | None, value: bytes) -> int:
        # Two ingestions write with two clocks.
        at_ms = self._kernel.now - (self._kernel.chance.randrange(200) if self._kernel.happens(0.2) else 0)
        offset = self._log.append(partition, at_ms, key, value)
        self._record_ms[partition] = max(at_ms, self._record_ms[partition])
        for consumer in self.consumers:
            consumer.arrived(partition)
        return offset

    def delay(self) -> int:
        chance = self._kernel.chance
        return chance.randrange(45_000) if self._kernel.happens(self._bad) else chance.randrange(20, 120)

    def send(self, client: Client, items: list[dict[str, Any]]) -> None:
        """Carry one publish: it is lost, late, repeated."""
        body = [dict(item) for item in items]
        slow_ms = self.slow.get(body[0]["device_id"], 0)
        copies = 0 if self._kernel.happens(self._bad) else 2 if self._kernel.happens(self._bad / 2) else 1
        for _ in range(copies):
            self._kernel.later(slow_ms + self.delay(), lambda: self._arrives(client, body))

    def _arrives(self, client: Client, items: list[dict[str, Any]]) -> None:
        if self.away:
            return
        site_id = self._town.site_of(items[0]["device_id"])
        partition = self._town.partition(site_id)
        value = msgspec.json.encode([{"device_id": 5}, *items] if self._kernel.happens(0.002) else items)
        offset = self._append(partition, None, value)
        keys = [self._note(item, partition, offset) for item in items]
        self._kernel.say("ingestion", f"{partition}/{offset} {value.decode()}")
        if self._kernel.happens(self._bad / 2):
            return  # it died before the receipt
        server_ms, delay = self._kernel.now, self._kernel.chance.randrange(20, RECEIPT_MS_MAX)
        self._kernel.later(delay, lambda: client.receipt(server_ms, keys))

    def connection(self, client_id: str, boot_id: int, *, online: bool) -> None:
        """Carry a client's state, in order; it is retained, so that it arrives."""
        item = {"device_id": client_id, "client": client_id, "boot_id": boot_id, "type": "connection"}
        value = msgspec.json.encode([item | {"data": {"online": online}}])
        partition = self._town.partition(self._town.site_of(client_id))
        at_ms = max(self._fifo.get(client_id, 0) + 1, self._kernel.now + self.delay())
        self._fifo[client_id] = at_ms
        self._kernel.later(at_ms - self._kernel.now, lambda: self._state(client_id, partition, value))

    def _state(self, client_id: str, partition: int, value: bytes) -> None:
        if self.away:
            self._kernel.later(1_000, lambda: self._state(client_id, partition, value))
            return
        offset = self._append(partition, None, value)
        self.connections.append((client_id, partition, offset))
        self._kernel.say("ingestion", f"{partition}/{offset} {value.decode()}")

    def _note(self, item: dict[str, Any], partition: int, offset: int) -> Key:
        device_id, order = item["device_id"], (item["boot_id"], item["seq"])
        key = (device_id, *order)
        record_ms = self._record_ms[partition]
        newer = order > self._newest.get(device_id, (-1, -1))
        if newer:
            self._newest[device_id] = order
        time_ms, corrected_ms = item.get("time_ms"), None
        if time_ms is not None and -ODD_FUTURE_MS <= record_ms - time_ms <= ODD_PAST_MS:
            lag = record_ms - time_ms
            known = self._lag.get(device_id)
            corrected_ms = record_ms if known is None else min(record_ms, time_ms + known)
            if not item.get("buffered"):
                self._lag[device_id] = lag if known is None else min(known, lag)
        overtaken = order < self._newest_word.get(device_id, (-1, -1))
        if word(item) is not None and not overtaken:
            self._newest_word[device_id] = order
        if key not in self.accepted:
            found = Accepted(key, item, record_ms, partition, offset, newer, overtaken, corrected_ms)
            self.accepted[key] = found
        return key
