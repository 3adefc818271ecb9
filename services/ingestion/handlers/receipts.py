"""Receipts: what Kafka has, told to the client at once for alarms and events, else within 20 s of arrival."""

import heapq
from collections.abc import Iterator
from typing import Final
from zlib import crc32

import orjson

from services.ingestion.handlers.directory import Client, Source
from services.ingestion.handlers.load import Load
from services.ingestion.ports import ReceiptSender
from shared.chassis.clock import Clock
from shared.chassis.metrics import Counter

DELAY_S: Final = 8.0
SPREAD_S: Final = 8.0
"""An ordinary receipt goes out 8 to 16 s after arrival, each client at a time of its own (WIRE: 20 s)."""
HELD_BACK_S: Final = 1.0
"""Who is above its allowance sends again what has no receipt: soon told, it spends none on duplicates."""
RETRY_S: Final = 0.5
RECEIPT_BYTES_MAX: Final = 32_768
"""Half of the broker's packet limit; more is split into several receipts."""

SENT = Counter("gas_ingestion_receipts_total", "Receipts sent")
UNSENT = Counter("gas_ingestion_receipts_unsent_total", "Receipts that had to wait for the broker")

Ranges = list[tuple[int, int, int]]


def merged(ranges: Ranges) -> dict[int, list[list[int]]]:
    """Return boot_id → inclusive ranges of seq, ascending, without overlap."""
    by_boot: dict[int, list[list[int]]] = {}
    for boot, low, high in sorted(ranges):
        found = by_boot.setdefault(boot, [])
        if found and low <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], high)
        else:
            found.append([low, high])
    return by_boot


class Receipts:
    """Gathers by client what was written, and sends it."""

    def __init__(self, sender: ReceiptSender, clock: Clock) -> None:
        self._sender = sender
        self._clock = clock
        self._queue: list[tuple[float, str, Client]] = []

    def written(self, load: Load) -> None:
        """Take over what Kafka has now; alarms, events and rejections are receipted at once."""
        for source, boot, seq in load.taken:
            source.accepted(boot, seq)
            client = source.client
            if client.due is None:
                self._schedule(
                    client,
                    load.first_at + DELAY_S + crc32(client.client_id.encode()) % 1000 / 1000 * SPREAD_S,
                )
        for client, rejected in load.rejected:
            client.rejected.append(rejected)
            load.urgent[client] = None
        for client in load.urgent:
            self._send(client)
        soon = self._clock.monotonic() + HELD_BACK_S
        for client in load.held_back:
            if client.due is not None and client.due > soon:
                self._schedule(client, soon)

    def tick(self) -> None:
        """Send what is due; call it every quarter of a second."""
        now = self._clock.monotonic()
        while self._queue and self._queue[0][0] <= now:
            due, _, client = heapq.heappop(self._queue)
            if client.due == due:
                client.due = None
                self._send(client)

    def _schedule(self, client: Client, due: float) -> None:
        client.due = due
        heapq.heappush(self._queue, (due, client.client_id, client))

    def _send(self, client: Client) -> None:
        waiting = [(source, source.take()) for source in client.waiting]
        rejected = client.rejected
        if not waiting and not rejected:
            return
        client.waiting, client.rejected, client.due = [], [], None
        head = b'{"server_time_ms":%d,"accepted":[' % self._clock.now_ms()
        for sources, accepted, refused in _pieces(waiting, rejected):
            receipt = b"".join(
                (head, b",".join(accepted), b'],"rejected":[', b",".join(map(orjson.dumps, refused)), b"]}")
            )
            if self._sender.send(client.receipt_topic, receipt):
                SENT.inc()
                continue
            UNSENT.inc()
            client.rejected += refused
            for source, ranges in sources:
                source.put_back(ranges)
        if client.waiting or client.rejected:
            self._schedule(client, self._clock.monotonic() + RETRY_S)


Piece = tuple[list[tuple[Source, Ranges]], list[bytes], list[dict[str, object]]]


def _pieces(waiting: list[tuple[Source, Ranges]], rejected: list[dict[str, object]]) -> Iterator[Piece]:
    """Cut what is to be said into receipts that stay under the packet limit."""
    sources: list[tuple[Source, Ranges]] = []
    accepted: list[bytes] = []
    size = 0
    for source, ranges in waiting:
        for entry in _entries(source, ranges):
            accepted.append(entry)
            size += len(entry)
        sources.append((source, ranges))
        if size > RECEIPT_BYTES_MAX:
            yield sources, accepted, []
            sources, accepted, size = [], [], 0
    for at in range(0, max(len(rejected), 1), _REJECTED_MAX):
        part = rejected[at : at + _REJECTED_MAX]
        if sources or part:
            yield sources, accepted, part
        sources, accepted = [], []


_REJECTED_MAX: Final = 80
"""At most 80 rejections of about 250 bytes in one receipt."""


def _entries(source: Source, ranges: Ranges) -> Iterator[bytes]:
    if len(ranges) == 1:
        yield b'{"device_id":"%b","boot_id":%d,"ranges":[[%d,%d]]}' % (source.device_id.encode(), *ranges[0])
        return
    for boot, found in merged(ranges).items():
        yield orjson.dumps({"device_id": source.device_id, "boot_id": boot, "ranges": found})
