"""Decisions: one alert per episode, take-over, latches, the valve's close, V02 and V03."""

import itertools
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.alerting.domain.decide import decide
from services.alerting.domain.episodes import Reason
from services.alerting.domain.signals import (
    AnySignal,
    Moved,
    OnlineSeen,
    PositionSeen,
    ResultSeen,
    Sign,
    Signal,
    SupplySeen,
)
from services.alerting.domain.site import Alert, SiteFacts, SiteState

NOW = 1_700_000_000_000
FACTS = SiteFacts("s1", "op-1", "530602", "restaurant", True, valves={"z1": ("v1",)})


def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


def gas(rule: str = "G02", sign: Sign = Sign.RAISED, at_ms: int = NOW, **fields: object) -> Signal:
    found = Signal(
        sign,
        rule,
        "gas",
        "d1",
        "s1",
        at_ms,
        zone="z1",
        device_ids=("d1",),
        priority="P2" if rule == "G01" else "P1",
        latched=rule == "G02",
        value=60.0,
        zone_lel_percent=60.0,
    )
    return replace(found, **fields)  # type: ignore[arg-type]


def moved(position: str, before: str = "open", seq: int = 1, **fields: object) -> PositionSeen:
    found = PositionSeen("s1", "v1", "z1", position, before, "by_hand", None, (1, seq), NOW)
    return replace(found, **fields)  # type: ignore[arg-type]


class Room:
    """A site with one valve, decided step by step."""

    def __init__(self, facts: SiteFacts = FACTS, holder: str | None = None) -> None:
        self.state = SiteState(facts, holder)
        self.new_id = ids()

    def take(self, *signals: AnySignal, at_ms: int = NOW) -> list[Reason]:
        return [d.reason for d in decide(self.state, signals, at_ms, self.new_id)]

    def alert(self, rule: str) -> Alert:
        (found,) = [a for a in self.state.alerts.values() if a.rule == rule]
        return found

    def lines(self, rule: str) -> list[str]:
        alert = self.alert(rule)
        changes = [c for c in self.state.changed if c.alert.alert_id == alert.alert_id and c.item]
        return [c.item.kind for c in changes if c.item]

    @property
    def commands(self) -> int:
        return len(self.state.commands)


def test_g02_opens_and_closes_the_valve() -> None:
    room = Room()
    assert room.take(gas()) == [Reason.OPENED]
    assert room.commands == 1
    valve_id, command = room.state.commands[0]
    assert (valve_id, command.alert_ids, command.automatic) == ("v1", (room.alert("G02").alert_id,), True)
    assert room.lines("G02") == ["raised", "command_sent"]


def test_g01_alone_closes_nothing_and_g02_takes_it_over() -> None:
    room = Room()
    room.take(gas("G01"))
    assert room.commands == 0
    first = room.alert("G01")
    room.state.change(first, None, acknowledged=True, acknowledged_at_ms=NOW)
    assert room.take(gas("G02")) == [Reason.TOOK_OVER]
    alert = room.alert("G02")
    assert alert.alert_id == first.alert_id
    assert (alert.priority, alert.latched, alert.acknowledged) == ("P1", True, False)
    assert room.commands == 1
    assert len(room.state.alerts) == 1


def test_a_milder_raise_is_a_repeat_of_the_graver_one() -> None:
    room = Room()
    assert room.take(gas("G02"), gas("G01")) == [Reason.OPENED, Reason.REPEATED]
    assert room.alert("G02").repeat_count == 1
    assert room.lines("G02") == ["raised", "command_sent"]  # a line at most every ten seconds


def test_a_latched_alert_outlives_its_condition() -> None:
    room = Room()
    room.take(gas())
    assert room.take(gas(sign=Sign.CLEARED)) == [Reason.LATCHED]
    alert = room.alert("G02")
    assert (alert.active, alert.in_condition) == (True, False)
    assert room.take(gas()) == [Reason.RETURNED]
    assert room.alert("G02").in_condition
    assert room.lines("G02").count("raised") == 2


