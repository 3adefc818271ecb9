"""Who should go: distance, skill, load, on shift, and never a crew of one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.dispatch.domain.model import Crew, Order, Place
from services.dispatch.domain.recommend import haversine_km, recommend

ORDER = Order(
    order_id="o1",
    site_id="s1",
    operator_id="op1",
    area_code="530602",
    kind="response",
    priority="P1",
    text="x",
    opened_at_ms=0,
    updated_at_ms=0,
    skills=("leak",),
)
PLACE = Place(site_id="s1", operator_id="op1", area_code="530602", longitude=103.70, latitude=27.33)
NEAR = Crew(
    crew_id="near",
    members=("a", "b"),
    skills=frozenset({"leak"}),
    longitude=103.71,
    latitude=27.33,
    on_shift=True,
)


def ids(*crews: Crew) -> list[tuple[str, bool]]:
    return [(one.crew.crew_id, one.available) for one in recommend(ORDER, PLACE, crews)]


def test_distance_of_two_known_cities() -> None:
    """Kunming to Zhaotong, about 271 km as the crow flies."""
    assert haversine_km(102.833, 24.880, 103.717, 27.338) == pytest.approx(287, abs=3)


def test_the_nearer_goes_first() -> None:
    far = replace(NEAR, crew_id="far", longitude=104.5)
    assert ids(far, NEAR) == [("near", True), ("far", True)]


def test_the_skilled_goes_before_a_slightly_nearer() -> None:
    unskilled = replace(NEAR, crew_id="unskilled", skills=frozenset(), longitude=103.705)
    assert ids(unskilled, NEAR)[0] == ("near", True)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"on_shift": False}, "off_shift"),
        ({"members": ("a",)}, "too_few_people"),
        ({"members": ("a", "a")}, "too_few_people"),
        ({"load": 1}, "busy_orders"),
    ],
)
def test_who_may_not_be_sent_without_asking(change: dict[str, Any], code: str) -> None:
    found = recommend(ORDER, PLACE, [replace(NEAR, **change)])[0]
    assert not found.available
    assert code in {reason.code for reason in found.reasons}


def test_who_let_it_lapse_comes_last() -> None:
    other = replace(NEAR, crew_id="other", longitude=105.0)
    found = recommend(replace(ORDER, tried=("near",)), PLACE, [NEAR, other])
    assert [(one.crew.crew_id, one.available) for one in found] == [("other", True), ("near", False)]


def test_an_unknown_position_is_said() -> None:
    found = recommend(ORDER, PLACE, [replace(NEAR, longitude=None)])[0]
    assert found.available
    assert "distance_unknown" in {reason.code for reason in found.reasons}


@given(st.permutations(["a", "b", "c", "d"]))
def test_equal_crews_come_in_a_repeatable_order(names: list[str]) -> None:
    assert [name for name, _ in ids(*(replace(NEAR, crew_id=name) for name in names))] == ["a", "b", "c", "d"]


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(-180, 180), st.floats(-90, 90))
def test_no_two_places_are_farther_than_half_round_the_earth(a: float, b: float, c: float, d: float) -> None:
    assert 0 <= haversine_km(a, b, c, d) <= 20_016
