"""Who is told, on which channels, under which key."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.domain.backoff import DELAYS_S, next_delay_s
from services.notification.domain.escalation import ladder
from services.notification.domain.model import Address, Book, Contact, Notice, Route
from services.notification.domain.routing import plan

CHANNELS = frozenset({"app", "sms", "voice"})
BOTH = (Address("app", "x"), Address("sms", "1"))


def notice(**more: Any) -> Notice:
    values: dict[str, Any] = {
        "event_id": "e1",
        "topic": "alert",
        "subject": "alert:a1",
        "what": "raised",
        "rule": "G02",
        "priority": "P1",
        "site_id": "s1",
        "operator_id": "op1",
        "area_code": "530602",
        "at_ms": 0,
    }
    return Notice(**(values | more))


def contact(contact_id: str, role: str, **more: Any) -> Contact:
    values: dict[str, Any] = {"operator_id": "op1", "area_code": "530602", "addresses": BOTH}
    return Contact(contact_id=contact_id, role=role, **(values | more))


def told(found: Notice, *contacts: Contact, routes: tuple[Route, ...] = ()) -> set[tuple[str, str]]:
    planned = plan(found, Book(contacts=contacts, routes=routes), CHANNELS)
    return {(one.recipient, one.channel) for one in planned}


def people(found: Notice, *contacts: Contact, routes: tuple[Route, ...] = ()) -> set[str]:
    return {recipient for recipient, _ in told(found, *contacts, routes=routes)}


EVERYBODY = tuple(
    contact(role, role)
    for role in (
        "watch",
        "dispatcher",
        "watch_supervisor",
        "duty_manager",
        "administrator",
        "operator_admin",
        "regulator_officer",
    )
)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({}, {"watch", "dispatcher"}),
        ({"priority": "P3", "rule": "D03"}, set()),
        ({"what": "cleared"}, set()),
        ({"what": "acknowledged"}, set()),
        ({"what": "suppressed"}, set()),
        ({"level": 1}, {"watch_supervisor"}),
        ({"level": 2}, {"duty_manager"}),
        ({"rule": "S02", "priority": "P3"}, {"administrator", "watch"}),
        ({"topic": "order", "what": "escalated", "rule": ""}, {"dispatcher", "watch_supervisor"}),
        ({"topic": "order", "what": "arrived", "rule": ""}, set()),
        ({"topic": "order", "what": "unassigned", "rule": ""}, {"dispatcher", "watch_supervisor"}),
        ({"topic": "enforcement", "what": "found", "rule": "C01", "priority": "P2"}, {"regulator_officer"}),
        ({"topic": "enforcement", "what": "found", "rule": "C03", "priority": "P3"}, {"operator_admin"}),
        ({"topic": "enforcement", "what": "ended", "rule": "C03", "priority": "P3"}, set()),
    ],
)
def test_the_default_routes(more: dict[str, Any], expected: set[str]) -> None:
    assert people(notice(**more), *EVERYBODY) == expected


def test_another_operators_people_are_not_told() -> None:
    assert people(notice(), contact("w", "watch", operator_id="op2")) == set()


@pytest.mark.parametrize(
    ("area", "hears"), [("530602", True), ("530600", True), ("530000", True), ("530300", False)]
)
def test_people_of_an_area_hear_of_everything_below_it(area: str, hears: bool) -> None:
    someone = contact("w", "watch", operator_id=None, area_code=area)
    assert (people(notice(), someone) == {"w"}) == hears


def test_a_crew_hears_of_its_own_orders_only() -> None:
    order = notice(topic="order", what="assigned", rule="", crew_id="c1", members=("zhao",))
    own = contact("a", "crew_member", crew_id="c1")
    other = contact("b", "crew_member", crew_id="c2")
    named = contact("d", "crew_lead", person="zhao")
    assert people(order, own, other, named) == {"a", "d"}


def test_a_crew_that_loses_an_order_is_told() -> None:
    lost = notice(topic="order", what="taken_over", rule="", crew_id="c1")
    assert people(lost, contact("a", "crew_member", crew_id="c1"), contact("w", "watch")) == {"a"}


def test_p1_goes_out_on_two_channels_whatever_the_route_says() -> None:
    route = Route(
        route_id="r",
        topic="alert",
        priorities=frozenset({"P1", "P2"}),
        roles=frozenset({"watch"}),
        channels=frozenset({"app"}),
    )
    someone = contact("w", "watch")
    assert told(notice(), someone, routes=(route,)) == {("w", "app"), ("w", "sms")}
    assert told(notice(rule="G01", priority="P2"), someone, routes=(route,)) == {("w", "app")}


def test_a_firms_own_route_does_not_keep_from_the_regulator_what_goes_there() -> None:
    """Routes of a firm say who in it is told; an area's own route replaces the default."""
    values: dict[str, Any] = {"topic": "enforcement", "priorities": frozenset({"P2"})}
    own = Route(route_id="r", roles=frozenset({"watch"}), operator_id="op1", **values)
    found = notice(topic="enforcement", what="found", rule="C01", priority="P2")
    assert people(found, *EVERYBODY, routes=(own,)) == {"watch", "regulator_officer"}
    assert people(found, *EVERYBODY, routes=(replace(own, operator_id=None),)) == {"watch"}
    loud = replace(own, topic="alert", priorities=frozenset({"P1"}), roles=frozenset({"duty_manager"}))
    assert people(notice(), *EVERYBODY, routes=(loud,)) == {"duty_manager"}
    assert people(notice(rule="S02"), *EVERYBODY, routes=(loud,)) == {"duty_manager", "administrator"}


