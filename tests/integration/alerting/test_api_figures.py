"""Alarm figures over HTTP, from the rows of a real PostgreSQL."""

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest

from shared.chassis.clock import SystemClock
from tests.integration.alerting.rig import (
    ADMINISTRATOR,
    FAR_REGULATOR,
    LEAD,
    REGULATOR,
    STRANGER,
    WATCH,
    Rig,
)

MIN, HOUR, DAY = 60_000, 3_600_000, 86_400_000
_numbers = itertools.count(1)


async def ago(rig: Rig, ms: int, rule: str = "G01", **more: Any) -> str:
    """Let an alert have opened some time ago; it is over unless said."""
    at_ms = SystemClock().now_ms() - ms
    over: dict[str, Any] = {"active": False, "cleared_at_ms": at_ms + MIN}
    alert = await rig.raised(rule, number=next(_numbers), **({"opened_at_ms": at_ms} | over | more))
    return alert.alert_id


async def figures(rig: Rig, who: Any = WATCH, **params: Any) -> dict[str, Any]:
    answer = await rig.get("alert-figures", who, **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at(ms_ago: int) -> str:
    return datetime.fromtimestamp((SystemClock().now_ms() - ms_ago) / 1000, UTC).isoformat()


async def test_the_last_day_of_an_operator(rig: Rig) -> None:
    for number in range(12):
        await ago(rig, 2 * HOUR - number * 1_000, device_ids=(f"detector-{number % 2}", "other"))
    asked = SystemClock().now_ms() - HOUR
    await ago(rig, HOUR, "G02", priority="P1", acknowledged=True, acknowledged_at_ms=asked + 20_000)
    await ago(rig, 25 * HOUR)
    found = await figures(rig)
    assert found["total"] == 13
    assert found["positions"] == 1
    assert sum(window["count"] for window in found["per_10_min"]) == 13
    assert len(found["per_10_min"]) in {144, 145}
    [flood] = found["floods"]
    assert (flood["operator_id"], flood["count"]) == ("op-1", 12)
    assert found["in_flood_percent"] == pytest.approx(100 * 10 / (24 * 60), rel=0.1)
    assert [(one["device_id"], one["count"]) for one in found["chattering"]] == [
        ("detector-0", 6),
        ("detector-1", 6),
    ]
    assert [(one["device_id"], one["site_id"], one["count"]) for one in found["worst"]] == [
        ("detector-1", "site-1", 7),
        ("detector-0", "site-1", 6),
    ]
    first = found["priorities"][0]
    assert (first["priority"], first["count"], first["target_percent"]) == ("P1", 13, 5.0)
    [answering] = found["acknowledged_s"]
    assert (answering["priority"], answering["count"]) == ("P1", 1)
    assert answering["median"] == answering["p95"] == pytest.approx(20, abs=1)


async def test_tests_canaries_and_the_load_itself_do_not_count(rig: Rig) -> None:
    await ago(rig, HOUR, test=True)
    await ago(rig, HOUR, reserved=True)
    await ago(rig, HOUR, "S01")
    await ago(rig, HOUR, "S02")
    old: dict[str, Any] = {"active": True, "cleared_at_ms": None}
    await ago(rig, 3 * DAY, test=True, **old)
    await ago(rig, 3 * DAY, reserved=True, **old)
    await ago(rig, 3 * DAY, suppressed=True, **old)
    found = await figures(rig)
    assert (found["total"], found["stale"], found["worst"]) == (0, [], [])


async def test_what_is_stale_now_and_what_was_then(rig: Rig) -> None:
    lasting = await ago(rig, 3 * DAY, "D03", active=True, cleared_at_ms=None)
    ended = SystemClock().now_ms() - DAY
    over = await ago(rig, 4 * DAY, "D03", active=False, cleared_at_ms=ended)
    await ago(rig, HOUR, active=True, cleared_at_ms=None)
    [stale] = (await figures(rig))["stale"]
    assert (stale["alert_id"], stale["rule"], stale["device_ids"]) == (lasting, "D03", ["detector-1"])
    assert stale["hours"] == pytest.approx(72, abs=0.2)
    then = await figures(rig, **{"from": at(3 * DAY), "to": at(36 * HOUR)})
    assert [one["alert_id"] for one in then["stale"]] == [over, lasting]


async def test_a_flood_that_began_before_is_known(rig: Rig) -> None:
    for number in range(15):
        await ago(rig, HOUR + MIN - number * 1_000)
    found = await figures(rig, **{"from": at(HOUR)})
    assert found["total"] == 0
    assert [flood["count"] for flood in found["floods"]] == [15]
    assert found["floods"][0]["from"] == found["from"]


async def test_who_sees_whose(rig: Rig) -> None:
    await ago(rig, HOUR)
    for who in (WATCH, REGULATOR, ADMINISTRATOR):
        assert (await figures(rig, who))["total"] == 1
        assert (await figures(rig, who, operator_id="op-1"))["total"] == 1
        assert (await figures(rig, who, operator_id="op-2"))["total"] == 0
    for who in (STRANGER, FAR_REGULATOR):
        assert (await figures(rig, who, operator_id="op-1"))["total"] == 0
    assert (await rig.get("alert-figures", LEAD)).status_code == 403
    assert (await rig.get("alert-figures", None)).status_code == 401


async def test_odd_spans(rig: Rig) -> None:
    for wrong in (
        {"from": at(0)[:10]},
        {"from": at(32 * DAY)},
        {"from": at(HOUR), "to": at(2 * HOUR)},
        {"from": at(-HOUR), "to": at(-2 * HOUR)},
        {"from": "2026-01-01T00:00:00"},
        {"to": "soon"},
        {"since": at(HOUR)},
        {"operator_id": "\0"},
    ):
        assert (await rig.get("alert-figures", WATCH, **wrong)).status_code == 422, wrong
    found = await figures(rig, **{"from": at(31 * DAY - MIN), "to": at(-DAY)})
    assert found["to"] < at(-MIN), "what lies ahead has no figures"
    assert len(found["per_10_min"]) in {31 * 144, 31 * 144 + 1}
