"""What the load publishes is what the wire contract asks for, and it is counted as it should be."""

import json

import msgspec
import pytest

from benchmarks import publisher
from benchmarks.counting import quantile
from benchmarks.fleet import Fleet, controller_id, detector_id
from benchmarks.ordinary.alerting import judge
from benchmarks.ordinary.ingest import _ranges
from benchmarks.ordinary.model import Event, Reading, parse
from benchmarks.run import Figures
from shared.chassis.mqtt.parser import Parser
from shared.contracts import wire

HEAD = b'{"device_id":"bench-c001-d002","boot_id":1789000000000,"seq":'
STAMP = b',"time_ms":1789000000123'


def published(tail: bytes, seq: int = 7, packet_id: int = 65_535) -> tuple[bytes, bytes, int]:
    packet = publisher._packet(publisher._topic("bench-c001", "reading"), packet_id, HEAD, seq, STAMP, tail)
    [(topic, payload, found_id, retained)] = Parser().feed(packet)
    assert not retained
    return topic, payload, found_id


@pytest.mark.parametrize("tail", [*publisher.QUIET_TAILS[:3], publisher.ALARM_TAIL, publisher.LOW_TAIL])
def test_readings_are_of_the_wire(tail):
    topic, payload, packet_id = published(tail)
    reading = msgspec.json.decode(payload, type=wire.Reading)
    assert (topic, packet_id) == (b"gas/v1/bench-c001/up/reading", 65_535)
    assert (reading.device_id, reading.seq, reading.status) == (
        "bench-c001-d002",
        7,
        json.loads(payload)["status"],
    )
    assert 200 <= len(payload) <= 300


@pytest.mark.parametrize("tail", [publisher.RAISED, publisher.CLEARED])
def test_events_are_of_the_wire(tail):
    event = json.loads(published(tail)[1])
    msgspec.convert(event["data"], wire.EVENT_DATA[event["type"]])
    assert (event["boot_id"], event["time_ms"]) == (1_789_000_000_000, 1_789_000_000_123)


@pytest.mark.parametrize("seq", [0, 9, 10, 99_999_999])
def test_packets_of_any_length_are_whole(seq):
    assert json.loads(published(publisher.QUIET_TAILS[0], seq)[1])["seq"] == seq


def test_the_fleet_is_that_of_the_figures():
    fleet = Fleet()
    city = fleet.city()
    ids = [row["device_id"] for row in city.devices]
    detectors = [
        row for row in city.devices if row["device_id"].startswith("bench-c") and row["controller_id"]
    ]
    sites = {row["site_id"] for row in city.sites}
    assert (fleet.devices, len(detectors), len(set(ids))) == (20_000, 20_000, len(ids))
    assert {row["site_id"] for row in city.devices} <= sites
    assert sorted(fleet.clients()) == city.clients()
    assert {detector_id(7, 99), controller_id(199)} <= set(ids)


def test_each_device_has_its_alarm_in_one_run_only():
    def load(skip: int) -> publisher.Load:
        order = publisher.Order(
            "",
            0,
            "",
            "",
            [0, 1],
            10,
            rate=1,
            seconds=1,
            alarms=1,
            alarms_after_s=0,
            alarm_skip=skip,
            boot_id=1,
            begin_s=0,
            seed=3,
        )
        return publisher.Load(order)

    first, second = load(0)._victims[:8], load(8)._victims
    assert len(set(first) | set(second)) == 20
    assert not set(first) & set(second)


def test_quantiles():
    values = [float(n) for n in range(100)]
    assert (quantile(values, 0.5), quantile(values, 0.99), quantile([], 0.5)) == (50.0, 99.0, 0.0)


def test_a_run_that_lost_a_row_or_an_alert_is_void():
    good = Figures(1000, 10, published=100, stored=100, per_s=1000, alarms=2)
    assert good.verdict == "sustained"
    assert Figures(1000, 10, published=100, stored=99, per_s=1000).verdict == "VOID"
    assert Figures(1000, 10, published=100, stored=100, per_s=1000, unalerted=1).verdict == "VOID"
    assert Figures(1000, 10, published=100, stored=100, per_s=900).verdict == "not sustained"
    assert Figures(1000, 10, published=100, stored=100, per_s=1000, drain_s=9).verdict == "not sustained"


def test_the_ordinary_implementation_alerts_by_status_event_and_value():
    def reading(status: str, lel_percent: float) -> Reading:
        return Reading(device_id="d", boot_id=1, seq=1, time_ms=1, status=status, lel_percent=lel_percent)

    assert judge(reading("normal", 1.0), active=False) is None
    assert judge(reading("alarm_high", 1.0), active=False) == ("G02", 1.0)
    assert judge(reading("normal", 51.0), active=False) == ("G02", 51.0)
    assert judge(reading("normal", 8.0), active=True) == ("G01", 8.0)
    assert judge(reading("normal", 6.9), active=True) is None
    raised = parse(published(publisher.RAISED)[1])
    assert isinstance(raised, Event)
    assert judge(raised, active=False) == ("G01", 21.5)
    assert judge(parse(published(publisher.CLEARED)[1]), active=True) is None


def test_the_ordinary_receipts_merge_ranges():
    assert _ranges([5, 1, 2, 2, 7, 6]) == [[1, 2], [5, 7]]
