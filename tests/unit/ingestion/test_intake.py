"""What is taken in: allowances, the hot way beside the careful one, strangers, dead letters, homes."""

import json
from typing import Any

import msgspec
import pytest

from services.ingestion.handlers.directory import Client, Directory, Source
from shared.contracts.objects import Device
from tests.unit.ingestion.world import World, accepted, reading


def test_the_burst_is_100_and_the_rate_10_per_s() -> None:
    source = Source("d1", Client("c1"))
    assert sum(source.within_allowance(50.0) for _ in range(150)) == 100
    assert sum(source.within_allowance(51.0) for _ in range(150)) in {9, 10}
    assert sum(source.within_allowance(200.0) for _ in range(150)) == 100


def test_what_is_above_the_allowance_is_neither_written_nor_receipted_and_alarms_are() -> None:
    world = World()
    world.say(
        *[reading(seq=seq) for seq in range(150)],
        *[reading(seq=seq, status="alarm_low") for seq in range(150, 300)],
    )
    assert [item["seq"] for item in world.written()] == [*range(100), *range(150, 300)]
    assert accepted(world.sender.take()) == {("d1", 1, seq) for seq in (*range(100), *range(150, 300))}
    world.clock.at += 1
    world.say([reading(seq=seq) for seq in range(300, 350)])
    assert [item["seq"] for item in world.written()] in ([*range(300, 309)], [*range(300, 310)])


def test_an_array_goes_on_as_it_stands_or_one_by_one() -> None:
    world = World()
    spaced = [
        b'[ {"device_id":"d1","boot_id":1,"seq":0,"status":"normal","x":"\xc3\xbc"} ,',
        b'{"device_id":"d2","boot_id":1,"seq":0,"status":"normal"} ]\n',
    ]
    world.say(b"".join(spaced))
    load = world.intake.load
    assert sum(len(chunks) for chunks in load.chunks) == 1
    assert [item["device_id"] for item in world.written()] == ["d1", "d2"]
    world.say([reading(seq=1), reading("d2", 1, gas="XENON"), reading("ghost", 0)])
    assert [item.get("dropped") for item in world.written()] == [None, ["gas"]]


@pytest.mark.parametrize(
    "payload",
    [
        reading(x={"y": {"z": {"deep": {}}}}),
        b'{"device_id":"d1","boot_id":1,"seq":0,"status":"normal","x":1e999}',
        b'{"device_id":"d1","boot_id":1,"seq":0,"status":"normal","x":"\xff"}',
        b'{"device_id":"d1","boot_id":1,"seq":0,"status":"normal"}' + b" " * 16_400,
        [reading(x=[[[1]]])],
        b'[{"device_id":"d1","boot_id":1,"seq":0,"status":"normal","x":1e999}]',
    ],
)
def test_the_hot_way_lets_nothing_pass_that_care_would_not(payload: Any) -> None:
    world = World()
    world.say(payload)
    load = world.intake.load
    assert [letter.reason for letter in load.letters] in (["too_deep"], ["not_json"], ["too_large"])
    assert not load.taken


def test_a_reading_with_a_type_is_no_event_behind_ingestion() -> None:
    world = World()
    world.say(reading(type="alarm_raised", data={"level": "high"}), [reading(seq=1, type="boot")])
    assert world.written() == [reading(data={"level": "high"}), reading(seq=1)]


def test_nobody_speaks_under_another_name() -> None:
    world = World(("c1", "c1"), ("d1", "c1"), ("d2", "c2"))
    world.say(reading("d2"), client="c1")
    world.intake.take(
        [(b"gas/v1/c1/up/other", b"{}", 1, False), (b"gas/v1/a b/up/reading", b"{}", 2, False)], 1
    )
    assert [letter.reason for letter in world.intake.load.letters] == ["wrong_client"]
    assert world.intake.load.acks == {1: [1, 1, 2]}


def test_an_alarm_of_a_client_without_a_site_is_a_dead_letter() -> None:
    world = World()
    world.say(reading("ghost", status="alarm_low"), b"alarm", client="nobody")
    assert [letter.reason for letter in world.intake.load.letters] == ["unknown_device", "not_json"]
    assert world.written() == []


def test_a_retired_device_is_a_stranger_whose_alarm_is_heard() -> None:
    world = World()
    retired = Device("d1", "s1", "o", "530602", "z", "detector", "c1", active=False, retired_on="2026-01-01")
    world.directory.changed("d1", None, retired)
    world.say(reading(), [reading(seq=1, status="alarm_high"), reading("d2")])
    world.say({"device_id": "d1", "boot_id": 1, "seq": 2, "type": "alarm_cleared", "data": {}}, leaf="event")
    assert [letter.reason for letter in world.intake.load.letters] == ["unknown_device"]
    items = world.written()
    assert [(item["device_id"], item.get("unregistered")) for item in items] == [
        ("d1", True), ("d2", None), ("d1", True),
    ]  # fmt: skip
    assert {("d1", 1, 1), ("d1", 1, 2)} <= accepted(world.sender.take())


def test_a_retired_client_stays_revoked_and_its_site_is_no_home() -> None:
    world = World(("d1", "d1"))
    retired = Device("d1", "s1", "o", "530602", "z", "detector", "d1", retired_on="2026-01-01")
    world.directory.changed("d1", None, retired)
    world.say(reading(status="alarm_low"), client="d1")
    assert [letter.reason for letter in world.intake.load.letters] == ["unknown_device"]
    world.directory.changed("d1", retired, msgspec.structs.replace(retired, revoked=True))
    world.say(reading(seq=1, status="alarm_low"), client="d1")
    assert len(world.intake.load.letters) == 1


def test_the_dead_letter_of_a_list_without_a_site_is_the_element() -> None:
    world = World()
    alarms = [reading(f"ghost{number}", status="alarm_low") for number in range(3)]
    world.say(alarms, client="nobody")
    assert [json.loads(letter.value) for letter in world.intake.load.letters] == alarms


def test_a_clients_home_is_its_own_site_or_that_of_a_device_it_speaks_for() -> None:
    directory = Directory(12)
    directory.changed("d1", None, Device("d1", "s1", "o", "a", "z", "detector", "c1"))
    client = directory.client("c1")
    assert directory.home(client) == directory.sources["d1"].partition
    directory.changed("c1", None, Device("c1", "s2", "o", "a", "z", "controller", "c1"))
    assert directory.home(client) == directory.sources["c1"].partition
    directory.changed("c1", None, None)
    directory.changed("d1", None, Device("d1", "s1", "o", "a", "z", "detector", "c2"))
    assert directory.home(client) is None
    assert directory.known("c1") is None


def test_a_retained_reading_goes_the_careful_way() -> None:
    world = World()
    payload = json.dumps(reading(status="alarm_low")).encode()
    world.intake.take([(b"gas/v1/c1/up/reading", payload, 1, True)], 1)
    assert world.written() == [reading(status="alarm_low", buffered=True)]


def test_an_array_of_51_is_too_many_however_right_it_is() -> None:
    world = World()
    world.say([reading(seq=seq) for seq in range(51)], [])
    assert [letter.reason for letter in world.intake.load.letters] == ["too_many", "too_many"]
    assert world.written() == []