def test_returned_to_normal_stays_listed_until_acknowledged() -> None:
    room = Room()
    room.take(gas("G01"))
    assert room.take(gas("G01", sign=Sign.CLEARED)) == [Reason.CLEARED]
    alert = room.alert("G01")
    assert (alert.active, alert.open, alert.cleared_at_ms) == (False, True, NOW)
    assert room.take(gas("G01", sign=Sign.CLEARED)) == [Reason.NOT_OPEN]
    assert room.take(gas("G01")) == [Reason.OPENED]
    assert len(room.state.alerts) == 2


def test_an_alarm_that_goes_on_without_an_alert_opens_one() -> None:
    room = Room()
    assert room.take(gas(sign=Sign.CONTINUES)) == [Reason.OPENED]
    assert room.take(gas(sign=Sign.EASED, family="rise", rule="G05")) == [Reason.NOT_OPEN]


def test_a_late_raise_opens_what_is_over_and_moves_nothing() -> None:
    room = Room()
    assert room.take(gas(sign=Sign.LATE, buffered=True)) == [Reason.OPENED_CLEARED]
    alert = room.alert("G02")
    assert (alert.active, alert.acknowledged, alert.latched, alert.cleared_at_ms) == (
        False,
        False,
        False,
        NOW,
    )
    assert room.commands == 0


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


def test_when_maintenance_ends_the_alarm_becomes_real() -> None:
    room = Room()
    room.take(gas(test=True))
    assert room.take(gas(sign=Sign.CONTINUES)) == [Reason.MAINTENANCE_OVER]
    assert not room.alert("G02").test
    assert room.commands == 1


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


def test_an_alert_without_a_value_takes_the_first_that_comes() -> None:
    room = Room()
    room.take(gas(value=None))
    room.take(gas(sign=Sign.CONTINUES, value=70.0, record_ms=NOW + 20_000), at_ms=NOW + 20_000)
    room.take(gas(sign=Sign.CONTINUES, value=90.0, record_ms=NOW + 40_000), at_ms=NOW + 40_000)
    assert room.alert("G02").value == 70.0


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


def test_reserved_sites_and_unregistered_devices_are_marked() -> None:
    room = Room(replace(FACTS, reserved=True))
    room.take(gas(unregistered=True))
    assert (room.alert("G02").reserved, room.alert("G02").unregistered) == (True, True)


SIGNS = st.sampled_from([Sign.RAISED, Sign.CONTINUES, Sign.EASED, Sign.CLEARED, Sign.LATE])
RULES = st.sampled_from(["G01", "G02"])


@settings(max_examples=200)
@given(st.lists(st.tuples(SIGNS, RULES, st.booleans()), max_size=30))
def test_never_two_active_alerts_of_a_family(steps: list[tuple[Sign, str, bool]]) -> None:
    room = Room()
    for n, (sign, rule, test) in enumerate(steps):
        room.take(gas(rule, sign, NOW + n * 3000, test=test), at_ms=NOW + n * 3000)
        assert sum(a.active for a in room.state.alerts.values()) <= 1
        revisions = [c.alert.revision for c in room.state.changed]
        assert len(revisions) == len(room.state.changed)


def test_a_latched_alert_whose_condition_returns_is_raised_anew() -> None:
    room = Room()
    room.take(gas())
    room.state.change(room.alert("G02"), None, acknowledged=True, acknowledged_at_ms=NOW)
    room.take(gas(sign=Sign.CLEARED))
    assert room.take(gas()) == [Reason.RETURNED]
    alert = room.alert("G02")
    assert (alert.in_condition, alert.acknowledged) == (True, False)
    assert room.lines("G02").count("raised") == 2


def test_the_value_is_what_raised_the_present_priority() -> None:
    room = Room()
    room.take(gas("G01", value=26.0))
    room.take(gas("G01", sign=Sign.CONTINUES, value=31.0), at_ms=NOW + 20_000)
    assert room.alert("G01").value == 26.0
    room.take(gas("G02", value=52.0), at_ms=NOW + 30_000)
    room.take(gas("G02", value=61.0), at_ms=NOW + 45_000)
    room.take(gas("G02", sign=Sign.CONTINUES, value=10.3), at_ms=NOW + 65_000)
    assert room.alert("G02").value == 52.0
    room.take(gas("G02", sign=Sign.CLEARED, value=None), at_ms=NOW + 70_000)
    room.take(gas("G02", value=55.0), at_ms=NOW + 90_000)
    assert room.alert("G02").value == 55.0, "latched, gone and back: what brought it back"
