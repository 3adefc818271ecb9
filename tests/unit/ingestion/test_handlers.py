"""The hot way beside the careful one, allowances, loads, receipts: pure, with a clock in hand."""

import itertools
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingestion.domain.judge import Sender as From
from services.ingestion.domain.judge import judge
from services.ingestion.domain.verdicts import Accepted, Known
from services.ingestion.handlers.directory import Client, Directory, Source
from services.ingestion.handlers.intake import Intake
from services.ingestion.handlers.load import RECORD_BYTES_MAX, Load
from services.ingestion.handlers.receipts import Receipts, merged
from services.ingestion.handlers.vocabulary import vocabulary
from shared.contracts.objects import Device
from shared.contracts.wire import Receipt


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def now_ms(self) -> int:
        return int(self.at * 1000)

    def monotonic(self) -> float:
        return self.at


class Sender:
    def __init__(self) -> None:
        self.sent: list[tuple[str, bytes]] = []
        self.open = True

    def send(self, topic: str, payload: bytes) -> bool:
        if self.open:
            self.sent.append((topic, payload))
        return self.open

    def take(self) -> list[dict[str, Any]]:
        found = [json.loads(payload) for _, payload in self.sent]
        self.sent = []
        return found


class World:
    def __init__(self, *devices: tuple[str, str]) -> None:
        self.clock, self.sender = Clock(), Sender()
        self.directory = Directory(12)
        for device_id, client in devices or (("c1", "c1"), ("d1", "c1"), ("d2", "c1")):
            kind = "controller" if device_id == client else "detector"
            self.directory.changed(
                device_id,
                None,
                Device(device_id, "s1", "o", "530602", "z", kind, client),  # type: ignore[arg-type]
            )
        self.intake = Intake(self.directory, vocabulary(), self.clock)
        self.receipts = Receipts(self.sender, self.clock)

    def say(self, *messages: Any, leaf: str = "reading", client: str = "c1") -> None:
        payloads = [each if isinstance(each, bytes) else json.dumps(each).encode() for each in messages]
        topic = f"gas/v1/{client}/up/{leaf}".encode()
        self.intake.take([(topic, payload, at + 1, False) for at, payload in enumerate(payloads)], 1)

    def written(self) -> list[dict[str, Any]]:
        load = self.intake.swap()
        self.receipts.written(load)
        records = [value for values in load.records().values() for value in values]
        return [item for value in records for item in json.loads(value)]


def reading(device_id: str = "d1", seq: int = 0, status: str = "normal", **more: Any) -> dict[str, Any]:
    return {"device_id": device_id, "boot_id": 1, "seq": seq, "status": status} | more


def accepted(receipts: list[dict[str, Any]]) -> set[tuple[str, int, int]]:
    return {
        (entry["device_id"], entry["boot_id"], seq)
        for receipt in receipts
        for entry in receipt["accepted"]
        for low, high in entry["ranges"]
        for seq in range(low, high + 1)
    }


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


def test_ordinary_receipts_wait_8_to_16_s_from_arrival_and_each_client_has_its_time() -> None:
    names = [f"c{number}" for number in range(200)]
    world = World(*[(name, name) for name in names])
    for name in names:
        world.say(reading(name, status="normal"), client=name)
    arrived = world.clock.at
    world.clock.at += 3
    world.written()
    times: list[float] = []
    while len(times) < 200:
        world.clock.at += 0.25
        world.receipts.tick()
        times += [world.clock.at - arrived] * len(world.sender.take())
        assert world.clock.at - arrived < 17
    assert min(times) >= 8
    assert max(times) <= 16.5
    assert max(times.count(each) for each in times) < 20


def test_alarms_events_and_rejections_are_receipted_at_once_with_what_waits() -> None:
    world = World()
    world.say(reading(seq=0), reading(seq=1))
    world.written()
    assert world.sender.take() == []
    world.say(reading("d2", status="alarm_high"))
    world.written()
    (receipt,) = world.sender.take()
    assert accepted([receipt]) == {("d1", 1, 0), ("d1", 1, 1), ("d2", 1, 0)}
    assert receipt["server_time_ms"] == world.clock.now_ms()
    world.say(reading(seq=-1))
    world.written()
    assert world.sender.take()[0]["rejected"][0]["reason"] == "out_of_range"
    world.clock.at += 60
    world.receipts.tick()
    assert world.sender.take() == []