def test_a_sites_own_contact_is_called_when_people_must_leave_and_never_for_a_test() -> None:
    phones = (("店长", "138"),)
    assert told(notice(site_phones=phones)) == {("site-s1-138", "voice")}
    assert told(notice(site_phones=phones, rule="L01")) == set()
    assert told(notice(site_phones=phones, mark="test")) == set()
    assert told(notice(site_phones=phones, level=1)) == set()


def test_channels_that_are_not_configured_are_left_out() -> None:
    someone = contact("w", "watch", addresses=(Address("telex", "1"), Address("app", "x")))
    assert told(notice(), someone) == {("w", "app")}


def test_a_person_on_two_routes_is_told_once() -> None:
    routes = tuple(
        Route(route_id=name, topic="alert", priorities=frozenset({"P1"}), roles=frozenset({"watch"}))
        for name in ("r1", "r2")
    )
    assert len(plan(notice(), Book(contacts=(contact("w", "watch"),), routes=routes), CHANNELS)) == 2


@given(st.permutations(EVERYBODY), st.integers(0, 2))
def test_the_key_is_the_same_however_often_and_in_whatever_order(contacts: list[Contact], level: int) -> None:
    first = plan(notice(level=level), Book(contacts=EVERYBODY), CHANNELS)
    again = plan(notice(level=level), Book(contacts=tuple(contacts)), CHANNELS)
    assert {one.idempotency_key for one in first} == {one.idempotency_key for one in again}
    assert len({one.idempotency_key for one in first}) == len(first)
    other = plan(notice(level=level, event_id="e2"), Book(contacts=EVERYBODY), CHANNELS)
    assert {one.idempotency_key for one in first}.isdisjoint(one.idempotency_key for one in other)


def test_a_level_has_a_key_of_its_own() -> None:
    both = (contact("w", "watch"), contact("s", "watch_supervisor"))
    keys = [
        one.idempotency_key
        for level in (0, 1)
        for one in plan(notice(level=level), Book(contacts=both), CHANNELS)
    ]
    assert keys == ["e1:app:w", "e1:sms:w", "e1:1:app:s", "e1:1:sms:s"]


def test_p1_climbs_after_60_and_180_seconds() -> None:
    assert ladder(notice(), acknowledged=False) == {1: 60, 2: 180}


@pytest.mark.parametrize(
    "more",
    [{"priority": "P2"}, {"mark": "test"}, {"mark": "drill"}, {"topic": "order"}, {"what": "cleared"}],
)
def test_what_does_not_climb(more: dict[str, Any]) -> None:
    assert ladder(notice(**more), acknowledged=False) == {}


def test_an_acknowledged_alert_does_not_climb() -> None:
    assert ladder(notice(), acknowledged=True) == {}


def test_an_areas_own_ladder_counts_and_the_longest_prefix_wins() -> None:
    areas = {"53": [30, 90], "530602": [45], "5303": [0, 10]}
    assert ladder(notice(), acknowledged=False, areas=areas) == {1: 45}
    assert ladder(replace(notice(), area_code="530621"), acknowledged=False, areas=areas) == {1: 30, 2: 90}
    assert ladder(replace(notice(), area_code="530302"), acknowledged=False, areas=areas) == {2: 10}


def test_retries_grow_and_end() -> None:
    delays = [next_delay_s(attempts) for attempts in range(1, len(DELAYS_S) + 2)]
    assert delays[-1] is None
    kept = [delay for delay in delays if delay is not None]
    assert kept == sorted(kept)
    assert sum(kept[:4]) < 30  # a receiver back after half a minute is reached at once


def test_the_crew_on_its_way_hears_that_the_valve_did_not_close() -> None:
    lead = contact("lead", "crew_lead", crew_id="c1")
    joined = notice(topic="order", what="alert_joined", crew_id="c1", text="G02\nV01")
    assert people(replace(joined, rule="V01"), lead) == {"lead"}
    assert people(replace(joined, rule="V03", crew_id="c2"), lead) == set()
    assert people(replace(joined, rule="G02"), lead) == set()
    (title, *_) = {one.title for one in plan(replace(joined, rule="V01"), Book(contacts=(lead,)), CHANNELS)}
    assert "切断阀未关闭" in title
