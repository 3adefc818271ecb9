"""What a set-point may become: fitted to a place, never out of reach."""

from typing import Any

import pytest

from services.alerting.domain.rule_changes import Fault, changed
from services.alerting.domain.setpoints import DEFAULTS, SetPoint


def change(key: str, **changes: Any) -> SetPoint | Fault:
    before = next(point for point in DEFAULTS if point.key == key)
    return changed(before, changes, "site:s1", 0, DEFAULTS)


@pytest.mark.parametrize(
    ("key", "changes", "field"),
    [
        ("G02", {"value": 51}, "value"),
        ("G02", {"deadband": 50}, "deadband"),
        ("G02", {"on_ms": 60_001}, "on_s"),
        ("G06.high", {"value": 301}, "value"),
        ("G06.high", {"on_ms": 86_400_000}, "on_s"),
        ("G06.long", {"on_ms": 3_600_001}, "on_s"),
        ("P02", {"value": 1e6}, "value"),
        ("L01", {"value": 101}, "value"),
        ("D03.alarm", {"value": 101}, "value"),
        ("D03.alarm", {"value": 6}, "value"),
        ("S01.stale", {"on_ms": 60_001}, "on_s"),
        ("V01", {"value": 1}, "value"),
        ("G01", {"rule": "G02"}, "rule"),
        ("G01", {}, "value"),
    ],
)
def test_what_puts_a_rule_out_of_reach_is_refused_with_the_field(key, changes, field):
    refused = change(key, **changes)
    assert isinstance(refused, Fault)
    assert refused.field == field


@pytest.mark.parametrize(
    ("key", "changes"),
    [
        ("G02", {"value": 25, "deadband": 5}),
        ("G06.long", {"on_ms": 3_600_000}),
        ("D03.alarm", {"value": 100}),
        ("D01", {"on_ms": 1_200_000}),
        ("P04.flow", {"value": 20}),
    ],
)
def test_what_fits_a_rule_to_a_place_is_its_next_version(key, changes):
    after = change(key, **changes)
    assert isinstance(after, SetPoint)
    assert (after.scope, after.version) == ("site:s1", 1)


def test_small_steps_do_not_lead_out_of_reach():
    before = next(point for point in DEFAULTS if point.key == "D03.alarm")
    versions = list(DEFAULTS)
    wide = changed(before, {"value": 100}, "site:s1", 0, versions)
    assert isinstance(wide, SetPoint)
    assert isinstance(changed(wide, {"value": 101}, "site:s1", 1, [*versions, wide]), Fault)
