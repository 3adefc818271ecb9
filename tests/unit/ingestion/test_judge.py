"""The verdicts of WIRE section 1, case by case."""

import json
from typing import Any

import msgspec
import pytest

from services.ingestion.domain.judge import Sender, judge, judge_state
from services.ingestion.domain.verdicts import Accepted, Known, Online, Rejected, Verdict
from services.ingestion.handlers.vocabulary import vocabulary

WORDS = vocabulary()
DEVICES = {
    "d1": Known("detector", "c1"),
    "v1": Known("valve", "c1"),
    "r1": Known("regulator", "c1"),
    "other": Known("detector", "c2"),
}


def say(message: Any, leaf: str = "reading", *, stale: bool = False) -> list[Verdict]:
    payload = message if isinstance(message, bytes) else json.dumps(message).encode()
    return judge(payload, Sender("c1", leaf, stale), DEVICES.get, WORDS)  # type: ignore[arg-type]


def reading(**fields: Any) -> dict[str, Any]:
    return {"device_id": "d1", "boot_id": 1, "seq": 2, "status": "normal"} | fields


def event(type_: str, data: Any, **fields: Any) -> dict[str, Any]:
    return {"device_id": "d1", "boot_id": 1, "seq": 2, "type": type_, "data": data} | fields


def without(message: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in message.items() if name not in names}


def taken(message: Any, leaf: str = "reading", **options: Any) -> dict[str, Any]:
    (verdict,) = say(message, leaf, **options)
    assert isinstance(verdict, Accepted), verdict
    return json.loads(verdict.item)  # type: ignore[no-any-return]


def refused(message: Any, leaf: str = "reading") -> Rejected:
    (verdict,) = say(message, leaf)
    assert isinstance(verdict, Rejected), verdict
    return verdict


# Each message has the fault of its reason and of all later ones: the first in the wire's order names it.
LADDER: list[tuple[str, Any]] = [
    ("too_large", b"[" * 20_000),
    ("too_deep", b'{"device_id":[[[[1e999'),
    ("not_json", b'{"seq":-1,"device_id":" ","x":1e999}'),
    ("missing_field", {"device_id": " ", "boot_id": -1, "seq": "x"}),
    ("bad_field", {"device_id": " ", "boot_id": -1, "seq": "x", "status": "normal"}),
    ("bad_id", {"device_id": " ", "boot_id": -1, "seq": 1, "status": "normal"}),
    ("out_of_range", {"device_id": "ghost", "boot_id": -1, "seq": 1, "status": "normal"}),
    ("unknown_device", {"device_id": "ghost", "boot_id": 1, "seq": 1, "status": "normal"}),
    ("wrong_client", {"device_id": "other", "boot_id": 1, "seq": 1, "status": "normal"}),
]


@pytest.mark.parametrize(("reason", "message"), LADDER)
def test_the_first_check_that_fails_names_the_reason(reason: str, message: Any) -> None:
    assert refused(message).reason == reason


@pytest.mark.parametrize("name", ["device_id", "boot_id", "seq", "status"])
def test_a_reading_needs(name: str) -> None:
    assert refused(without(reading(), name)).reason == "missing_field"
    assert refused(reading(**{name: None})).reason == "bad_field"
    assert refused(reading(**{name: [1]})).reason == "bad_field"


@pytest.mark.parametrize("name", ["boot_id", "seq"])
@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (1.0, "bad_field"),
        (True, "bad_field"),
        ("1", "bad_field"),
        (-1, "out_of_range"),
        (2**53, "out_of_range"),
        (10**500, "out_of_range"),
    ],
)
def test_counters(name: str, value: Any, reason: str) -> None:
    assert refused(reading(**{name: value})).reason == reason
    assert taken(reading(**{name: 2**53 - 1}))[name] == 2**53 - 1
    assert taken(reading(**{name: 0}))[name] == 0


def test_a_status_of_another_kind_is_bad() -> None:
    assert refused(reading(status="alarm")).reason == "bad_field"
    assert refused(reading(device_id="v1", status="preheat")).reason == "bad_field"
    assert taken(reading(device_id="r1", status="alarm"))["status"] == "alarm"


