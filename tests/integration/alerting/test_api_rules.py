"""Set-points over HTTP against the real PostgreSQL: two persons, and a date."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.alerting.rig import ADMINISTRATOR, REGULATOR, STRANGER, SUPERVISOR, WATCH, Rig


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def change(**more: Any) -> dict[str, Any]:
    return {"value": 20, "effective_from": in_hours(1), "reason": "the standard's newer edition"} | more


async def in_force(rig: Rig, rule: str) -> list[dict[str, Any]]:
    return list((await rig.get("rules", rule=rule)).json()["items"])


async def test_rules_are_read_with_their_source_and_version(rig: Rig) -> None:
    items = (await rig.get("rules", REGULATOR)).json()["items"]
    assert {"G01", "G02", "V01", "V03", "S02"} <= {item["rule"] for item in items}
    (low,) = await in_force(rig, "G01")
    assert (low["value"], low["unit"], low["on_s"], low["off_s"], low["version"]) == (10, "%LEL", 10, 60, 1)
    assert low["verified"] is False
    assert low["in_force"] is True
    first = (await rig.get("rules", limit=10)).json()
    rest = (await rig.get("rules", limit=500, cursor=first["next_cursor"])).json()
    assert first["items"] + rest["items"] == items
    assert rest["next_cursor"] is None


async def test_a_change_takes_two_persons_and_a_date(rig: Rig) -> None:
    proposed = await rig.post("rules/G01:propose", SUPERVISOR, change())
    assert proposed.status_code == 201
    body = proposed.json()
    assert (body["state"], body["proposed_by"], body["changes"]) == ("proposed", "zhao", {"value": 20.0})
    assert len(await in_force(rig, "G01")) == 1
    path = f"rule-proposals/{body['proposal_id']}:approve"
    alone = await rig.post(path, SUPERVISOR)
    assert (alone.status_code, alone.json()["type"]) == (409, "second-person-required")
    assert (await rig.post(path, STRANGER)).status_code == 403, (
        "two supervisors do not rule over all operators"
    )
    done = await rig.post(path, ADMINISTRATOR)
    assert (done.status_code, done.json()["state"], done.json()["approved_by"]) == (200, "approved", "feng")
    assert (await rig.post(path, replace(ADMINISTRATOR, subject="another"))).status_code == 409
    old, new = await in_force(rig, "G01")
    assert (old["value"], old["in_force"], old["effective_to"]) == (10, True, body["effective_from"])
    assert (new["value"], new["in_force"], new["version"]) == (20, False, 2)
    assert rig.rules_changed == 1
    assert [p["proposal_id"] for p in (await rig.get("rule-proposals")).json()["items"]] == [
        body["proposal_id"]
    ]


async def test_within_the_own_site_two_supervisors_suffice(rig: Rig) -> None:
    scoped = change(scope="site:site-1")
    assert (await rig.post("rules/G01:propose", STRANGER, scoped)).status_code == 404
    body = (await rig.post("rules/G01:propose", SUPERVISOR, scoped)).json()
    path = f"rule-proposals/{body['proposal_id']}:approve"
    assert (await rig.post(path, STRANGER)).status_code == 404
    assert (await rig.post(path, replace(SUPERVISOR, subject="another"))).status_code == 200
    scopes = {item["scope"] for item in await in_force(rig, "G01")}
    assert scopes == {"", "site:site-1"}


@pytest.mark.parametrize(
    ("rule", "body", "status", "field"),
    [
        ("G01", change(value=26), 422, "value"),
        ("G02", change(value=60), 422, "value"),
        ("V01", change(value=1), 422, "value"),
        ("G06", change(value=60), 422, "key"),
        ("G01", change(value=None), 422, "value"),
        ("G01", change(effective_from=in_hours(-1)), 422, "effective_from"),
        ("G01", change(scope="everywhere"), 422, "scope"),
        ("G01", change(on_s=-1), 422, "on_s"),
        ("G01", change(priority="P4"), 422, "priority"),
        ("X99", change(), 404, None),
    ],
)
async def test_what_cannot_be_proposed(
    rig: Rig, rule: str, body: dict[str, Any], status: int, field: str | None
) -> None:
    answer = await rig.post(f"rules/{rule}:propose", SUPERVISOR, body)
    assert answer.status_code == status, answer.text
    if field:
        assert any(error["loc"][-1] == field for error in answer.json()["errors"])


async def test_delays_are_seconds_outside_and_roles_hold(rig: Rig) -> None:
    assert (await rig.post("rules/G01:propose", WATCH, change())).status_code == 403
    assert (await rig.post("rules/G01:propose", REGULATOR, change())).status_code == 403
    scoped = change(value=None, on_s=5, key="G01")
    body = (await rig.post("rules/G01:propose", ADMINISTRATOR, scoped)).json()
    assert body["changes"] == {"on_s": 5}
    await rig.post(f"rule-proposals/{body['proposal_id']}:approve", SUPERVISOR)
    newest = (await in_force(rig, "G01"))[-1]
    assert (newest["on_s"], newest["value"]) == (5, 10)
