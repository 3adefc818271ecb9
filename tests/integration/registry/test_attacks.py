"""Input that nobody should send, and rights that must end with what they were given for."""

from typing import Any

import pytest

from deploy.timescaledb.provision import Database
from tests.integration.registry.harness import (
    ADMIN,
    Registry,
    device,
    licence,
    operator,
    regulator,
    site,
    tenant,
)

NUL = "a\0b"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("operators", operator("op-9", name=NUL)),
        ("sites", site("s-9", address=NUL)),
        ("devices", device("d-9", zone=NUL)),
        ("devices", device("d-9", serial="\ud800")),
        ("licences", licence("l-9", number=NUL)),
    ],
)
async def test_texts_that_the_database_cannot_hold_are_refused(shop: Registry, what: str, body: Any) -> None:
    import json

    answer = await shop.ask(
        "POST", what, content=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(
    "query",
    [
        {"operator_id": NUL},
        {"cursor": "WyJhXHUwMDAwYiJd"},
        {"cursor": "W251bGxd"},
        {"cursor": "%00"},
        {"cursor": "é"},
        {"known_at": "0001-01-01T00:00:00+14:00"},
        {"known_at": "9999-12-31T23:59:59-14:00"},
        {"at": "0001-01-01"},
        {"at": "9999-12-31"},
    ],
)
async def test_odd_questions_are_answered(shop: Registry, query: dict[str, Any]) -> None:
    for path in ("sites", "unlicensed", "coverage", "coverage:missing"):
        found = await shop.get(path, **query)
        assert found.status_code in {200, 422}, (path, found.text)


async def test_an_etag_is_no_place_for_huge_numbers(shop: Registry) -> None:
    for text in ("9" * 30, "9" * 5000):
        found = await shop.ask("PATCH", "sites/site-1", json={"name": "x"}, headers={"If-Match": f'"{text}"'})
        assert found.status_code == 412, found.text


async def test_a_csv_with_texts_that_the_database_cannot_hold_names_the_row(shop: Registry) -> None:
    text = "operator_id,name,credit_code,area_code\nop-7,a\0b,91110000600037341L,530602\n"
    found = await shop.ask(
        "POST", "operators:import", content=text.encode(), headers={"Content-Type": "text/csv"}
    )
    assert found.status_code == 422, found.text
    assert found.json()["errors"][0]["row"] == 2


async def test_a_csv_cell_of_json_cannot_break_the_import(shop: Registry) -> None:
    deep = '"' + "[" * 100_000 + '"'
    text = (
        "device_id,site_id,zone,kind,model,serial,installed_on,limits\n"
        f"d-7,site-1,z,detector,m,s,2026-01-01,{deep}\n"
    )
    found = await shop.ask(
        "POST", "devices:import", content=text.encode(), headers={"Content-Type": "text/csv"}
    )
    assert found.status_code == 422, found.text


async def test_a_device_that_changed_hands_is_revoked_with_its_old_certificates(
    shop: Registry, db: Database
) -> None:
    await shop.made("operators", operator("op-2"))
    await shop.made("devices/dev-1/credentials", None, tenant("op-1"))
    one = (await shop.get("sites/site-1")).json()
    assert (await shop.patch("sites/site-1", {"operator_id": "op-2"}, one["revision"])).status_code == 200
    assert (await shop.post("devices/dev-1:revoke-credentials", None, tenant("op-2"))).status_code == 200
    from tests.integration.registry.harness import rows

    left = await rows(
        db.services["registry"].worker, "SELECT serial FROM certificate WHERE revoked_at IS NULL"
    )
    assert left == [], "the former owner's key would work again after the next one is issued"


async def test_a_finding_ends_although_the_site_changed_hands(shop: Registry, db: Database) -> None:
    await shop.made("operators", operator("op-2"))
    await shop.made("devices", device("dev-7", gas="LPG", lel_basis_volpct=1.5))
    one = (await shop.get("sites/site-1")).json()
    assert (await shop.patch("sites/site-1", {"operator_id": "op-2"}, one["revision"])).status_code == 200
    found = (await shop.get("devices/dev-7")).json()
    again = await shop.patch("devices/dev-7", {"zone": "hall"}, found["revision"], tenant("op-2"))
    assert again.status_code == 200, again.text
    fixed = await shop.patch("devices/dev-7", {"gas": "CH4"}, again.json()["revision"], tenant("op-2"))
    assert fixed.status_code == 200, fixed.text
    from tests.integration.registry.harness import rows

    assert not await rows(db.services["registry"].worker, "SELECT 1 FROM finding WHERE ended_at IS NULL")


@pytest.mark.parametrize(
    ("asking", "path", "body"),
    [
        (regulator("530602"), "licences/lic-x:revoke", {"reason": "x"}),
        (tenant("op-2"), "licences/lic-x:file-renewal", {}),
    ],
)
async def test_what_is_not_there_is_404_like_what_is_not_ones_own(
    shop: Registry, asking: Any, path: str, body: Any
) -> None:
    assert (await shop.post(path, body, asking)).status_code == 404


async def test_limits_that_are_no_numbers_are_refused(shop: Registry) -> None:
    body = '{"device_id":"d-8","site_id":"site-1","zone":"z","kind":"detector","model":"m","serial":"s",'
    for more in (
        '"lel_basis_volpct":NaN',
        '"lel_basis_volpct":Infinity',
        '"heartbeat_s":1e400',
        '"heartbeat_s":' + "9" * 5000,
    ):
        text = body + f'"installed_on":"2026-01-01",{more}}}'
        found = await shop.ask("POST", "devices", content=text, headers={"Content-Type": "application/json"})
        assert found.status_code in {400, 422}, (more, found.text)
    assert ADMIN.subject
