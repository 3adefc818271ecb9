"""Registration, revocation, retirement, states, retained copies, and what is said when something lacks."""

import asyncio
import contextlib
import json
import time

import msgspec
import pytest

from deploy.native import ports
from shared.chassis.clock import SystemClock
from shared.contracts.telemetry import partition_of
from shared.contracts.topic_names import DEVICE, TELEMETRY
from tests.integration.ingestion.harness import Platform, device, event, reading, until

pytestmark = pytest.mark.engines


async def test_dead_letters_are_played_again_once_the_device_is_registered(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"))
    await platform.start()
    one = await platform.speaker("c1")
    for seq in range(5):
        await one.say(reading("new", seq))
    await one.say(event("new", 5, "self_check", passed=True), "event")
    await one.say([reading("new", 6), reading("else", 0)])
    await until(lambda: len(one.rejected) == 8, "rejections")
    assert {entry["reason"] for entry in one.rejected} == {"unknown_device"}
    began = time.monotonic()
    await platform.register(device("new", "c1", site_id="s9", registered_at_ms=SystemClock().now_ms()))

    async def played() -> bool:
        return len([item for item in await platform.items() if item.get("replayed")]) >= 7

    while not await played():
        assert time.monotonic() - began < 15
    await one.say(event("new", 7, "self_check", passed=True), "event")
    await until(lambda: ("new", 1, 7) in one.accepted, "the receipt of a registered device", 5)
    items = [item for item in await platform.items() if item["device_id"] == "new"]
    assert [item["seq"] for item in items] == list(range(8))
    assert items[0] == {**reading("new", 0), "buffered": True, "replayed": True}
    assert {"replayed", "buffered"}.isdisjoint(items[7])
    assert not [item for item in await platform.items() if item["device_id"] == "else"]
    records = [record for record in await platform.read(TELEMETRY) if b'"new"' in record.value]
    assert {record.partition for record in records} == {partition_of("s9")}


async def test_a_device_registered_while_ingestion_was_away_is_played_at_start(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"))
    await platform.start()
    one = await platform.speaker("c1")
    await one.say(reading("new", 0))
    await until(lambda: one.rejected, "the rejection")
    await platform.kill()
    now = SystemClock().now_ms()
    await platform.register(device("new", "c1", registered_at_ms=now))
    await platform.register(device("old", "c1", registered_at_ms=now - 3 * 24 * 3600 * 1000))
    await platform.start()
    ends = time.monotonic() + 10
    while not (items := [item for item in await platform.items() if item.get("replayed")]):
        assert time.monotonic() < ends
    assert items == [{**reading("new", 0), "buffered": True, "replayed": True}]


async def test_a_new_device_is_known_within_5_s_and_a_deleted_one_is_not(platform: Platform) -> None:
    await platform.register(device("c1", "c1", "controller"))
    await platform.start()
    one = await platform.speaker("c1")
    began = time.monotonic()
    await platform.register(device("d1", "c1"))
    seq = 0
    while not one.accepted:
        await one.say(event("d1", seq, "self_check", passed=True), "event")
        count = seq + 1
        await until(lambda: len(one.rejected) + len(one.accepted) >= count, "an answer")  # noqa: B023
        seq += 1
    assert time.monotonic() - began < 5
    await platform.producer.send(DEVICE, None, key=b"d1")
    before = len(one.rejected)
    ends = time.monotonic() + 5
    while len(one.rejected) == before:
        assert time.monotonic() < ends
        seq += 1
        await one.say(event("d1", seq, "self_check", passed=True), "event")
        await asyncio.sleep(0.1)
    assert one.rejected[-1]["reason"] == "unknown_device"


async def test_a_revoked_client_is_ignored_at_once(platform: Platform) -> None:
    good, bad = device("d1", "d1"), device("d2", "d2")
    await platform.register(good, bad)
    await platform.start()
    one, two = await platform.speaker("d1"), await platform.speaker("d2")
    await two.say(event("d2", 0, "self_check", passed=True), "event")
    await until(lambda: two.accepted, "a receipt before")
    await platform.register(msgspec.structs.replace(bad, revoked=True))
    ends = time.monotonic() + 5
    seq = 1
    while not await platform.metric("gas_ingestion_ignored_total"):
        assert time.monotonic() < ends
        await two.say(event("d2", seq, "alarm_raised", level="high"), "event")
        seq += 1
    await one.say(event("d1", 0, "self_check", passed=True), "event")
    await until(lambda: one.accepted, "the other one's receipt")
    assert ("d2", 1, seq - 1) not in two.accepted


async def test_the_alarm_of_a_retired_device_goes_on_as_a_strangers(platform: Platform) -> None:
    old = device("d1", "c1", active=False, retired_on="2026-01-01")
    await platform.register(device("c1", "c1", "controller"), old)
    await platform.start()
    one = await platform.speaker("c1")
    await one.say(reading("d1", 0, "alarm_low"))
    await one.say(reading("d1", 1))
    await until(lambda: one.accepted and one.rejected, "a receipt")
    assert (set(one.accepted), one.rejected[0]["reason"]) == ({("d1", 1, 0)}, "unknown_device")
    assert await platform.items() == [reading("d1", 0, "alarm_low") | {"unregistered": True, "client": "c1"}]


async def test_states_become_connection_events(platform: Platform) -> None:
    await platform.register(device("d1", "d1"))
    await platform.start()
    one = await platform.speaker("d1")
    await one.say({"online": True, "boot_id": 7, "time_ms": 5, "firmware": "1"}, "state", retain=True)
    await one.say({"online": False, "boot_id": 6}, "state", retain=True)
    await one.say({"online": False, "boot_id": 7}, "state", retain=True)
    await one.say({"online": "yes", "boot_id": 8}, "state", retain=True)
    await one.say(b"", "state", retain=True)
    await one.say(event("d1", 0, "boot", firmware="1", reason="x"), "event")
    await until(lambda: one.accepted, "a receipt")
    assert await platform.items() == [
        {"device_id": "d1", "boot_id": 7, "time_ms": 5, "type": "connection", "data": {"online": True}},
        {"device_id": "d1", "boot_id": 7, "type": "connection", "data": {"online": False}},
        event("d1", 0, "boot", firmware="1", reason="x"),
    ]
    assert one.rejected == []
    assert list(await platform.letters()) == ["bad_field"]


async def test_a_retained_reading_is_an_old_one(platform: Platform) -> None:
    await platform.register(device("d1", "d1"))
    one = await platform.speaker("d1")
    await one.say(reading("d1", 0, "alarm_high"), retain=True)
    await platform.start()
    await until(lambda: one.accepted, "a receipt")
    assert await platform.items() == [{**reading("d1", 0, "alarm_high"), "buffered": True}]


async def test_what_came_while_ingestion_was_away_is_taken_in_order_and_no_mark_overtakes_it(
    platform: Platform,
) -> None:
    await platform.register(device("c1", "c1", "controller"), device("d1", "c1"))
    await platform.start()
    await platform.kill()
    one = await platform.speaker("c1")
    for seq in range(9000):
        message = event("d1", seq, "muted", on=True)
        one.client.publish_nowait("gas/v1/c1/up/event", json.dumps(message, separators=(",", ":")).encode())
        await one.client.ready()
    await until(lambda: not one.client.in_flight, "the broker has all")
    await platform.start()
    await until(lambda: len(one.accepted) == 9000, "all receipts", 30)
    records = [record for record in await platform.read(TELEMETRY) if record.partition == partition_of("s1")]
    began = [record.offset for record in records if record.key is None]
    values = b"".join(record.value for record in records if record.key is None)
    assert values.index(b'"seq":0,') < values.index(b'"seq":8999,')
    marks = [record.offset for record in records if record.key is not None and record.offset > began[0]]
    assert all(offset > began[-1] for offset in marks)


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("GW_MQTT_PORT", "", "MQTT_PORT"),
        ("GW_MQTT_PORT", "closed", "the MQTT broker at"),
        ("GW_KAFKA_BOOTSTRAP", "closed", "Kafka does not answer at"),
        ("GW_MQTT_CERT_FILE", "/nowhere.crt", "cannot be used"),
        ("GW_TOPIC_PREFIX", "nobody.", "make the topics first"),
        ("GW_HTTP_PORT", "taken", "is taken"),
    ],
)
async def test_what_lacks_at_start_is_one_sentence(
    platform: Platform, setting: str, value: str, sentence: str
) -> None:
    if value == "closed":
        value = str(ports.pick()) if "PORT" in setting else f"127.0.0.1:{ports.pick()}"
    with contextlib.ExitStack() as stack:
        if value == "taken":
            import socket

            taken = stack.enter_context(socket.socket())
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            value = str(taken.getsockname()[1])
        process = await platform.spawn(**{setting: value})
        assert await asyncio.wait_for(process.wait(), 20) != 0
    said = [line for line in platform.log.read_text().splitlines() if not line.startswith("{")]
    assert len(said) == 1, said
    assert sentence in said[0]
