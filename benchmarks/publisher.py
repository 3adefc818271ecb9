"""One process of the load: `python -m benchmarks.publisher ORDER.json` publishes at a fixed rate, then stops.

Open loop: what is due is sent however slow the answers are, and an alarm's latency counts from the moment at
which it was due. Every message is one reading or one event in a PUBLISH of its own; a controller sends what
its detectors said during the last 50 ms in one write, as one that polls them over a bus would.
"""

import asyncio
import gc
import random
import ssl
import sys
import time
from functools import partial
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from benchmarks.fleet import controller_id, detector_id
from shared.chassis.mqtt.packets import Connect, encode_connect, encode_subscribe
from shared.chassis.mqtt.parser import Connack, Parser, Suback

TICK_S = 0.05
STEP_S = 0.002
ALARM_S = 5.0
CONNECT_AT_ONCE = 10
CONNECT_LIMIT_S = 60.0
RECEIPT_LIMIT_S = 25.0
QUIET = 64  # different values of a quiet reading


class Order(msgspec.Struct):
    """What one process is to do. `begin_s` is on the machine's monotonic clock; rates are per second."""

    host: str
    port: int
    ca_file: str
    certs_dir: str
    controllers: list[int]
    detectors_each: int
    rate: float
    seconds: float
    alarms: float
    alarms_after_s: float
    """How long the load runs before the first alarm."""
    alarm_skip: int
    """How many of this process's devices had their alarm in an earlier run: each has one at most."""
    boot_id: int
    begin_s: float
    seed: int
    wait_receipts: bool = True


class Alarm(msgspec.Struct):
    """An episode: which device, and when its alarm was due (ns since the epoch)."""

    device_id: str
    due_ns: int


class Outcome(msgspec.Struct):
    """What one process did."""

    published: int = 0
    readings: int = 0
    events: int = 0
    acknowledged: int = 0
    receipted: int = 0
    rejected: int = 0
    lost: int = 0
    late_ms_max: float = 0.0
    cpu_s: float = 0.0
    seconds: float = 0.0
    alarms: list[Alarm] = []


_BUFFER = memoryview(bytearray(262_144))
"""Shared by all connections of a process: what is read is used up at once, and a read allocates nothing."""


class Link(asyncio.BufferedProtocol):
    """One controller's connection: counts PUBACKs, takes receipts."""

    def __init__(self, client: str, outcome: Outcome, deaf: bool) -> None:
        self.client = client
        self.deaf = deaf
        self._outcome = outcome
        self._parser = Parser()
        self._receipts = msgspec.json.Decoder(Receipt)
        self.up: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport
        self.packet_id = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Introduce ourselves."""
        self.transport = cast("asyncio.Transport", transport)
        self.transport.write(encode_connect(Connect(client_id=self.client, keepalive_s=60)))

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it, unless the run is over."""
        if not self.up.done():
            self.up.set_exception(ConnectionError(str(exc)))
        elif not self.deaf:
            self._outcome.lost += 1

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - asyncio's signature
        """Return where to read to."""
        return _BUFFER

    def buffer_updated(self, nbytes: int) -> None:
        """Take answers."""
        parser = self._parser
        for _topic, payload, packet_id, _retained in parser.feed(bytes(_BUFFER[:nbytes])):
            self.transport.write(b"\x40\x02" + packet_id.to_bytes(2, "big"))
            self._receipt(payload)
        if parser.pubacks:
            self._outcome.acknowledged += len(parser.pubacks)
            parser.pubacks.clear()
        if parser.control:
            for packet in parser.control:
                self._control(packet)
            parser.control.clear()

    def _control(self, packet: object) -> None:
        match packet:
            case Connack(reason_code=0):
                self.transport.write(encode_subscribe(1, [f"gas/v1/{self.client}/down/+"], 1))
            case Suback() if not self.up.done():
                self.up.set_result(None)
            case _ if not self.up.done():
                self.up.set_exception(ConnectionError(f"the broker said {packet}"))

    def _receipt(self, payload: bytes) -> None:
        receipt = self._receipts.decode(payload)
        self._outcome.rejected += len(receipt.rejected)
        for one in receipt.accepted:
            for first, last in one.ranges:
                self._outcome.receipted += last - first + 1


def _same(link: Link) -> Link:
    return link


class Accepted(msgspec.Struct):
    """Ranges of one device."""

    ranges: list[tuple[int, int]]


