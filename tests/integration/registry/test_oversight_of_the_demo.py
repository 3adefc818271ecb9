"""What the demo's city looks like to those who oversee it: scenario, README and list say the same."""

from collections import Counter

from simulators.city import CANARY_OPERATOR, build, load
from tests.integration.registry.harness import (
    Registry,
    licence,
    operator,
    regulator,
    site,
    tenant,
)
from tests.integration.registry.test_imports import send, table


async def test_the_scenario_means_what_the_list_says(reg: Registry) -> None:
    city = build(load())
    for what in ("operators", "licences", "sites", "devices"):
        lines = getattr(city, what)
        columns = {name: "" for line in lines for name in line}
        response = await send(reg, what, table([columns | line for line in lines]))
        assert response.status_code == 200, response.text
    for id_, verb in city.licence_verbs:
        assert (await reg.post(f"licences/{id_}:{verb}", {})).status_code == 200
    items = (await reg.get("unlicensed", regulator("530600"), limit=500)).json()["items"]
    assert Counter(item["reason"] for item in items) == {
        "never_licensed": 6,
        "expired": 3,
        "out_of_area": 2,
        "revoked": 1,
        "withdrawn": 1,
        "no_planning_approval": 2,
    }
    meant = {one["id"] for one in load()["operators"] if one["licence"] != "valid"}
    assert len(meant) == 13
    assert {item["operator_id"] for item in items} == meant


async def test_canaries_are_shown_to_nobody_who_did_not_ask_for_them(shop: Registry) -> None:
    await shop.made("operators", operator(CANARY_OPERATOR, area_code="530600"))
    await shop.made("sites", site("canary-0", CANARY_OPERATOR, area_code="530600", reserved=True))
    officer = regulator("530600")
    for what in ("operators", "sites", "devices"):
        items = (await shop.get(what, officer)).json()["items"]
        assert [item["operator_id"] for item in items] == ["op-1"], what
        assert (await shop.get(what, officer, reserved="true")).status_code == 403
    for what in ("operators", "sites"):
        asked = (await shop.get(what, reserved="true")).json()["items"]
        assert [item["operator_id"] for item in asked] == [CANARY_OPERATOR], what
    items = (await shop.get("unlicensed", officer)).json()["items"]
    assert [item["operator_id"] for item in items] == ["op-1"]


async def test_a_firm_does_not_license_itself(shop: Registry) -> None:
    firm, officer = tenant("op-1"), regulator("530602")
    assert (await shop.made("licences", licence(), firm))["state"] == "applied"
    imported = await send(shop, "licences", table([licence("lic-2") | {"area_codes": "530602"}]), firm)
    assert imported.status_code == 200, imported.text
    assert (await shop.get("licences/lic-2")).json()["state"] == "applied"
    listed = await shop.get("unlicensed", officer)
    assert [item["reason"] for item in listed.json()["items"]] == ["never_licensed"]
    assert (await shop.post("licences/lic-1:grant", {}, firm)).status_code == 403
    assert (await shop.post("licences/lic-1:file-renewal", {}, firm)).status_code == 409
    # From when the licence holds stands in it; the decision may be dated back to its beginning.
    granted = await shop.post("licences/lic-1:grant", {}, officer)
    assert granted.json()["state"] == "valid", granted.text
    assert (await shop.get("unlicensed", officer)).json()["items"] == []


async def test_a_firm_does_not_date_its_filing_back(shop: Registry) -> None:
    await shop.made("licences", licence(valid_to="2026-01-31"))
    filed = await shop.post("licences/lic-1:file-renewal", {"on": "2025-12-01"}, tenant("op-1"))
    assert filed.status_code == 422
    assert filed.json()["errors"][0]["loc"] == ["body", "on"]
