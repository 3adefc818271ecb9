"""The API of alerts against the real PostgreSQL."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.integration.alerting.rig import (
    ADMINISTRATOR,
    FAR_REGULATOR,
    LEAD,
    OTHER_LEAD,
    REGULATOR,
    STRANGER,
    SUPERVISOR,
    WATCH,
    Rig,
)


def in_hours(hours: float) -> str:
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


async def test_an_alert_reads_as_the_wire_says(rig: Rig) -> None:
    alert = await rig.raised(value=61.0, set_point=50.0)
    answer = await rig.get(f"alerts/{alert.alert_id}")
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["etag"] == f'"{body["revision"]}"'
    assert body["alert_id"] == alert.alert_id
    names = (
        "rule priority site_id zone device_ids active acknowledged suppressed test opened_at value set_point"
    )
    assert set(names.split()) <= body.keys()
    assert body["device_ids"] == ["detector-1"]
    assert body["opened_at"].endswith("Z")
    assert not {"family", "subject", "in_condition"} & body.keys()


async def test_without_a_principal_nothing_is_told(rig: Rig) -> None:
    alert = await rig.raised()
    for path in ("alerts", f"alerts/{alert.alert_id}", "rules", "valves/valve-1/commands"):
        assert (await rig.get(path, None)).status_code == 401
    assert (await rig.post(f"alerts/{alert.alert_id}:acknowledge", None)).status_code == 401


@pytest.mark.parametrize(
    ("who", "sees"),
    [(WATCH, True), (REGULATOR, True), (ADMINISTRATOR, True), (STRANGER, False), (FAR_REGULATOR, False)],
)
async def test_what_another_tenant_owns_is_not_there(rig: Rig, who: Any, sees: bool) -> None:
    alert = await rig.raised()
    path = f"alerts/{alert.alert_id}"
    assert (await rig.get(path, who)).status_code == (200 if sees else 404)
    assert (await rig.get(f"{path}/timeline", who)).status_code == (200 if sees else 404)
    assert len((await rig.get("alerts", who)).json()["items"]) == (1 if sees else 0)
    if not sees and "watch_supervisor" in who.roles:
        assert (await rig.post(f"{path}:acknowledge", who)).status_code == 404


async def test_pages_and_filters(rig: Rig) -> None:
    made = [await rig.raised("D03", number=n, priority="P3") for n in range(5)]
    await rig.raised("G02", number=9)
    seen: list[str] = []
    cursor = None
    while True:
        answer = await rig.get("alerts", limit=2, **({"cursor": cursor} if cursor else {}))
        body = answer.json()
        seen += [item["alert_id"] for item in body["items"]]
        cursor = body["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 6
    cases: list[tuple[dict[str, Any], int]] = [
        ({"rule": "D03"}, 5),
        ({"rule": ["D03", "G02"]}, 6),
        ({"priority": "P1"}, 1),
        ({"site_id": "site-1"}, 6),
        ({"site_id": "site-2"}, 0),
        ({"zone": "hall"}, 0),
        ({"device_ids": "detector-1"}, 6),
        ({"device_id": "detector-7"}, 0),
        ({"operator_id": "op-1"}, 6),
        ({"area": "530600"}, 6),
        ({"area": "530602"}, 6),
        ({"area": "530700"}, 0),
        ({"active": "true", "acknowledged": "false", "suppressed": "false", "test": "false"}, 6),
        ({"active": "false"}, 0),
        ({"alert_id": made[0].alert_id}, 1),
        ({"order_id": "none"}, 0),
    ]
    for params, count in cases:
        assert len((await rig.get("alerts", **params)).json()["items"]) == count, params
    for bad in (
        {"cursor": "x"},
        {"cursor": "WzEsMl0"},
        {"limit": 0},
        {"active": "perhaps"},
        {"alert_id": "x"},
    ):
        assert (await rig.get("alerts", **bad)).status_code == 422, bad


async def test_canaries_are_not_shown(rig: Rig) -> None:
    await rig.raised("D03", reserved=True)
    assert (await rig.get("alerts", ADMINISTRATOR)).json()["items"] == []


async def test_acknowledge_once_with_its_timeline_and_event(rig: Rig) -> None:
    alert = await rig.raised()
    path = f"alerts/{alert.alert_id}:acknowledge"
    done = await rig.post(path, body={"note": "seen"}, key="k1")
    assert done.status_code == 200
    assert done.json()["acknowledged"] is True
    again = await rig.post(path, body={"note": "seen"}, key="k1")
    assert (again.status_code, again.json()) == (200, done.json())
    assert (await rig.post(path, body={"note": "other"}, key="k1")).status_code == 422
    twice = await rig.post(path, SUPERVISOR)
    assert (twice.status_code, twice.json()["reason"]) == (409, "already_acknowledged")
    lines = (await rig.get(f"alerts/{alert.alert_id}/timeline")).json()["items"]
    assert [line["kind"] for line in lines] == ["raised", "acknowledged"]
    assert (lines[1]["actor"], lines[1]["reason"]) == ("li", "seen")
    (event,) = await rig.outbox("cn.gas.alert.acknowledged.v1")
    assert event["alert"]["acknowledged"] is True
    assert rig.woken


async def test_if_match_is_honoured_when_given(rig: Rig) -> None:
    alert = await rig.raised("D03")
    path = f"alerts/{alert.alert_id}:silence"
    assert (await rig.post(path, headers={"If-Match": '"99"'})).status_code == 412
    assert (await rig.post(path, headers={"If-Match": f'"{alert.revision}"'})).status_code == 200


async def test_an_idempotency_key_is_asked_for(rig: Rig) -> None:
    alert = await rig.raised()
    answer = await rig.client.post(
        f"/api/v1/alerts/{alert.alert_id}:silence", json={}, headers=rig._headers(WATCH)
    )
    assert answer.status_code == 400


async def test_shelving_has_a_reason_an_end_and_never_takes_a_p1(rig: Rig) -> None:
    alert = await rig.raised("D03")
    path = f"alerts/{alert.alert_id}:shelve"
    for body in (
        {"until": in_hours(1)},
        {"reason": "", "until": in_hours(1)},
        {"reason": "r"},
        {"reason": "r", "until": in_hours(8.1)},
        {"reason": "r", "until": in_hours(-1)},
        {"reason": "r", "until": "2026-01-01T00:00:00"},
        {"reason": "r", "until": in_hours(1), "priority": "P4"},
    ):
        assert (await rig.post(path, body=body)).status_code == 422, body
    done = (await rig.post(path, body={"reason": "repair", "until": in_hours(1)})).json()
    assert (done["suppressed"], done["active"], done["acknowledged"]) == (True, True, False)
    longer, sooner = in_hours(2), in_hours(0.5)
    for until in (longer, sooner):
        again = await rig.post(path, body={"reason": "until the part is here", "until": until})
        assert again.status_code == 200
        assert again.json()["shelved_until"][:19] == until[:19], "shelving again sets a new end"
    back = await rig.post(f"alerts/{alert.alert_id}:unshelve")
    assert back.json()["suppressed"] is False
    assert (await rig.post(f"alerts/{alert.alert_id}:unshelve")).json()["reason"] == "not_shelved"
    grave = await rig.raised("G02")
    refused = await rig.post(f"alerts/{grave.alert_id}:shelve", body={"reason": "r", "until": in_hours(1)})
    assert (refused.status_code, refused.json()["reason"]) == (409, "p1_is_not_shelved")


async def test_the_timer_unshelves(rig: Rig) -> None:
    alert = await rig.raised("D03")
    await rig.post(f"alerts/{alert.alert_id}:shelve", body={"reason": "r", "until": in_hours(1)})
    await rig.changed(alert, shelved_until_ms=1)
    rig.places.known.clear()  # also at a site that is gone
    await rig.timers.once()
    lines = (await rig.get(f"alerts/{alert.alert_id}/timeline")).json()["items"]
    assert (lines[-1]["kind"], lines[-1]["actor"]) == ("unshelved", "timer")
    assert (await rig.get(f"alerts/{alert.alert_id}")).json()["suppressed"] is False


async def test_confirm_and_assign(rig: Rig) -> None:
    alert = await rig.raised()
    done = await rig.post(f"alerts/{alert.alert_id}:confirm", body={"finding": "hose leaks"})
    assert done.json()["confirmed"] == "hose leaks"
    done = await rig.post(f"alerts/{alert.alert_id}:assign", body={"person": "sun"})
    assert done.json()["assigned_to"] == "sun"


async def test_roles(rig: Rig) -> None:
    alert = await rig.raised()
    for verb, body in (("acknowledge", {}), ("silence", {}), ("confirm", {"finding": "x"})):
        for who in (REGULATOR, LEAD):
            assert (await rig.post(f"alerts/{alert.alert_id}:{verb}", who, body)).status_code == 403
    reset = {"finding": "x", "order_id": "order-1"}
    for who in (WATCH, SUPERVISOR, REGULATOR):
        assert (await rig.post(f"alerts/{alert.alert_id}:reset", who, reset)).status_code == 403


async def test_a_reset_needs_the_crew_on_site_and_the_gas_gone(rig: Rig) -> None:
    alert = await rig.raised("G02", close=True)
    path, body = f"alerts/{alert.alert_id}:reset", {"finding": "hose replaced", "order_id": "order-1"}

    async def refused(who: Any = LEAD) -> str:
        answer = await rig.post(path, who, body)
        assert answer.status_code == 409
        return str(answer.json()["reason"])

    assert await refused() == "crew_not_arrived"
    await rig.arrived("order-2")
    assert await refused() == "another_order"
    await rig.arrived("order-1")
    assert await refused(OTHER_LEAD) == "another_crew"
    assert await refused() == "gas_above_clear_point"
    said = (await rig.post(path, LEAD, body)).json()
    assert "has not stayed below the clear point" in said["title"]
    assert said["off_delay_s"] == 120
    assert "120 s" in said["detail"]
    await rig.changed(alert, in_condition=False)
    done = await rig.post(path, LEAD, body)
    assert done.status_code == 200
    assert (done.json()["active"], done.json()["latched"]) == (False, False)
    async with rig.store.unit() as unit:
        state = (await unit.load([rig.places.facts("site-1")]))["site-1"]
    assert not state.valves["valve-1"].latched
    lines = (await rig.get(f"alerts/{alert.alert_id}/timeline")).json()["items"]
    assert (lines[-1]["kind"], lines[-1]["actor"], lines[-1]["reason"]) == ("reset", "sun", "hose replaced")


async def test_an_unknown_field_is_refused(rig: Rig) -> None:
    alert = await rig.raised()
    answer = await rig.post(f"alerts/{alert.alert_id}:acknowledge", body={"note": "x", "operator_id": "op-2"})
    assert answer.status_code == 422


async def test_an_unknown_alert_is_404(rig: Rig) -> None:
    for unknown in ("018f0000-0000-7000-8000-000000000000", "nothing"):
        assert (await rig.get(f"alerts/{unknown}")).status_code == 404
        assert (await rig.get(f"alerts/{unknown}/timeline")).status_code == 404
        assert (await rig.post(f"alerts/{unknown}:silence")).status_code == 404