class Receipt(msgspec.Struct):
    """What is read of a receipt."""

    accepted: list[Accepted]
    rejected: list[msgspec.Raw] = []


class Detector:
    """The parts of a detector's messages that stay the same."""

    __slots__ = ("alarm_tail", "device_id", "event_topic", "head", "link", "seq", "tail", "topic")

    def __init__(self, link: Link, device_id: str, boot_id: int) -> None:
        self.link = link
        self.device_id = device_id
        self.seq = 0
        self.topic = _topic(link.client, "reading")
        self.event_topic = _topic(link.client, "event")
        self.head = b'{"device_id":"%b","boot_id":%d,"seq":' % (device_id.encode(), boot_id)
        self.tail: bytes | None = None


def _topic(client: str, leaf: str) -> bytes:
    name = f"gas/v1/{client}/up/{leaf}".encode()
    return len(name).to_bytes(2, "big") + name


def _tail(status: str, lel_percent: float, n: int) -> bytes:
    return (
        b',"status":"%b","gas":"CH4","lel_percent":%.2f,"temperature_c":%.1f,"humidity_percent":%.1f,'
        b'"battery_v":12.%d,"rssi_dbm":-%d,"life_days_left":%d}'
        % (status.encode(), lel_percent, 18 + n % 9, 40 + n % 31, n % 10, 60 + n % 20, 700 + n)
    )


QUIET_TAILS = [_tail("normal", 0.5 + n % 13 / 4, n) for n in range(QUIET)]
ALARM_TAIL = _tail("alarm_high", 57.25, 3)
LOW_TAIL = _tail("alarm_low", 21.5, 4)
RAISED = b',"type":"alarm_raised","data":{"level":"low","lel_percent":21.5}}'
CLEARED = b',"type":"alarm_cleared","data":{}}'


