"""Every reason of the wire, mixed with good messages: the reason is right, the good ones are all stored."""

import json
from typing import Any

import pytest

from tests.integration.ingestion.harness import Platform, device, event, reading, sha256, until

pytestmark = pytest.mark.engines
DEEP = b'{"a":{"a":{"a":{"a":{}}}}}'
FIFTY_ONE = [reading("d1", 900 + number) for number in range(51)]
BAD: dict[str, list[tuple[str, Any]]] = {
    "not_json": [
        ("reading", b"{"),
        ("reading", b"\xef\xbb\xbf{}"),
        ("reading", b'{"device_id":"d1","boot_id":1,"seq":1,"status":"normal","x":NaN}'),
        ("reading", b'{"device_id":"d1","boot_id":1,"seq":7001,"status":"normal","x":1e999}'),
        ("reading", b'{"device_id":"d1","boot_id":1,"seq":1,"status":"normal","x":"\xff"}'),
        ("event", b""),
    ],
    "too_large": [
        ("reading", b" " * 16_385),
        ("event", json.dumps(event("d1", 1, "boot", firmware="f" * 17_000, reason="")).encode()),
        ("reading", b"x" * 60_000),
    ],
    "too_deep": [("reading", DEEP), ("event", DEEP), ("reading", b"[[[[["), ("reading", b"[" * 16_000)],
    "missing_field": [
        ("reading", {"device_id": "d1", "boot_id": 1, "seq": 7010}),
        ("reading", 5),
        ("event", {**event("d1", 7011, "muted", on=True), "data": {}}),
        ("event", reading("d1", 7012)),
        ("reading", event("d1", 7013, "self_check", passed=True)),
    ],
    "bad_field": [
        ("reading", {**reading("d1", 0), "seq": 1.0}),
        ("reading", {**reading("d1", 0), "boot_id": None}),
        ("reading", reading("d1", 7020, "opened")),
        ("event", event("d1", 7021, "connection", online=True)),
        ("event", {**event("d1", 7022, "muted"), "data": {"on": 1}}),
        ("event", event("d1", 7023, "command_result", command_id=None, result="done")),
    ],
    "bad_id": [("reading", reading(name, 1)) for name in ("", "a b", "ü", "x" * 65, "d1\n")],
    "out_of_range": [
        ("reading", reading("d1", -1)),
        ("reading", reading("d1", 2**53)),
        ("event", event("d1", 7030, "self_check", passed=True, boot_id=-5)),
    ],
    "unknown_device": [("reading", reading("ghost", number)) for number in range(3)],
    "wrong_client": [("reading", reading("other", number)) for number in range(2)]
    + [("event", event("other", 2, "self_check", passed=True))],
    "too_many": [("reading", []), ("reading", FIFTY_ONE), ("reading", [1] * 100)],
}


