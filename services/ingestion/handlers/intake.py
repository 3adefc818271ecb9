"""From MQTT messages to a load for Kafka: the hot path, and the careful one beside it."""

import hashlib
import re
from typing import Final

import orjson

from services.ingestion.domain.fields import Vocabulary
from services.ingestion.domain.judge import Sender, alarm_rejected, judge, judge_state
from services.ingestion.domain.verdicts import Accepted, Leaf, Letter, Rejected
from services.ingestion.handlers.decode import decode_hot, decode_list, decode_one
from services.ingestion.handlers.directory import Client, Directory, Source
from services.ingestion.handlers.load import Load
from shared.chassis.clock import Clock
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter, Gauge
from shared.contracts.wire import PAYLOAD_BYTES_MAX, STATUSES, Reading

ALARMS: Final = frozenset(
    status for statuses in STATUSES.values() for status in statuses if status.startswith("alarm")
)
_ADDRESSES_MAX: Final = 200_000
_TOPIC: Final = re.compile(rb"gas/v1/([A-Za-z0-9_-]{1,64})/up/(reading|event|state)\Z")
_LEAVES: Final[dict[bytes, Leaf]] = {b"reading": "reading", b"event": "event", b"state": "state"}

DROPPED_TOPIC: Final = "$SYS/broker/publish/messages/dropped"
"""Where Mosquitto tells how many messages it has dropped, because a client's queue was full."""

BROKER_DROPPED = Gauge("gas_ingestion_broker_dropped", "Messages that the broker dropped since it started")
RECEIVED = Counter("gas_ingestion_messages_total", "MQTT messages taken")
REJECTED = Counter("gas_ingestion_rejected_total", "Messages rejected", ["reason"])
HELD_BACK = Counter("gas_ingestion_held_back_total", "Readings above a device's allowance, left unreceipted")
DROPPED = Counter("gas_ingestion_fields_dropped_total", "Unreadable side fields left out", ["field"])
IGNORED = Counter("gas_ingestion_ignored_total", "Messages ignored", ["why"])
HOMELESS = Counter("gas_ingestion_homeless_alarms_total", "Alarms of clients that no site is known for")

Publish = tuple[bytes, bytes, int, bool]
Address = tuple[Client, Leaf]