@pytest.mark.parametrize(
    ("type_", "data", "reason"),
    [
        ("boot", {"firmware": "1"}, "missing_field"),
        ("boot", {"firmware": "1", "reason": 2}, "bad_field"),
        ("boot", {"firmware": "1", "reason": "\x00"}, "bad_field"),
        ("alarm_raised", None, "bad_field"),
        ("alarm_raised", [], "bad_field"),
        ("position_changed", {"position": "ajar", "cause": "command"}, "bad_field"),
        ("position_changed", {"position": "open"}, "missing_field"),
        ("command_result", {"result": "done"}, "missing_field"),
        ("command_result", {"command_id": None, "result": "done"}, "bad_field"),
        ("command_result", {"command_id": None, "result": "refused", "reason": "expired"}, "bad_field"),
        ("fault_raised", {"code": "rust"}, "bad_field"),
        ("muted", {"on": 1}, "bad_field"),
        ("self_check", {}, "missing_field"),
        ("trip", {"kind": "by_foot"}, "bad_field"),
        ("connection", {"online": True}, "bad_field"),
        ("alarm_rejected", {"reason": "x", "sha256": "y"}, "bad_field"),
        ("open_valve", {}, "bad_field"),
        (7, {}, "bad_field"),
    ],
)
def test_bad_events(type_: Any, data: Any, reason: str) -> None:
    assert refused(event(type_, data), "event").reason == reason


def test_an_event_without_data_lacks_it() -> None:
    assert refused(without(event("alarm_cleared", {}), "data"), "event").reason == "missing_field"
    assert refused([event("alarm_cleared", {})], "event").reason == "missing_field"


def test_an_unverified_command_is_answered_without_its_id() -> None:
    data = {"command_id": None, "result": "refused", "reason": "bad_signature"}
    assert taken(event("command_result", data, device_id="v1"), "event")["data"] == data


def test_bad_side_fields_are_dropped_and_named() -> None:
    item = taken(
        reading(gas="XENON", ppm=-1, temperature_c=None, battery_v=60.5, humidity_percent="4", time_ms=1.0)
    )
    assert item == reading(
        dropped=["gas", "ppm", "temperature_c", "battery_v", "humidity_percent", "time_ms"]
    )


@pytest.mark.parametrize(("given", "kept"), [(100.5, 100), (10**40, 100), (1.7e308, 100), (100, 100), (0, 0)])
def test_a_concentration_above_the_scale_is_its_end(given: float, kept: float) -> None:
    item = taken(reading(status="alarm_high", lel_percent=given))
    assert item == reading(status="alarm_high", lel_percent=kept)
    raised = taken(event("alarm_raised", {"level": "low", "lel_percent": given}), "event")
    assert raised["data"] == {"level": "low", "lel_percent": kept}


@pytest.mark.parametrize("given", [-1, "9", True, None, [1]])
def test_a_concentration_that_is_none_is_dropped(given: Any) -> None:
    assert taken(reading(status="alarm_high", lel_percent=given)) == reading(
        status="alarm_high", dropped=["lel_percent"]
    )


def test_unreadable_buffered_counts_as_true_and_level_as_high() -> None:
    assert taken(reading(buffered="no")) == reading(buffered=True, dropped=["buffered"])
    for data in ({}, {"level": None}, {"level": "LOW"}, {"level": 2}):
        item = taken(event("alarm_raised", data), "event")
        assert item == event("alarm_raised", {"level": "high"}, dropped=["level"])


def test_what_is_right_goes_on_as_it_stands() -> None:
    text = b' {"seq" : 2,"device_id":"d1", "boot_id":1, "status":"normal","x":{"y":[1]}, "seq":3} '
    (verdict,) = say(text)
    assert isinstance(verdict, Accepted)
    assert verdict.item == text
    assert verdict.seq == 3


def test_words_of_ingestion_are_taken_out() -> None:
    spoof = {"dropped": [], "unregistered": True, "client": "c9", "replayed": True}
    assert taken(reading(**spoof, type="boot")) == reading()
    assert taken(event("alarm_cleared", {}, **spoof), "event") == event("alarm_cleared", {})


def test_fields_of_another_kind_are_unknown_fields() -> None:
    assert taken(reading(position="open", level_percent=4)) == reading(position="open", level_percent=4)
    assert taken(reading(position="ajar", level_percent=400)) == reading()