@pytest.mark.parametrize("extra", [{}, {"unknown": 1}], ids=["hot", "careful"])
def test_who_is_held_back_hears_within_a_second_what_was_accepted(extra: dict[str, int]) -> None:
    """Else it would spend its allowance on sending that again, and never come to what was held back."""
    world = World()
    world.say(*(reading(seq=seq, status="normal") for seq in range(100)))
    world.written()
    world.say(*(reading(seq=seq, status="normal") | extra for seq in range(150)))
    world.written()
    world.clock.at += 0.9
    world.receipts.tick()
    assert world.sender.take() == []
    world.clock.at += 0.2
    world.receipts.tick()
    assert accepted(world.sender.take()) == {("d1", 1, seq) for seq in range(100)}


def test_a_receipt_that_cannot_be_sent_is_kept() -> None:
    world = World()
    world.sender.open = False
    world.say(reading(seq=0), reading(seq=7), reading(seq=8, status="alarm_low"), {**reading(), "seq": "x"})
    world.written()
    world.say(reading(seq=9))
    world.written()
    world.sender.open = True
    world.clock.at += 1
    world.receipts.tick()
    receipts = world.sender.take()
    assert accepted(receipts) == {("d1", 1, seq) for seq in (0, 7, 8, 9)}
    assert [entry["reason"] for receipt in receipts for entry in receipt["rejected"]] == ["bad_field"]


def test_large_receipts_are_split_below_the_packet_limit() -> None:
    names = [(f"{number:064}", "c1") for number in range(2_000)]
    world = World(("c1", "c1"), *names)
    for name, _ in names:
        world.say(reading(name, status="alarm_low"))
    for number in range(500):
        world.say(reading("ghost" + "x" * 50, number))
    world.written()
    assert all(len(payload) < 60_000 for _, payload in world.sender.sent)
    for _, payload in world.sender.sent:
        msgspec.json.decode(payload, type=Receipt)
    receipts = world.sender.take()
    assert len(accepted(receipts)) == 2_000
    assert sum(len(receipt["rejected"]) for receipt in receipts) == 500


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 12), st.booleans()), max_size=40))
def test_ranges_say_exactly_what_was_accepted(found: list[tuple[int, int, bool]]) -> None:
    source = Source("d1", Client("c1"))
    told: set[tuple[int, int]] = set()
    for boot, seq, is_sent in found:
        source.accepted(boot, seq)
        ranges = source.take()
        if is_sent:
            by_boot = merged(ranges)
            told |= {
                (at, each)
                for at, parts in by_boot.items()
                for low, high in parts
                for each in range(low, high + 1)
            }
            for parts in by_boot.values():
                assert all(left[1] + 1 < right[0] for left, right in itertools.pairwise(parts))
        else:
            source.put_back(ranges)
    rest = {
        (at, each)
        for at, low, high in (source.take() if source.boot >= 0 else [])
        for each in range(low, high + 1)
    }
    assert told | rest == {(boot, seq) for boot, seq, _ in found}


@pytest.mark.parametrize(
    ("size", "count", "arrays"),
    [(60, 1_700, False), (16_000, 700, False), (16_300, 90, True), (100, 39, True)],
)
def test_records_hold_at_most_500_items_and_stay_below_1_mib(size: int, count: int, arrays: bool) -> None:
    load = Load(1)
    inner = 50 if arrays else 1
    item = json.dumps({"x": "y" * (size // inner - 10)}).encode()
    load.chunks[0] = [b",".join([item] * inner)] * count
    load.arrays = {0} if arrays else set()
    (values,) = load.records().values()
    assert all(len(value) <= RECORD_BYTES_MAX + 20_000 for value in values)
    assert all(len(json.loads(value)) <= 500 for value in values)
    assert sum(len(json.loads(value)) for value in values) == count * inner


def test_records_of_messages_that_grew_when_written_anew_stay_below_1_mib() -> None:
    note = "\U0001f525" * 4_000  # 4 bytes each as it came, 12 as it goes on
    message = {"device_id": "d1", "boot_id": 1, "seq": 2, "type": "alarm_cleared", "data": {}, "note": note}
    payload = json.dumps(message | {"buffered": "x"}, ensure_ascii=False).encode()
    assert len(payload) <= 16_384
    words, known = vocabulary(), {"d1": Known("detector", "c1")}
    (verdict,) = judge(payload, From("c1", "event"), known.get, words)
    assert isinstance(verdict, Accepted)
    load = Load(1)
    load.chunks[0] = [verdict.item] * 100
    (values,) = load.records().values()
    assert all(len(value) <= RECORD_BYTES_MAX + 20_000 for value in values)
    assert sum(len(json.loads(value)) for value in values) == 100


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