async def test_every_reason_mixed_with_good_messages(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"), device("d1", "c1"), device("other", "c2"))
    await platform.start()
    one = await platform.speaker("c1")
    seq, sent = 0, []
    for reason, messages in BAD.items():
        for leaf, message in messages:
            await one.say(reading("d1", seq))
            payload = await one.say(message, leaf)
            sent.append((reason, message, payload))
            await one.say(event("d1", seq + 1, "self_check", passed=True), "event")
            seq += 2
    await until(lambda: len(one.rejected) >= len(sent), "every rejection")
    await until(lambda: len(one.accepted) >= seq, "every receipt", 25)
    expected = []
    for reason, message, payload in sent:
        ids = {"device_id": message["device_id"], "boot_id": message["boot_id"], "seq": message["seq"]} if (
            isinstance(message, dict)
        ) else None  # fmt: skip
        if reason in {"unknown_device", "wrong_client"}:
            expected.append({**ids, "reason": reason})  # type: ignore[dict-item]
        else:
            expected.append({"sha256": sha256(payload), "reason": reason})
    assert [found["reason"] for found in one.rejected] == [want["reason"] for want in expected]
    for found, want in zip(one.rejected, expected, strict=True):
        assert "sha256" not in found or found["sha256"] == want["sha256"]
        assert "sha256" in found or {"device_id", "boot_id", "seq"} <= found.keys()
        assert "sha256" in want or found == want
    assert one.accepted == {("d1", 1, number) for number in range(seq)}
    stored = [item for item in await platform.items() if item.get("type") != "alarm_rejected"]
    assert [item["seq"] for item in stored] == list(range(seq))
    letters = await platform.letters()
    assert {reason: len(found) for reason, found in letters.items()} == {
        reason: len(messages) for reason, messages in BAD.items()
    }
    headers = dict(letters["wrong_client"][0].headers)
    assert headers["client"] == b"c1"
    assert headers["source_topic"] == b"gas/v1/c1/up/reading"
    assert headers["source_partition"] == headers["source_offset"] == b""
    assert headers["failed_at"].endswith(b"Z")
    assert letters["wrong_client"][0].value == json.dumps(reading("other", 0)).encode()


async def test_elements_of_a_list_stand_or_fall_alone(platform: Platform) -> None:
    await platform.register(
        device("c1", "c1", "controller"), device("d1", "c1"), device("d2", "c1", site_id="s7")
    )
    await platform.start()
    one = await platform.speaker("c1")
    mixed = [
        reading("d1", 0),
        reading("d1", 1, "bad"),
        7,
        reading("d2", 0),
        reading("ghost", 3),
        reading("d1", 2),
    ]
    payload = await one.say(mixed)
    await until(lambda: len(one.rejected) == 3, "rejections")
    assert one.rejected == [
        {"device_id": "d1", "boot_id": 1, "seq": 1, "reason": "bad_field"},
        {"sha256": sha256(payload), "reason": "missing_field"},
        {"device_id": "ghost", "boot_id": 1, "seq": 3, "reason": "unknown_device"},
    ]
    assert one.accepted == {("d1", 1, 0), ("d1", 1, 2), ("d2", 1, 0)}
    letters = await platform.letters()
    assert letters["missing_field"][0].value == b"7"
    assert json.loads(letters["unknown_device"][0].value) == reading("ghost", 3)


async def test_alarms_are_never_thrown_away(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"), device("d1", "c1"), device("other", "c2"))
    await platform.start()
    one = await platform.speaker("c1")
    await one.say(
        reading("d1", 0, "alarm_high", lel_percent=480, temperature_c="hot", buffered="no", time_ms=1.5)
    )
    await one.say(event("d1", 1, "alarm_raised", level="HIGH", lel_percent=-3), "event")
    await one.say(event("ghost", 4, "alarm_raised", level="low"), "event")
    await one.say(reading("ghost", 5, "alarm"))
    await one.say(b'{"status":"alarm_low"')
    await one.say(reading("other", 9, "alarm_low"))
    await until(lambda: len(one.rejected) == 2, "rejections")
    assert one.accepted == {("d1", 1, 0), ("d1", 1, 1), ("ghost", 1, 4), ("ghost", 1, 5)}
    items = await platform.items()
    assert items[0] == reading("d1", 0, "alarm_high", lel_percent=100, buffered=True) | {
        "dropped": ["temperature_c", "buffered", "time_ms"]
    }
    assert items[1] == event("d1", 1, "alarm_raised", level="high") | {"dropped": ["level", "lel_percent"]}
    assert items[2] == {
        **event("ghost", 4, "alarm_raised", level="low"),
        "unregistered": True,
        "client": "c1",
    }
    assert items[3] == {**reading("ghost", 5, "alarm"), "unregistered": True, "client": "c1"}
    assert [item["data"]["reason"] for item in items[4:]] == ["not_json", "wrong_client"]
    assert {(item["type"], item["device_id"]) for item in items[4:]} == {("alarm_rejected", "c1")}


async def test_above_64_kib_the_broker_ends_the_connection_and_others_go_on(platform: Platform) -> None:
    await platform.register(device("d1", "d1"), device("d2", "d2"))
    await platform.start()
    one, two = await platform.speaker("d1"), await platform.speaker("d2")
    one.client._packet_bytes_max = 10**6
    one.client.publish_nowait("gas/v1/d1/up/reading", b"x" * 70_000)
    closed = await one.client.wait_closed()
    assert closed.reason_code == 0x95
    await two.say(event("d2", 0, "self_check", passed=True), "event")
    await until(lambda: two.accepted, "the other one's receipt")