class Load:
    """Runs one order."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.outcome = Outcome()
        self.links: list[Link] = []
        self.detectors: list[list[Detector]] = []
        self._ended: list[tuple[float, Detector]] = []
        rng = random.Random(order.seed)
        self._victims = [
            (place, k) for place in range(len(order.controllers)) for k in range(order.detectors_each)
        ]
        rng.shuffle(self._victims)
        del self._victims[: order.alarm_skip]

    async def connect(self) -> None:
        """Connect everybody."""
        order, loop = self.order, asyncio.get_running_loop()
        gate = asyncio.Semaphore(CONNECT_AT_ONCE)

        async def one(number: int) -> Link:
            name = controller_id(number)
            context = ssl.create_default_context(cafile=order.ca_file)
            context.load_cert_chain(f"{order.certs_dir}/{name}.crt", f"{order.certs_dir}/{name}.key")
            async with gate:
                for attempt in range(5):
                    link = Link(name, self.outcome, deaf=False)
                    try:
                        await loop.create_connection(
                            partial(_same, link),
                            order.host,
                            order.port,
                            ssl=context,
                            server_hostname=order.host,
                        )
                        await link.up
                    except OSError:
                        if attempt == 4:
                            raise
                    else:
                        return link
            raise AssertionError

        async with asyncio.timeout(CONNECT_LIMIT_S):
            self.links = list(await asyncio.gather(*(one(number) for number in order.controllers)))
        self.detectors = [
            [Detector(link, detector_id(number, k), order.boot_id) for k in range(order.detectors_each)]
            for number, link in zip(order.controllers, self.links, strict=True)
        ]

    async def run(self) -> None:
        """Publish what is due until the time is over."""
        order = self.order
        begin, count = order.begin_s, len(self.links)
        await asyncio.sleep(max(0.0, begin - time.monotonic()))
        end, alarms_from = begin + order.seconds, begin + order.alarms_after_s
        slot_s = TICK_S / count
        per_slot = order.rate * slot_s
        slot, due, alarms = 0, 0.0, 0
        cursor = [0] * count
        cpu = time.process_time()
        while (now := time.monotonic()) < end:
            last = int((now - begin) / slot_s)
            if slot < last:
                self.outcome.late_ms_max = max(self.outcome.late_ms_max, (now - begin - slot * slot_s) * 1e3)
            while slot <= last:
                due += per_slot
                place = slot % count
                messages = int(due)
                due -= messages
                if messages:
                    self._controller(place, cursor, messages)
                slot += 1
            while alarms < (now - alarms_from) * order.alarms and alarms < len(self._victims):
                self._alarm(self._victims[alarms], alarms_from + alarms / order.alarms)
                alarms += 1
            while self._ended and self._ended[0][0] <= now:
                self._clear(self._ended.pop(0)[1])
            await asyncio.sleep(STEP_S)
        for _, detector in self._ended:
            self._clear(detector)
        self.outcome.seconds = time.monotonic() - begin
        self.outcome.cpu_s = time.process_time() - cpu

    def _controller(self, place: int, cursor: list[int], messages: int) -> None:
        """Send the next readings of one controller in one write."""
        detectors, link = self.detectors[place], self.links[place]
        at, count = cursor[place], len(detectors)
        stamp = b',"time_ms":%d' % (time.time_ns() // 1_000_000)
        out = []
        packet_id = link.packet_id
        for _ in range(messages):
            detector = detectors[at % count]
            packet_id = packet_id % 65_535 + 1
            tail = detector.tail or QUIET_TAILS[at % QUIET]
            out.append(_packet(detector.topic, packet_id, detector.head, detector.seq, stamp, tail))
            detector.seq += 1
            at += 1
        cursor[place], link.packet_id = at, packet_id
        link.transport.write(b"".join(out))
        self.outcome.published += messages
        self.outcome.readings += messages

    def _say(self, detector: Detector, tail: bytes, *, event: bool, due_ns: int) -> None:
        link = detector.link
        link.packet_id = link.packet_id % 65_535 + 1
        topic = detector.event_topic if event else detector.topic
        stamp = b',"time_ms":%d' % (due_ns // 1_000_000)
        link.transport.write(_packet(topic, link.packet_id, detector.head, detector.seq, stamp, tail))
        detector.seq += 1
        self.outcome.published += 1
        self.outcome.events += event
        self.outcome.readings += not event

    def _alarm(self, victim: tuple[int, int], due_s: float) -> None:
        """Begin an episode: every second one by the status of a reading, the others by an event."""
        detector = self.detectors[victim[0]][victim[1]]
        due_ns = time.time_ns() - int((time.monotonic() - due_s) * 1e9)
        by_event = len(self.outcome.alarms) % 2 == 1
        detector.tail = LOW_TAIL if by_event else ALARM_TAIL
        self._say(detector, RAISED if by_event else ALARM_TAIL, event=by_event, due_ns=due_ns)
        self.outcome.alarms.append(Alarm(detector.device_id, due_ns))
        self._ended.append((due_s + ALARM_S, detector))

    def _clear(self, detector: Detector) -> None:
        detector.tail = None
        self._say(detector, CLEARED, event=True, due_ns=time.time_ns())

    async def finish(self) -> None:
        """Wait for PUBACKs and receipts, then leave."""
        outcome = self.outcome
        limit = time.monotonic() + RECEIPT_LIMIT_S
        while time.monotonic() < limit and not outcome.lost:
            receipted = outcome.receipted + outcome.rejected
            if outcome.acknowledged >= outcome.published and (
                receipted >= outcome.published or not self.order.wait_receipts
            ):
                break
            await asyncio.sleep(0.1)
        for link in self.links:
            link.deaf = True
            link.transport.write(b"\xe0\x00")
            link.transport.close()
        await asyncio.sleep(0.1)


def _packet(topic: bytes, packet_id: int, head: bytes, seq: int, stamp: bytes, tail: bytes) -> bytes:
    number = b"%d" % seq
    size = len(topic) + 3 + len(head) + len(number) + len(stamp) + len(tail)
    return b"\x32%c%c%b%c%c\x00%b%b%b%b" % (
        size & 0x7F | 0x80, size >> 7, topic, packet_id >> 8, packet_id & 0xFF, head, number, stamp, tail,
    )  # fmt: skip


async def work(order: Order) -> Outcome:
    """Do one order."""
    load = Load(order)
    await load.connect()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    begin = await asyncio.to_thread(sys.stdin.readline)
    order.begin_s = float(begin)
    gc.freeze()
    await load.run()
    sys.stdout.write("done\n")
    sys.stdout.flush()
    await load.finish()
    return load.outcome


def main() -> None:
    """Read the order, say `ready`, wait for the begin on standard input, run, print the outcome."""
    order = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Order)
    outcome = uvloop.run(work(order))
    sys.stdout.buffer.write(msgspec.json.encode(outcome) + b"\n")


if __name__ == "__main__":
    main()
