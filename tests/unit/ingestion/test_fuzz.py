"""Whatever bytes come: ingestion never fails, and what goes to Kafka is JSON that every reader can read."""

import json
from typing import Any

import msgspec
import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.handlers.decode import KnownReading
from services.ingestion.handlers.directory import Directory
from services.ingestion.handlers.intake import Intake
from services.ingestion.handlers.vocabulary import vocabulary
from shared.contracts.objects import Device
from shared.contracts.wire import Reading

WORDS = vocabulary()
SEEDS = [
    b'{"device_id":"d1","boot_id":1,"seq":0,"status":"normal","lel_percent":1.5,"x":{"y":[1]}}',
    b'{"device_id":"d1","boot_id":1,"seq":0,"status":"alarm_high","temperature_c":-5,"buffered":true}',
    b'[{"device_id":"d1","boot_id":1,"seq":1,"status":"normal"},{"device_id":"c1","boot_id":1,"seq":2,"status":"normal"}]',
    b'{"device_id":"d1","boot_id":1,"seq":0,"type":"alarm_raised","data":{"level":"low","ppm":3}}',
    b'{"device_id":"ghost","boot_id":1,"seq":0,"type":"alarm_raised","data":{"level":"low"}}',
    b'{"online":true,"boot_id":3,"time_ms":5}',
]
PIECES = [
    b"",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"1e999",
    b"-0",
    b"NaN",
    b"null",
    b"\xff",
    b"\xc3\xbc",
]
PIECES += [
    b"\\ud800",
    b"\\u0000",
    b"9" * 30,
    b' "type":"boot",',
    b'"dropped":[1],',
    b"\xef\xbb\xbf",
    b"alarm",
    b"\n",
    b"1.0",
]
edits = st.tuples(st.integers(0, 130), st.integers(0, 6), st.sampled_from(PIECES))


class Clock:
    def now_ms(self) -> int:
        return 0

    def monotonic(self) -> float:
        return 0.0


def intake() -> Intake:
    directory = Directory(2)
    for device_id, kind in (("d1", "detector"), ("c1", "controller")):
        directory.changed(device_id, None, Device(device_id, "s1", "o", "a", "z", kind, "c1"))  # type: ignore[arg-type]
    return Intake(directory, WORDS, Clock())


def spoil(seed: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    for at, length, piece in changes:
        place = at % (len(seed) + 1)
        seed = seed[:place] + piece + seed[place + length :]
    return seed


@settings(max_examples=1_500)
@given(
    st.sampled_from(SEEDS) | st.binary(max_size=60),
    st.lists(edits, max_size=4),
    st.sampled_from(["reading", "event", "state"]),
    st.booleans(),
)
def test_any_bytes(seed: bytes, changes: list[Any], leaf: str, retained: bool) -> None:
    taker = intake()
    payload = spoil(seed, changes)
    assert taker.take([(f"gas/v1/c1/up/{leaf}".encode(), payload, 9, retained)], 1) == 1
    load = taker.swap()
    items: list[dict[str, Any]] = []
    for values in load.records().values():
        for value in values:
            items += json.loads(value)
            msgspec.json.decode(value, type=list[dict[str, Any]])
            orjson.loads(value) if b"\\ud" not in value else None
    own = [item for item in items if item.get("type") not in {"connection", "alarm_rejected"}]
    assert len(own) == len(load.taken)
    for item in own:
        if "type" in item:
            assert leaf == "event"
            assert item["type"] in WORDS.events
        else:
            msgspec.convert(item, Reading)
    if leaf != "state":
        assert len(load.letters) == len(load.rejected)
        assert load.letters or load.taken


def test_the_hot_decoders_know_the_same_fields() -> None:
    known = {field.name for field in msgspec.structs.fields(KnownReading)}
    assert {field.name for field in msgspec.structs.fields(Reading)} < known
