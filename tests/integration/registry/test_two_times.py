"""What is true on which day, by what was known when."""

import datetime as dt
from typing import Any

from deploy.timescaledb.provision import Database
from tests.integration.registry.harness import Registry, licence, operator, regulator, rows, site

TODAY = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
DAY = dt.timedelta(days=1)


async def now(db: Database) -> str:
    found = await rows(db.services["registry"].worker, "SELECT clock_timestamp() AS now")
    return str(found[0]["now"].isoformat())


async def test_change_today_what_was_true_yesterday(shop: Registry, db: Database) -> None:
    before = await now(db)
    yesterday = (TODAY - DAY).isoformat()
    changed = await shop.patch("sites/site-1", {"name": "改名"}, 1, effective_on=yesterday)
    assert changed.status_code == 200, changed.text

    async def name(**as_of: Any) -> str:
        return str((await shop.get("sites/site-1", **as_of)).json()["name"])

    assert await name() == "改名"
    assert await name(at=yesterday) == "改名"
    assert await name(at=(TODAY - 2 * DAY).isoformat()) == "某小吃店"
    assert await name(at=yesterday, known_at=before) == "某小吃店"
    assert await name(known_at=before) == "某小吃店"


async def test_nothing_was_known_before_it_was_registered(shop: Registry) -> None:
    response = await shop.get("sites/site-1", known_at="2026-01-01T00:00:00Z")
    assert response.status_code == 404
    assert (await shop.get("sites", known_at="2026-01-01T00:00:00Z")).json()["items"] == []


async def test_a_site_that_opened_later_is_not_there_before(shop: Registry) -> None:
    await shop.made("sites", site("site-2"), params={"effective_on": TODAY.isoformat()})
    listed = (await shop.get("sites", at=(TODAY - DAY).isoformat())).json()["items"]
    assert [item["site_id"] for item in listed] == ["site-1"]
    assert (await shop.get("sites/site-2", at=TODAY.isoformat())).status_code == 200


async def test_the_future_cannot_be_changed(shop: Registry) -> None:
    day = (TODAY + DAY).isoformat()
    response = await shop.patch("sites/site-1", {"name": "x"}, 1, effective_on=day)
    assert response.status_code == 422


async def reasons(reg: Registry, **as_of: Any) -> list[str]:
    response = await reg.get("unlicensed", area="530602", **as_of)
    assert response.status_code == 200, response.text
    return [item["reason"] for item in response.json()["items"] if item["operator_id"] == "op-1"]


async def test_unlicensed_by_day_and_by_knowledge(shop: Registry, db: Database) -> None:
    assert await reasons(shop) == ["never_licensed"]
    before = await now(db)
    await shop.made("licences", licence(valid_from="2025-01-01", valid_to="2026-12-31"))
    assert await reasons(shop) == []
    assert await reasons(shop, at="2024-12-31") == ["never_licensed"]
    assert await reasons(shop, at="2026-12-31") == []
    assert await reasons(shop, at="2027-01-01") == ["expired"]
    assert await reasons(shop, known_at=before) == ["never_licensed"]
    suspended_on = (TODAY - 10 * DAY).isoformat()
    response = await shop.post("licences/lic-1:suspend", {"on": suspended_on, "reason": "检查"})
    assert response.json()["state"] == "suspended"
    assert await reasons(shop) == ["suspended"]
    assert await reasons(shop, at=suspended_on) == ["suspended"]
    assert await reasons(shop, at=(TODAY - 11 * DAY).isoformat()) == []
    assert (await shop.post("licences/lic-1:resume", {})).json()["state"] == "valid"
    assert await reasons(shop) == []
    assert await reasons(shop, at=(TODAY - DAY).isoformat()) == ["suspended"]


async def test_a_proposal_says_since_when(shop: Registry) -> None:
    """Another field that changed meanwhile does not make the state any younger."""

    async def since(at: str = TODAY.isoformat()) -> object:
        items = (await shop.get("unlicensed", area="5306", at=at)).json()["items"]
        return next(item["since"] for item in items if item["operator_id"] == "op-1")

    assert await since() is None
    await shop.made("licences", licence(valid_from="2025-01-01", valid_to="2026-12-31"))
    assert await since(at="2027-02-01") == "2027-01-01"
    suspended_on = (TODAY - 10 * DAY).isoformat()
    await shop.post("licences/lic-1:suspend", {"on": suspended_on, "reason": "检查"})
    assert await since() == suspended_on
    revision = (await shop.get("licences/lic-1")).json()["revision"]
    changed = await shop.patch("licences/lic-1", {"issued_by": "x"}, revision)
    assert changed.status_code == 200, changed.text
    assert await since() == suspended_on


async def test_a_proposal_names_its_evidence_and_is_only_proposed(shop: Registry) -> None:
    await shop.made("licences", licence(area_codes=["530621"]))
    items = (await shop.get("unlicensed", area="5306")).json()["items"]
    assert [item["reason"] for item in items] == ["out_of_area"]
    assert items[0]["state"] == "proposed"
    assert items[0]["operator_id"] == "op-1"
    assert items[0]["evidence"]["licence_ids"] == ["lic-1"]
    assert items[0]["evidence"]["site_ids"] == ["site-1"]
    assert (await shop.get("unlicensed", area="53")).json()["items"] == items
    assert (await shop.get("unlicensed", area="530621")).json()["items"] == []
    assert (await shop.get("unlicensed", area="999999")).status_code == 422
    assert (await shop.get("unlicensed", operator_id="op-9")).json()["items"] == []