@pytest.mark.parametrize("odd", ["\\ud800", "a\\uDFFFb", "\\ud83d\\ud83d\\ude00"])
@pytest.mark.parametrize("place", ['"x":"%s"', '"%s":1', '"x":[{"y":"%s"}]'])
def test_text_that_cannot_be_written_down_never_makes_a_record_unreadable(odd: str, place: str) -> None:
    head = '{"device_id":"d1","boot_id":1,"seq":2,'
    field = place % odd
    reading_ = f'{head}"status":"normal",{field}}}'.encode()
    event_ = f'{head}"type":"alarm_cleared","data":{{}},{field}}}'.encode()
    for leaf, payload in (("reading", reading_), ("event", event_)):
        (verdict,) = say(payload, leaf)
        assert isinstance(verdict, Accepted)
        assert verdict.item != payload
        text = json.dumps(msgspec.json.decode(verdict.item), ensure_ascii=False)
        assert "\ufffd" in text


def test_pairs_of_surrogates_are_text_like_any_other() -> None:
    text = rb'{"device_id":"d1","boot_id":1,"seq":2,"status":"normal","x":"\ud83d\ude00"}'
    (verdict,) = say(text)
    assert isinstance(verdict, Accepted)
    assert verdict.item == text


def test_a_list_is_taken_one_by_one() -> None:
    good, bad = reading(), reading(seq=-1)
    verdicts = say([good, bad, 5, reading(x={"a": [[1]]}), good])
    assert [getattr(verdict, "reason", None) for verdict in verdicts] == [
        None, "out_of_range", "missing_field", "too_deep", None,
    ]  # fmt: skip
    assert refused([]).reason == refused([good] * 51).reason == "too_many"
    assert len(say([good] * 50)) == 50


def test_ids_are_named_where_they_can_be_read() -> None:
    found = refused(reading(seq=-1))
    assert (found.device_id, found.boot_id, found.seq) == ("d1", 1, None)
    assert not found.has_ids
    assert refused(reading(status=3)).has_ids
    assert refused(reading(device_id="ü")).device_id is None


def test_alarms_of_the_unregistered_go_on_and_readings_wait() -> None:
    assert taken(reading(device_id="ghost", status="alarm_low")) == reading(
        device_id="ghost", status="alarm_low", unregistered=True, client="c1"
    )
    for type_, data in (("alarm_raised", {"level": "low"}), ("alarm_cleared", {})):
        item = taken(event(type_, data, device_id="ghost"), "event")
        assert item == event(type_, data, device_id="ghost", unregistered=True, client="c1")
    assert refused(reading(device_id="ghost")).reason == "unknown_device"
    assert (
        refused(event("trip", {"kind": "slam_shut"}, device_id="ghost"), "event").reason == "unknown_device"
    )


def test_a_rejected_alarm_is_noticed() -> None:
    assert refused(b'{"status":"ALARM_HIGH"').holds_alarm
    assert refused(reading(device_id="other", status="alarm_low")).holds_alarm
    assert not refused(reading(status=3)).holds_alarm


def test_a_kept_copy_is_buffered() -> None:
    assert taken(reading(), stale=True) == reading(buffered=True)
    assert taken(reading(buffered=False), stale=True) == reading(buffered=True)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (b"{", "not_json"),
        (b"[]", "missing_field"),
        ({"online": True}, "missing_field"),
        ({"online": 1, "boot_id": 1}, "bad_field"),
        ({"online": True, "boot_id": -1}, "out_of_range"),
        (b'{"online":true,"boot_id":1,"x":1e999}', "not_json"),
        (b'{"a":[[[[]]]]}', "too_deep"),
        (b" " * 20_000, "too_large"),
    ],
)
def test_bad_states(state: Any, reason: str) -> None:
    payload = state if isinstance(state, bytes) else json.dumps(state).encode()
    found = judge_state(payload, "c1", WORDS)
    assert isinstance(found, Rejected)
    assert found.reason == reason


def test_a_state_becomes_a_connection_event() -> None:
    found = judge_state(b'{"online":false,"boot_id":4,"time_ms":"x","firmware":"1"}', "c1", WORDS)
    assert isinstance(found, Online)
    assert json.loads(found.item) == {
        "device_id": "c1",
        "boot_id": 4,
        "type": "connection",
        "data": {"online": False},
        "dropped": ["time_ms"],
    }
