"""One process of the load: `python -m benchmarks.publisher ORDER.json` publishes at a fixed rate, then stops.

Open loop: what is due is sent however slow the answers are, and an alarm's latency counts from the moment at
which it was due. Every message is one reading or one event in a PUBLISH of its own; a controller sends what
its detectors said during the last 50 ms in one write, as one that polls them over a bus would.
"""

import gc
import random
import ssl
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.fleet import controller_id, detector_id
from benchmarks.link import Link

TICK_S = 0.05
STEP_S = 0.002
ALARM_S = 5.0
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
    high_only: bool = False
    """Whether every episode begins by the status of a reading: then all alerts are P1."""


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

    def connect(self) -> None:
        """Connect everybody."""
        order = self.order
        for number in order.controllers:
            name = controller_id(number)
            context = ssl.create_default_context(cafile=order.ca_file)
            context.load_cert_chain(f"{order.certs_dir}/{name}.crt", f"{order.certs_dir}/{name}.key")
            link = Link(name)
            link.connect(order.host, order.port, context)
            self.links.append(link)
            self.detectors.append(
                [Detector(link, detector_id(number, k), order.boot_id) for k in range(order.detectors_each)]
            )

    def run(self) -> None:
        """Publish what is due until the time is over."""
        order = self.order
        begin, count = order.begin_s, len(self.links)
        time.sleep(max(0.0, begin - time.monotonic()))
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
                self.links[place].take()
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
            time.sleep(STEP_S)
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
        link.send(b"".join(out))
        self.outcome.published += messages
        self.outcome.readings += messages

    def _say(self, detector: Detector, tail: bytes, *, event: bool, due_ns: int) -> None:
        link = detector.link
        link.packet_id = link.packet_id % 65_535 + 1
        topic = detector.event_topic if event else detector.topic
        stamp = b',"time_ms":%d' % (due_ns // 1_000_000)
        link.send(_packet(topic, link.packet_id, detector.head, detector.seq, stamp, tail))
        detector.seq += 1
        self.outcome.published += 1
        self.outcome.events += event
        self.outcome.readings += not event

    def _alarm(self, victim: tuple[int, int], due_s: float) -> None:
        """Begin an episode: every second one by the status of a reading, the others by an event."""
        detector = self.detectors[victim[0]][victim[1]]
        due_ns = time.time_ns() - int((time.monotonic() - due_s) * 1e9)
        by_event = not self.order.high_only and len(self.outcome.alarms) % 2 == 1
        detector.tail = LOW_TAIL if by_event else ALARM_TAIL
        self._say(detector, RAISED if by_event else ALARM_TAIL, event=by_event, due_ns=due_ns)
        self.outcome.alarms.append(Alarm(detector.device_id, due_ns))
        self._ended.append((due_s + ALARM_S, detector))

    def _clear(self, detector: Detector) -> None:
        detector.tail = None
        self._say(detector, CLEARED, event=True, due_ns=time.time_ns())

    def finish(self) -> None:
        """Wait for PUBACKs and receipts, then leave."""
        limit = time.monotonic() + RECEIPT_LIMIT_S
        while time.monotonic() < limit and not self._answered():
            time.sleep(0.05)
        for link in self.links:
            link.close()

    def _answered(self) -> bool:
        """Take what has come; tell whether nothing more is to be expected."""
        outcome, links = self.outcome, self.links
        for link in links:
            link.take()
        outcome.acknowledged = sum(link.acknowledged for link in links)
        outcome.receipted = sum(link.receipted for link in links)
        outcome.rejected = sum(link.rejected for link in links)
        outcome.lost = sum(link.lost for link in links)
        receipted = outcome.receipted + outcome.rejected >= outcome.published
        all_there = outcome.acknowledged >= outcome.published
        return bool(outcome.lost) or (all_there and (receipted or not self.order.wait_receipts))


def _packet(topic: bytes, packet_id: int, head: bytes, seq: int, stamp: bytes, tail: bytes) -> bytes:
    number = b"%d" % seq
    size = len(topic) + 3 + len(head) + len(number) + len(stamp) + len(tail)
    return b"\x32%c%c%b%c%c\x00%b%b%b%b" % (
        size & 0x7F | 0x80, size >> 7, topic, packet_id >> 8, packet_id & 0xFF, head, number, stamp, tail,
    )  # fmt: skip


def main() -> None:
    """Read the order, say `ready`, wait for the begin on standard input, run, say `done` and the outcome."""
    load = Load(msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=Order))
    load.connect()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    load.order.begin_s = float(sys.stdin.readline())
    gc.freeze()
    load.run()
    sys.stdout.write("done\n")
    sys.stdout.flush()
    load.finish()
    sys.stdout.buffer.write(msgspec.json.encode(load.outcome) + b"\n")


if __name__ == "__main__":
    main()
