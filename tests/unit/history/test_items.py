import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.history.adapters.sql import READING_COLUMNS
from services.history.domain.items import (
    QUANTITIES,
    READING_FIELDS,
    BadItemError,
    Item,
    decode,
    salvage,
    split,
)
from shared.contracts import wire

GOOD = {"device_id": "d", "boot_id": 1, "seq": 2, "status": "normal", "time_ms": 5, "lel_percent": 1}
scalars = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_every_field_of_the_wire_has_a_column() -> None:
    wired = set(wire.Reading.__struct_fields__)
    ours = set(Item.__struct_fields__[:READING_FIELDS])
    assert wired <= ours
    assert ours - wired == {"dropped", "unregistered", "replayed", "client"}
    assert len(READING_COLUMNS) == READING_FIELDS + 1


def test_every_number_of_the_wire_is_a_quantity() -> None:
    measured = {name for fields in wire.FIELDS.values() for name in fields}
    assert set(QUANTITIES) == measured - {"gas", "position", "supply"}


def test_a_reading_is_decoded_and_told_apart_from_an_event() -> None:
    event = {"device_id": "d", "boot_id": 1, "seq": 3, "type": "muted", "data": {"on": True}}
    reading, other = decode(json.dumps([GOOD, event]).encode())
    assert (reading.type, reading.lel_percent, reading.ppm) == (None, 1.0, None)
    assert (other.type, bytes(other.data)) == ("muted", b'{"on": true}')


@given(st.dictionaries(st.sampled_from(Item.__struct_fields__[5:28]), values))
def test_a_field_that_does_not_fit_never_costs_the_reading(junk: dict[str, Any]) -> None:
    item = salvage(json.dumps(GOOD | junk).encode())
    assert (item.device_id, item.boot_id, item.seq, item.status, item.time_ms) == ("d", 1, 2, "normal", 5)
    for name, value in junk.items():
        assert getattr(item, name) is None or getattr(item, name) == value


@pytest.mark.parametrize(
    "bad", [{"seq": "2"}, {"boot_id": -1}, {"device_id": 7}, {"status": None, "seq": 2.5}]
)
def test_without_its_ids_an_item_is_bad(bad: dict[str, Any]) -> None:
    with pytest.raises(BadItemError):
        salvage(json.dumps(GOOD | bad).encode())


@given(values)
def test_an_event_has_no_status_so_nothing_that_stands_there_costs_it(junk: Any) -> None:
    alarm = {"device_id": "d", "boot_id": 1, "seq": 3, "type": "alarm_raised", "data": {"level": "high"}}
    item = salvage(json.dumps(alarm | {"status": junk}).encode())
    assert (item.device_id, item.boot_id, item.seq, item.type) == ("d", 1, 3, "alarm_raised")
    assert json.loads(bytes(item.data)) == {"level": "high"}


@pytest.mark.parametrize("raw", [b"5", b"null", b"[]", b"{}", b'{"seq": 1}', b"\xff"])
def test_what_is_no_item_is_bad(raw: bytes) -> None:
    with pytest.raises(BadItemError):
        salvage(raw)


def test_a_record_falls_into_its_items() -> None:
    assert split(b'[1, {"a": 2}]') == [b"1", b'{"a": 2}']
    for bad in (b"{}", b"x", b""):
        with pytest.raises(ValueError):  # noqa: PT011 - msgspec's own words
            split(bad)


def test_what_is_shown_as_latest_holds_only_what_was_said() -> None:
    assert json.loads(msgspec.json.encode(salvage(json.dumps(GOOD).encode()))) == GOOD
