"""CPU of ingestion's own work, µs a reading: decide, join, receipt. `python -m benchmarks.ingestion_decode`.

Neither MQTT nor Kafka takes part; reads of 60 messages from 200 controllers with 100 devices each, one
reading a message, as the load publisher sends them. `--profile` prints where the time goes.
"""

import cProfile
import json
import pstats
import sys
import time
from collections.abc import Callable
from typing import Any

from services.ingestion.domain.judge import Sender, judge
from services.ingestion.handlers.decode import decode_hot, decode_one
from services.ingestion.handlers.directory import Directory
from services.ingestion.handlers.intake import Intake
from services.ingestion.handlers.receipts import Receipts
from services.ingestion.handlers.vocabulary import vocabulary
from shared.contracts.objects import Device

CLIENTS, DEVICES, READ, READS = 200, 100, 60, 4_000


class _Clock:
    """A clock that runs so fast that nobody exceeds an allowance."""

    def __init__(self) -> None:
        self.at = 0.0

    def now_ms(self) -> int:
        return int(self.at * 1000)

    def monotonic(self) -> float:
        self.at += READ / CLIENTS / DEVICES
        return self.at


class _Sender:
    """Counts receipts."""

    count = size = 0

    def send(self, _topic: str, payload: bytes) -> bool:
        self.count += 1
        self.size += len(payload)
        return True


def directory() -> Directory:
    found = Directory(12)
    for client in range(CLIENTS):
        for number in range(DEVICES):
            name = f"ctl-{client:03}"
            device = Device(
                f"det-{client:03}-{number:03}", f"site-{client:03}", "op", "530602", "z", "detector", name
            )
            found.changed(device.device_id, None, device)
    return found


def publishes(seq: int, at: int) -> list[tuple[bytes, bytes, int, bool]]:
    found = []
    for number in range(at * READ, at * READ + READ):
        client, device = number % CLIENTS, number // CLIENTS % DEVICES
        reading = {
            "device_id": f"det-{client:03}-{device:03}",
            "boot_id": 1767225600,
            "seq": seq + number // (CLIENTS * DEVICES),
            "time_ms": 1767229200000 + number,
            "status": "normal",
            "gas": "CH4",
            "lel_percent": 1.25,
            "temperature_c": 21.5,
            "humidity_percent": 47.0,
            "battery_v": 3.61,
            "rssi_dbm": -71,
            "life_days_left": 812,
        }
        topic = f"gas/v1/ctl-{client:03}/up/reading".encode()
        found.append((topic, json.dumps(reading).encode(), number % 65_000 + 1, False))
    return found


def whole(intake: Intake, receipts: Receipts, reads: list[list[Any]]) -> float:
    """Return CPU µs a reading: take a read, swap, join, note for receipts, tick."""
    began = time.process_time()
    for number, read in enumerate(reads):
        intake.take(read, 1)
        load = intake.swap()
        load.records()
        receipts.written(load)
        if number % 10 == 0:
            receipts.tick()
    return (time.process_time() - began) / READ / len(reads) * 1e6


def each(function: Callable[[bytes], Any], payload: bytes, count: int = 20_000) -> float:
    began = time.process_time()
    for _ in range(count):
        function(payload)
    return (time.process_time() - began) / count * 1e6


def main() -> None:
    clock, sender, words = _Clock(), _Sender(), vocabulary()
    book = directory()
    intake, receipts = Intake(book, words, clock), Receipts(sender, clock)
    reads = [publishes(0, at) for at in range(READS)]
    payload = reads[0][0][1]
    unknown = payload[:-1] + b',"maker":{"stamp":1}}'
    spoilt = payload.replace(b"21.5", b'"hot"')
    careful = lambda data: judge(data, Sender("ctl-000", "reading"), book.known, words)  # noqa: E731
    print(f"payload {len(payload)} bytes; CPU microseconds a reading")
    print(f"  hot decoder                    {each(decode_hot, payload):6.2f}")
    print(f"  with unknown fields            {each(decode_one, unknown):6.2f}")
    print(f"  careful way, nothing wrong     {each(careful, payload):6.2f}")
    print(f"  careful way, salvaged          {each(careful, spoilt):6.2f}")
    print(f"  decide, join, receipt          {whole(intake, receipts, reads):6.2f}")
    print(f"  receipts: {sender.count} of {sender.size / max(sender.count, 1):.0f} bytes")
    if "--profile" in sys.argv:
        profile = cProfile.Profile()
        profile.runcall(whole, intake, receipts, reads[:500])
        pstats.Stats(profile).sort_stats("tottime").print_stats(15)


if __name__ == "__main__":
    main()
