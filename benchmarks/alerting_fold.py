"""What folding one reading costs: `python -m benchmarks.alerting_fold` prints µs of CPU per reading."""

import json
import time

import msgspec

from services.alerting.domain.fold import PartitionState
from services.alerting.domain.items import Item
from services.alerting.domain.setpoints import SetPoints
from services.alerting.domain.spec import DeviceFacts, make_spec

DEVICES = 20_000
PER_RECORD = 200
ROUNDS = 20


def records(round_: int, start_ms: int, alarms: int = 0) -> list[bytes]:
    """Return one reading of every device, as Kafka records."""
    items = [
        {
            "device_id": f"det-{n:06d}",
            "boot_id": 3,
            "seq": round_,
            "status": "alarm_high" if n < alarms else "normal",
            "time_ms": start_ms,
            "gas": "CH4",
            "lel_percent": 60.5 if n < alarms else 1.25,
            "temperature_c": 21.5,
            "humidity_percent": 40.1,
            "battery_v": 3.6,
            "rssi_dbm": -70,
            "life_days_left": 812,
        }
        for n in range(DEVICES)
    ]
    return [json.dumps(items[n : n + PER_RECORD]).encode() for n in range(0, DEVICES, PER_RECORD)]


def run(alarms: int) -> tuple[float, float, int]:
    """Return µs per reading with and without decoding, and how many signals came out."""
    points = SetPoints().at(0)
    state = PartitionState()
    for n in range(DEVICES):
        facts = DeviceFacts(f"det-{n:06d}", f"site-{n // 4}", "z1", "detector")
        state.put(make_spec(facts, points))
    decoder = msgspec.json.Decoder(list[Item])
    decode_s = fold_s = 0.0
    signals = 0
    for round_ in range(ROUNDS):
        now_ms = 1_700_000_000_000 + round_ * 1000
        for raw in records(round_, now_ms, alarms):
            begin = time.process_time()
            items = decoder.decode(raw)
            middle = time.process_time()
            signals += len(state.fold(now_ms + 20, items))
            end = time.process_time()
            if round_:
                decode_s, fold_s = decode_s + middle - begin, fold_s + end - middle
    count = DEVICES * (ROUNDS - 1)
    return decode_s / count * 1e6, fold_s / count * 1e6, signals


def main() -> None:
    """Print one line for quiet readings and one with some alarms going on."""
    for alarms in (0, 200):
        decode_us, fold_us, signals = run(alarms)
        print(
            f"{alarms:>4} of {DEVICES} in alarm: {decode_us:.2f} µs decode + {fold_us:.2f} µs fold"
            f" = {decode_us + fold_us:.2f} µs a reading, {signals} signals"
        )


if __name__ == "__main__":
    main()
