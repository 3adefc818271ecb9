"""What strangers see of set-points, and input that nobody should send."""

from typing import Any

import pytest

from tests.integration.alerting.rig import FAR_REGULATOR, LEAD, REGULATOR, STRANGER, SUPERVISOR, WATCH, Rig
from tests.integration.alerting.test_api_rules import change, in_force

NUL = "a\0b"


async def test_set_points_of_a_site_are_seen_by_those_who_see_the_site(rig: Rig) -> None:
    body = (await rig.post("rules/G01:propose", SUPERVISOR, change(scope="site:site-1"))).json()
    path = f"rule-proposals/{body['proposal_id']}:approve"
    from dataclasses import replace

    for who, seen in ((STRANGER, 0), (FAR_REGULATOR, 0), (REGULATOR, 1), (WATCH, 1)):
        assert len((await rig.get("rule-proposals", who)).json()["items"]) == seen, who
    assert (await rig.post(path, replace(SUPERVISOR, subject="another"))).status_code == 200
    assert {item["scope"] for item in await in_force(rig, "G01")} == {"", "site:site-1"}
    for who in (STRANGER, FAR_REGULATOR):
        assert {item["scope"] for item in (await rig.get("rules", who, rule="G01")).json()["items"]} == {""}


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("acknowledge", {"note": NUL}),
        ("confirm", {"finding": NUL}),
        ("assign", {"person": NUL}),
        ("shelve", {"reason": NUL, "until": "2099-01-01T00:00:00Z"}),
    ],
)
async def test_texts_that_the_database_cannot_hold_are_refused(rig: Rig, verb: str, body: Any) -> None:
    alert = await rig.raised("D03")
    answer = await rig.post(f"alerts/{alert.alert_id}:{verb}", WATCH, body)
    assert answer.status_code == 422, answer.text


async def test_a_reset_with_an_odd_order_is_refused(rig: Rig) -> None:
    alert = await rig.raised("G02")
    answer = await rig.post(f"alerts/{alert.alert_id}:reset", LEAD, {"finding": "x", "order_id": NUL})
    assert answer.status_code in {409, 422}, answer.text


@pytest.mark.parametrize(
    "query",
    [
        {"site_id": NUL},
        {"cursor": "Wzk5OTk5OTk5OTk5OTk5OTk5OTk5LCIwMTkwMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDAiXQ"},
        {"cursor": "W3RydWUsIjAxOTAwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMCJd"},
        {"area": "\x00"},
    ],
)
async def test_odd_questions_are_answered(rig: Rig, query: dict[str, Any]) -> None:
    found = await rig.get("alerts", **query)
    assert found.status_code in {200, 422}, found.text


@pytest.mark.parametrize("cursor", ["WyJhIiwiYiJd", "WzEsMl0", "W251bGwsbnVsbF0", "WzFlMzAwLCJiIl0"])
async def test_odd_cursors_of_commands_are_answered(rig: Rig, cursor: str) -> None:
    found = await rig.get("valves/valve-1/commands", cursor=cursor)
    assert found.status_code == 422, found.text


@pytest.mark.parametrize("rule", ["G02", "G04"])
@pytest.mark.parametrize("more", [{"on_s": 86_400}, {"on_s": 61}])
async def test_a_gas_alarm_cannot_be_delayed_away(rig: Rig, rule: str, more: dict[str, Any]) -> None:
    answer = await rig.post(f"rules/{rule}:propose", SUPERVISOR, change(value=None, **more))
    assert answer.status_code == 422, answer.text
