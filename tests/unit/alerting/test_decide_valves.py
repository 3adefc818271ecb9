"""Decisions on the valve: the close, what keeps it from closing, safe, V02 and V03."""

from dataclasses import replace

from services.alerting.domain.episodes import Reason
from services.alerting.domain.signals import Moved, OnlineSeen, ResultSeen, Sign, Signal, SupplySeen
from services.alerting.domain.site import SiteFacts
from tests.unit.alerting.room import FACTS, NOW, Room, gas, moved


def test_g02_opens_and_closes_the_valve() -> None:
    room = Room()
    assert room.take(gas()) == [Reason.OPENED]
    assert room.commands == 1
    valve_id, command = room.state.commands[0]
    assert (valve_id, command.alert_ids, command.automatic) == ("v1", (room.alert("G02").alert_id,), True)
    assert room.lines("G02") == ["raised", "command_sent"]


def test_no_command_from_what_is_not_fresh_or_not_wanted() -> None:
    cases: list[tuple[SiteFacts, Signal, int]] = [
        (FACTS, gas(buffered=True), NOW),
        (FACTS, gas(), NOW + 30_001),
        (FACTS, gas(device_ms=NOW - 30_001), NOW),
        (FACTS, gas(test=True), NOW),
        (replace(FACTS, auto_close=False), gas(), NOW),
        (replace(FACTS, in_maintenance=frozenset({"v1"})), gas(), NOW),
        (replace(FACTS, valves={"z2": ("v1",)}), gas(), NOW),
    ]
    for facts, signal, at_ms in cases:
        room = Room(facts)
        room.take(signal, at_ms=at_ms)
        assert room.commands == 0, (facts, signal, at_ms)
        assert room.alert("G02").active
    fresh = Room()
    fresh.take(gas(), at_ms=NOW + 30_000)
    assert fresh.commands == 1


def test_g04_closes_for_the_zone() -> None:
    room = Room()
    zone = gas("G04", family="zone", subject="zone:z1", device_ids=("d1", "d2"), latched=True)
    assert room.take(zone) == [Reason.OPENED]
    assert room.commands == 1
    assert room.alert("G04").device_ids == ("d1", "d2")


def test_the_limit_switch_closes_and_falling_gas_is_safe() -> None:
    room = Room()
    room.take(moved("open", "", 0), gas())
    room.take(moved("closing", "open", 1), moved("closed", "closing", 2))
    assert room.lines("G02")[-2:] == ["valve_moved", "valve_closed"]
    room.take(gas(sign=Sign.CONTINUES, zone_lel_percent=60.0), gas(sign=Sign.EASED, zone_lel_percent=30.0))
    assert room.lines("G02")[-1] == "safe"


def test_gas_of_a_test_says_nothing_of_a_closed_valve() -> None:
    room = Room()
    room.take(moved("open", "", 0), gas(), moved("closed", "open", 1))
    room.take(
        gas(sign=Sign.CONTINUES, zone_lel_percent=60.0), gas(zone_lel_percent=99.0, subject="d2", test=True)
    )
    assert room.state.valves["v1"].highest_lel_percent == 60.0


def test_v03_reopened_while_latched() -> None:
    room = Room()
    room.take(moved("open", "", 0), gas(), moved("closed", "open", 1))
    assert room.take(moved("open", "closed", 2)) == [Reason.OPENED]
    assert room.alert("V03").priority == "P1"
    assert room.state.valves["v1"].command is not None
    room.take(moved("closed", "open", 3))
    assert not room.alert("V03").active


def test_a_limit_switch_that_bounces_is_one_alert() -> None:
    room = Room()
    room.take(moved("open", "", 0), gas(), moved("closed", "open", 1))
    for bounce in range(2, 60, 2):
        when = NOW + bounce * 100
        room.take(moved("open", "closed", bounce, record_ms=when), at_ms=when)
        room.take(moved("closed", "open", bounce + 1, record_ms=when + 50), at_ms=when + 50)
    (alert,) = [one for one in room.state.alerts.values() if one.rule == "V03"]
    assert (alert.active, alert.repeat_count) == (False, 28)
    later = NOW + 60_000
    assert room.take(moved("open", "closed", 90, record_ms=later), at_ms=later) == [Reason.OPENED]


def test_that_a_valve_stays_open_for_its_maintenance_is_said_once() -> None:
    room = Room(replace(FACTS, in_maintenance=frozenset({"v1"})))
    room.take(gas())
    room.take(gas(sign=Sign.CONTINUES, record_ms=NOW + 20_000), at_ms=NOW + 20_000)
    assert room.lines("G02") == ["raised", "command_result"]
    assert room.state.changed[-1].item is None or room.state.changed[-1].item.reason == "under_maintenance"


def test_v03_only_calls_while_a_crew_holds_the_site() -> None:
    held = Room(holder="order-1")
    held.take(moved("open", "", 0), gas(), moved("closed", "open", 1))
    before = held.commands
    assert held.take(moved("open", "closed", 2, record_ms=NOW + 31_000), at_ms=NOW + 31_000) == [
        Reason.OPENED
    ]
    assert held.commands == before


def test_v02_asks_for_a_command_an_alarm_or_a_crew() -> None:
    by_hand = Moved("s1", "v1", "z1", "closed", "by_hand", None, NOW, NOW + 5_000)
    assert Room().take(by_hand) == [Reason.OPENED]
    assert Room(holder="order-1").take(by_hand) == [Reason.EXPLAINED]
    alarmed = Room()
    alarmed.take(gas("G01"))
    assert alarmed.take(by_hand) == [Reason.EXPLAINED]
    settled = Room()
    settled.take(by_hand)
    cleared = Signal(Sign.CLEARED, "V02", "moved", "v1", "s1", NOW + 35_000)
    assert settled.take(cleared) == [Reason.CLEARED]


def test_one_unexplained_movement_does_not_explain_the_next() -> None:
    by_hand = Moved("s1", "v1", "z1", "closed", "by_hand", None, NOW, NOW + 5_000)
    back = Moved("s1", "v1", "z1", "open", "by_hand", None, NOW + 20_000, NOW + 25_000)
    room = Room()
    room.take(by_hand)
    assert room.take(back, at_ms=NOW + 25_000) == [Reason.REPEATED]
    room.take(Signal(Sign.CLEARED, "V02", "moved", "v1", "s1", NOW + 60_000))
    assert room.take(by_hand, at_ms=NOW + 90_000) == [Reason.OPENED]


def test_answers_supply_and_connection_reach_the_valve() -> None:
    room = Room()
    room.take(gas())
    command = room.state.commands[0][1]
    room.take(ResultSeen("s1", "v1", command.command_id, "accepted", None, NOW))
    room.take(SupplySeen("s1", "v1", "battery", NOW), OnlineSeen("s1", "v1", False, 3, NOW))
    valve = room.state.valves["v1"]
    assert (valve.supply, valve.online) == ("battery", False)
    assert room.lines("G02")[-1] == "command_result"
