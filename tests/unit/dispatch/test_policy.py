"""Which alerts send somebody."""

from typing import Any

import pytest

from services.dispatch.domain.model import Outcome
from services.dispatch.domain.policy import Cause, Sends, sends


def cause(rule: str = "G02", priority: str = "P1", **more: object) -> Cause:
    return Cause(cause_id="a1", rule=rule, priority=priority, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rule", "priority", "kind"),
    [
        ("G01", "P2", "response"),
        ("G06", "P2", "response"),
        ("V03", "P1", "response"),
        ("D08", "P1", "response"),
        ("D02", "P2", "repair"),
        ("D03", "P2", "repair"),
        ("D03", "P1", "response"),
        ("D01", "P2", "inspection"),
        ("C03", "P3", "inspection"),
    ],
)
def test_the_table(rule: str, priority: str, kind: str) -> None:
    found = sends(cause(rule, priority))
    assert isinstance(found, Sends)
    assert found.kind == kind


@pytest.mark.parametrize(
    ("rule", "priority"), [("D03", "P3"), ("S01", "P3"), ("S02", "P1"), ("O01", "P2"), ("C02", "P3")]
)
def test_rules_that_send_nobody(rule: str, priority: str) -> None:
    assert sends(cause(rule, priority)) is Outcome.RULE_SENDS_NOBODY


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"test": True}, Outcome.TEST),
        ({"reserved": True}, Outcome.RESERVED),
        ({"active": False}, Outcome.NOT_ACTIVE),
        ({"suppressed": True}, Outcome.SUPPRESSED),
        ({"trigger": "acknowledged"}, Outcome.NOT_A_TRIGGER),
        ({"trigger": "cleared", "active": False}, Outcome.NOT_A_TRIGGER),
    ],
)
def test_what_never_sends_anybody(more: dict[str, Any], why: Outcome) -> None:
    assert sends(cause(**more)) is why
