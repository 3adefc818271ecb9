"""What the schema allows ingestion takes with nothing dropped; what ingestion rejects the schema forbids."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingestion.domain.judge import Sender, judge, judge_state
from services.ingestion.domain.verdicts import Accepted, Known, Online, Rejected
from services.ingestion.handlers.decode import decode_hot, decode_list, decode_one
from services.ingestion.handlers.vocabulary import RESERVED, vocabulary
from shared.contracts import generate, wire
from tests.contract.contracts.validation import examples, validator

WORDS = vocabulary()
READINGS: dict[str, Any] = {kind: validator(f"reading.{kind}.json") for kind in wire.KINDS}
EVENT = validator("event.json")
STATE = validator("state.json")
LIMITS = {"too_large", "too_deep"}
PROFILE = settings(max_examples=400)


def known(kind: str) -> Any:
    return lambda device_id: Known(kind, "c1")


counters = st.integers(0, wire.INTEGER_MAX)
ids = st.text("abcXYZ019_-", min_size=1, max_size=64)
junk = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "a\n", "é", "\x00", "\ud800", "normal", "alarm", "high", 1.0, 2**53, -1, 10**400]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)


def value(field: Any) -> st.SearchStrategy[Any]:
    """Return values of a field: mostly right ones."""
    if field.values is not None:
        return st.sampled_from(sorted(field.values))
    match field.type:
        case "integer":
            return counters
        case "number":
            low, high = field.low, field.high if field.high is not None else 1e12
            return st.integers(int(low), int(high)) | st.floats(low, high)
        case "boolean":
            return st.booleans()
    return st.text(max_size=6)


def spoilt(message: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return the message, now and then with a field made junk, left out or added."""
    names = st.sampled_from([*message, "x", "type", "dropped", "status", "data"])

    def change(how: tuple[str, str, Any]) -> dict[str, Any]:
        act, name, other = how
        changed = dict(message)
        if act == "drop":
            changed.pop(name, None)
        elif act == "spoil":
            changed[name] = other
        return changed

    return st.tuples(st.sampled_from(["keep", "drop", "spoil", "spoil"]), names, junk).map(change)


@st.composite
def readings(draw: Any) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(wire.KINDS))
    names = draw(st.sets(st.sampled_from(sorted(WORDS.reading)), max_size=6))
    message = {"device_id": draw(ids), "boot_id": draw(counters), "seq": draw(counters)}
    message["status"] = draw(st.sampled_from(sorted(wire.STATUSES[kind])))
    message |= {name: draw(value(WORDS.reading[name])) for name in sorted(names)}
    if draw(st.booleans()):
        message |= {"time_ms": draw(counters), "buffered": draw(st.booleans())}
    return kind, draw(spoilt(message))


@st.composite
def events(draw: Any) -> dict[str, Any]:
    name = draw(st.sampled_from(sorted(WORDS.events)))
    fields = WORDS.events[name]
    data = {key: draw(value(field)) for key, field in fields.items() if field.required or draw(st.booleans())}
    if name == "command_result" and draw(st.booleans()):
        data |= {"command_id": None, "reason": draw(st.sampled_from(["bad_signature", "expired"]))}
    message = {"device_id": draw(ids), "boot_id": draw(counters), "seq": draw(counters), "type": name}
    message["data"] = draw(spoilt(data)) if draw(st.booleans()) else data
    return draw(spoilt(message))  # type: ignore[no-any-return]


def encoded(message: Any) -> bytes:
    return json.dumps(message).encode()


def agree(message: dict[str, Any], allowed: bool, leaf: str, kind: str) -> Accepted | Rejected:
    payload = encoded(message)
    (verdict,) = judge(payload, Sender("c1", leaf), known(kind), WORDS)  # type: ignore[arg-type]
    if isinstance(verdict, Rejected):
        assert not allowed or verdict.reason in LIMITS, (message, verdict)
    elif allowed:
        assert verdict.dropped == (), (message, verdict)
        assert verdict.item == payload
    return verdict


@PROFILE
@given(readings())
def test_schema_and_ingestion_agree_on_readings(found: tuple[str, dict[str, Any]]) -> None:
    kind, message = found
    allowed = READINGS[kind].is_valid(message)
    verdict = agree(message, allowed, "reading", kind)
    payload = encoded(message)
    hot = decode_one(payload)
    if allowed and isinstance(verdict, Accepted) and b"\\ud" not in payload:
        # Long integers in fields that nobody knows are left to the careful way, too.
        strange = len(payload) > 1000 or re.search(rb"[0-9]{20}", payload)
        assert hot or strange or payload.count(b"{") + payload.count(b"[") > wire.DEPTH_MAX
        assert decode_list(b"[" + payload + b"]") or strange or payload.count(b"{") + payload.count(b"[") > 1
    if hot and message["status"] in WORDS.statuses[kind]:
        # The hot way never takes what the careful way would reject or change.
        assert isinstance(verdict, Accepted) or verdict.reason == "bad_id"
        assert isinstance(verdict, Rejected) or verdict.item == payload


@PROFILE
@given(events())
def test_schema_and_ingestion_agree_on_events(message: dict[str, Any]) -> None:
    agree(message, EVENT.is_valid(message), "event", "valve")


@PROFILE
@given(
    st.fixed_dictionaries(
        {"online": st.booleans(), "boot_id": counters},
        optional={"time_ms": counters, "firmware": st.text(max_size=4)},
    ).flatmap(spoilt)
)
def test_schema_and_ingestion_agree_on_states(message: dict[str, Any]) -> None:
    allowed = STATE.is_valid(message)
    verdict = judge_state(encoded(message), "c1", WORDS)
    if allowed:
        assert isinstance(verdict, Online) or verdict.reason in LIMITS
        assert not isinstance(verdict, Online) or b"dropped" not in verdict.item


def wire_examples() -> list[tuple[str, str, Any]]:
    found = []
    for name, example in sorted(examples().items()):
        leaf, _, rest = name.partition(".")
        if leaf in {"reading", "event"}:
            found.append((leaf, rest.split(".")[0] if leaf == "reading" else "valve", example))
    return found


@pytest.mark.parametrize(("leaf", "kind", "example"), wire_examples())
def test_ingestion_takes_the_examples_as_they_stand(leaf: str, kind: str, example: Any) -> None:
    payload = encoded(example)
    for verdict in judge(payload, Sender("c1", leaf), known(kind), WORDS):  # type: ignore[arg-type]
        assert isinstance(verdict, Accepted)
        assert verdict.dropped == ()
    if leaf == "reading":
        assert decode_list(payload) if isinstance(example, list) else decode_hot(payload)


def test_the_schemas_know_the_reserved_words() -> None:
    assert generate.RESERVED.keys() == RESERVED
    for name in RESERVED:
        message = {"device_id": "d", "boot_id": 1, "seq": 1, "status": "normal", name: True}
        assert not READINGS["valve"].is_valid(message)
        (verdict,) = judge(encoded(message), Sender("c1", "reading"), known("valve"), WORDS)
        assert isinstance(verdict, Accepted)
        assert name not in json.loads(verdict.item)


def test_a_schema_that_allows_too_much_is_found() -> None:
    message = {"device_id": "d d", "boot_id": 1, "seq": 1, "status": "normal"}
    with pytest.raises(AssertionError):
        agree(message, True, "reading", "valve")
    with pytest.raises(AssertionError):
        agree({**message, "device_id": "d", "supply": 7}, True, "reading", "valve")