async def test_whose_certificate_it_was_first(shop: Registry) -> None:
    """A borrowed licence is found even where the firm it belongs to is not seen."""
    await shop.made("operators", operator("far", area_code="530302"))
    await shop.made("licences", licence("theirs", "far", number="滇1", issued_on="2024-01-01"))
    await shop.made("licences", licence("ours", number="滇1"))
    county = regulator("530602", "regulator_viewer")
    assert (await shop.get("operators/far", county)).status_code == 404
    items = (await shop.get("unlicensed", county, area="530602")).json()["items"]
    assert [(item["operator_id"], item["reason"]) for item in items] == [("op-1", "borrowed")]
    assert "far" in items[0]["evidence"]["text"]


async def test_a_firm_from_elsewhere_is_seen_where_it_works(shop: Registry) -> None:
    await shop.made("operators", operator("far", area_code="530302"))
    await shop.made("licences", licence("lic-far", "far", area_codes=["530302"]))
    await shop.made("sites", site("branch", "far"))
    county = regulator("530602")
    items = (await shop.get("unlicensed", county, area="530602")).json()["items"]
    assert ("far", "out_of_area") in [(item["operator_id"], item["reason"]) for item in items]
    home = (await shop.get("unlicensed", regulator("530302"), area="530302")).json()["items"]
    assert home == []


async def test_a_renewal_filed_in_time_goes_on(shop: Registry) -> None:
    end = TODAY - DAY
    for days, expected in ((40, []), (29, ["expired"])):
        id_ = f"lic-{days}"
        await shop.made("licences", licence(id_, number=id_, valid_to=end.isoformat()))
        filed_on = (end - days * DAY).isoformat()
        response = await shop.post(f"licences/{id_}:file-renewal", {"on": filed_on})
        assert response.status_code == 200, response.text
        assert await reasons(shop, at=end.isoformat()) == []
        assert await reasons(shop) == expected
        assert (await shop.post(f"licences/{id_}:annul", {})).status_code == 200


async def test_the_steps_of_a_licence(shop: Registry) -> None:
    await shop.made("licences", licence())
    assert (await shop.post("licences/lic-1:resume", {})).status_code == 409
    assert (await shop.post("licences/lic-1:renew", {})).status_code == 422
    renewed = await shop.post("licences/lic-1:renew", {"valid_to": "2030-12-31"})
    assert renewed.json()["valid_to"] == "2030-12-31"
    assert (await shop.post("licences/lic-1:revoke", {"reason": "x"})).json()["state"] == "revoked"
    assert (await shop.post("licences/lic-1:renew", {"valid_to": "2031-12-31"})).status_code == 409
    assert (await shop.post("licences/lic-1:deregister", {})).json()["state"] == "deregistered"
    assert (await shop.post("licences/nobody:revoke", {})).status_code == 404


async def test_stations_without_planning_approval(shop: Registry) -> None:
    await shop.made("licences", licence())
    await shop.made("sites", site("gate", kind="gate_station"))
    assert await reasons(shop) == ["no_planning_approval"]
    approval = {"planning_approval": "昭规〔2020〕1号", "planning_approved_on": "2020-05-01"}
    assert (await shop.patch("sites/gate", approval, 1, effective_on="2020-05-01")).status_code == 200
    assert await reasons(shop) == []
    assert await reasons(shop, at="2026-01-01") == []


async def test_a_corrected_certificate_was_never_otherwise(shop: Registry, db: Database) -> None:
    """What stands in a certificate bears its own dates, so no day has to be named to correct it."""
    await shop.made("licences", licence())
    assert (
        await shop.post("licences/lic-1:suspend", {"on": (TODAY - 9 * DAY).isoformat()})
    ).status_code == 200
    assert (
        await shop.post("licences/lic-1:resume", {"on": (TODAY - 5 * DAY).isoformat()})
    ).status_code == 200
    before = await now(db)
    ended = (TODAY - 3 * DAY).isoformat()
    changed = await shop.patch("licences/lic-1", {"valid_to": ended}, 3)
    assert (changed.status_code, changed.json()["state"]) == (200, "expired")
    yesterday = (TODAY - DAY).isoformat()
    assert await reasons(shop, at=yesterday) == ["expired"]
    assert await reasons(shop, at=yesterday, known_at=before) == []
    assert await reasons(shop, at=(TODAY - 4 * DAY).isoformat()) == []
    assert await reasons(shop, at=(TODAY - 7 * DAY).isoformat()) == ["suspended"]
    assert (await shop.patch("licences/lic-1", {"valid_from": "2030-01-01"}, 4)).status_code == 422


async def test_a_dated_fact_and_another_change_together(shop: Registry) -> None:
    changed = await shop.patch("devices/dev-1", {"installed_on": "2024-01-01", "zone": "hall"}, 1)
    assert (changed.json()["installed_on"], changed.json()["zone"]) == ("2024-01-01", "hall")
    yesterday = (await shop.get("devices/dev-1", at=(TODAY - DAY).isoformat())).json()
    assert (yesterday["installed_on"], yesterday["zone"]) == ("2024-01-01", "kitchen")
    assert changed.headers["etag"] == '"2"'