class Intake:
    """Takes messages into the present load; `swap` hands the load over and begins a new one."""

    def __init__(self, directory: Directory, words: Vocabulary, clock: Clock) -> None:
        self._directory = directory
        self._words = words
        self._clock = clock
        self._addresses: dict[bytes, Address | None] = {}
        self.load = Load(directory.partitions)
        self.loads = 0

    def swap(self) -> Load:
        """Return the present load and begin a new one."""
        load, self.load = self.load, Load(self._directory.partitions)
        self.loads += 1
        return load

    def take(self, publishes: list[Publish], generation: int) -> int:
        """Take all messages of one read of one connection; return how many of them are to be acknowledged."""
        load = self.load
        now = self._clock.monotonic()
        if not load.bytes:
            load.first_at = now
        acks = load.acks.setdefault(generation, [])
        before = len(acks)
        addresses = self._addresses
        hot = self._hot
        size = 0
        for topic, payload, packet_id, retained in publishes:
            if packet_id:
                acks.append(packet_id)
            size += len(payload)
            address = addresses.get(topic) or self._address(topic)
            if address is None:
                _strange(topic, payload)
            elif address[0].revoked:
                IGNORED.labels("revoked").inc()
            elif address[1] != "reading" or retained or not hot(payload, address[0], load, now):
                self._other(payload, address[0], address[1], retained, now)
        load.bytes += size
        RECEIVED.inc(len(publishes))
        return len(acks) - before

    def _hot(self, payload: bytes, client: Client, load: Load, now: float) -> bool:
        """Take a reading that is right in every way, or hold it back; False when it needs more care."""
        try:
            reading = decode_hot(payload)
            source = self._directory.sources[reading.device_id]
        except (ValueError, KeyError):
            return False
        status = reading.status
        if source.client is not client or status not in source.statuses or len(payload) > PAYLOAD_BYTES_MAX:
            return False
        if status in ALARMS:
            load.urgent[client] = None
        elif not source.within_allowance(now):
            HELD_BACK.inc()
            load.held_back[client] = None
            return True
        load.chunks[source.partition].append(payload)
        load.taken.append((source, reading.boot_id, reading.seq))
        return True

    def _address(self, topic: bytes) -> Address | None:
        """Return who sent on which leaf; the broker lets a client write under its own name only."""
        found = _TOPIC.match(topic)
        if found is None:
            return None
        if len(self._addresses) >= _ADDRESSES_MAX:
            self._addresses.clear()
        address = (self._directory.client(found[1].decode()), _LEAVES[found[2]])
        self._addresses[topic] = address
        return address

    def _other(self, payload: bytes, client: Client, leaf: Leaf, retained: bool, now: float) -> None:
        if leaf == "state":
            self._state(payload, client)
            return
        if leaf == "reading" and not retained and len(payload) <= PAYLOAD_BYTES_MAX:
            is_list = payload[:1] == b"["
            readings = decode_list(payload) if is_list else decode_one(payload)
            if readings and self._all(readings, payload, client, now, is_list):
                return
        self._carefully(payload, client, leaf, retained, now)

    def _all(
        self, readings: list[Reading], payload: bytes, client: Client, now: float, is_list: bool
    ) -> bool:
        """Take a payload as it stands if each of its readings can be; otherwise do nothing."""
        found = [(self._directory.sources.get(reading.device_id), reading) for reading in readings]
        partition = -1
        for source, reading in found:
            if source is None or source.client is not client or reading.status not in source.statuses:
                return False
            if partition not in {-1, source.partition}:
                return False
            partition = source.partition
        ordinary = [source for source, reading in found if source and reading.status not in ALARMS]
        if not all(source.has_room(now, len(ordinary)) for source in ordinary):
            return False
        for source in ordinary:
            source.within_allowance(now)
        load = self.load
        load.taken += [(source, reading.boot_id, reading.seq) for source, reading in found if source]
        if len(ordinary) < len(found):
            load.urgent[client] = None
        load.chunks[partition].append(payload.strip()[1:-1] if is_list else payload)
        if is_list:
            load.arrays.add(partition)
        return True

    def _carefully(self, payload: bytes, client: Client, leaf: Leaf, retained: bool, now: float) -> None:
        sender = Sender(client.client_id, leaf, stale=retained)
        topic = f"gas/v1/{client.client_id}/up/{leaf}"
        for verdict in judge(payload, sender, self._directory.known, self._words):
            if isinstance(verdict, Rejected):
                self._reject(verdict, client, topic, payload)
            elif verdict.unregistered:
                self._unregistered(verdict, client, topic, payload)
            else:
                self._accept(verdict, self._directory.sources[verdict.device_id], now)

    def _accept(self, verdict: Accepted, source: Source, now: float) -> None:
        if verdict.is_alarm or verdict.is_event:
            self.load.urgent[source.client] = None
        elif not source.within_allowance(now):
            HELD_BACK.inc()
            self.load.held_back[source.client] = None
            return
        for name in verdict.dropped:
            DROPPED.labels(name).inc()
        self.load.chunks[source.partition].append(verdict.item)
        self.load.taken.append((source, verdict.boot_id, verdict.seq))

    def _unregistered(self, verdict: Accepted, client: Client, topic: str, payload: bytes) -> None:
        """Let the alarm of a device that nobody registered go on to its client's site (rule D08)."""
        home = self._directory.home(client)
        if home is None:
            reason = Rejected(
                "unknown_device",
                verdict.raw,
                "no site is known for the client",
                verdict.device_id,
                verdict.boot_id,
                verdict.seq,
            )
            self._reject(reason, client, topic, payload)
            return
        self.load.urgent[client] = None
        self.load.chunks[home].append(verdict.item)
        self.load.taken.append((Source(verdict.device_id, client), verdict.boot_id, verdict.seq))

    def _reject(self, verdict: Rejected, client: Client, topic: str, payload: bytes) -> None:
        """Write a dead letter and say so in the receipt; whoever spoke of an alarm is heard (rule S02)."""
        load = self.load
        REJECTED.labels(verdict.reason).inc()
        load.letters.append(Letter(client.client_id, topic, verdict.reason, verdict.detail, verdict.raw))
        ids = {"device_id": verdict.device_id, "boot_id": verdict.boot_id, "seq": verdict.seq}
        rejected: dict[str, object] = {name: value for name, value in ids.items() if value is not None}
        sha256 = hashlib.sha256(payload).hexdigest()
        if not verdict.has_ids:
            rejected["sha256"] = sha256
        load.rejected.append((client, rejected | {"reason": verdict.reason}))
        if verdict.holds_alarm:
            home = self._directory.home(client)
            if home is None:
                HOMELESS.inc()
                get_logger().warning(
                    "an alarm without a site", client=client.client_id, reason=verdict.reason
                )
                return
            load.chunks[home].append(alarm_rejected(client.client_id, verdict.reason, sha256))

    def replay(self, raw: bytes, client_id: str, leaf: Leaf) -> bool:
        """Take a dead letter whose device is registered now; False when it is wrong in another way, too."""
        (verdict,) = judge(raw, Sender(client_id, leaf, stale=True), self._directory.known, self._words)
        if isinstance(verdict, Rejected) or verdict.unregistered:
            return False
        item = orjson.loads(verdict.item) | {"replayed": True}
        self.load.chunks[self._directory.sources[verdict.device_id].partition].append(orjson.dumps(item))
        self.load.bytes += len(raw)
        return True

    def _state(self, payload: bytes, client: Client) -> None:
        if not payload:
            return
        verdict = judge_state(payload, client.client_id, self._words)
        if isinstance(verdict, Rejected):
            REJECTED.labels(verdict.reason).inc()
            topic = f"gas/v1/{client.client_id}/up/state"
            letter = Letter(client.client_id, topic, verdict.reason, verdict.detail, verdict.raw)
            self.load.letters.append(letter)
            return
        home = self._directory.home(client)
        if verdict.boot_id < client.newest_boot or home is None:
            IGNORED.labels("old_boot" if home is not None else "unknown_client").inc()
            return
        client.newest_boot = verdict.boot_id
        self.load.chunks[home].append(verdict.item)


def _strange(topic: bytes, payload: bytes) -> None:
    """Take note of the broker's own figure; nobody else can write outside the leaves."""
    if topic.decode() == DROPPED_TOPIC and payload.isdigit():
        BROKER_DROPPED.set(int(payload))
    else:
        IGNORED.labels("topic").inc()
