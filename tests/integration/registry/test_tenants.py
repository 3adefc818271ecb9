from typing import Any

import asyncpg
import pytest

from deploy.timescaledb.provision import Database
from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE
from shared.chassis.principal import Principal
from tests.integration.registry.harness import (
    ADMIN,
    Registry,
    device,
    licence,
    operator,
    regulator,
    rows,
    site,
    tenant,
)

KINDS = (OPERATOR, LICENCE, SITE, DEVICE)


@pytest.fixture
async def two(shop: Registry) -> Registry:
    """Two operators in two counties, each with one of everything."""
    await shop.made("licences", licence())
    await shop.made("operators", operator("op-2", area_code="530621"))
    await shop.made("licences", licence("lic-2", "op-2"))
    await shop.made("sites", site("site-2", "op-2", area_code="530621"))
    await shop.made("devices", device("dev-2", "site-2"))
    return shop


THEIRS = {"operators": "op-1", "licences": "lic-1", "sites": "site-1", "devices": "dev-1"}


async def test_a_tenant_sees_only_what_is_its_own(two: Registry) -> None:
    for what, theirs in THEIRS.items():
        listed = (await two.get(what, tenant("op-2"))).json()["items"]
        assert {item["operator_id"] for item in listed} == {"op-2"}, what
        assert (await two.get(f"{what}/{theirs}", tenant("op-2"))).status_code == 404
        assert (await two.get(f"{what}/{theirs}", tenant("op-1"))).status_code == 200


async def test_a_regulator_reads_by_area_and_writes_nothing(two: Registry) -> None:
    for area, seen in (("530602", {"dev-1"}), ("5306", {"dev-1", "dev-2"}), ("530600", {"dev-1", "dev-2"})):
        listed = (await two.get("devices", regulator(area))).json()["items"]
        assert {item["device_id"] for item in listed} == seen
    assert (await two.get("devices/dev-1", regulator("530621"))).status_code == 404
    assert (await two.post("devices", device("new"), regulator("530602"))).status_code == 403


THEIRS_TOO: list[tuple[str, str, Any]] = [
    ("PATCH", "operators/op-1", {"name": "x"}),
    ("PATCH", "sites/site-1", {"name": "x"}),
    ("PATCH", "devices/dev-1", {"zone": "x"}),
    ("POST", "devices/dev-1:maintain", {"reason": "x", "until": "2030-01-01T00:00:00Z"}),
    ("POST", "devices/dev-1:retire", None),
    ("POST", "devices/dev-1:revoke-credentials", None),
    ("POST", "devices/dev-1:record-test", {"kind": "check", "done_on": "2026-01-01", "result": "passed"}),
    ("POST", "devices/dev-1/credentials", None),
    ("POST", "devices:credentials", {"device_ids": ["dev-2", "dev-1"]}),
    ("POST", "licences/lic-1:file-renewal", None),
    ("POST", "sites", site("site-3", "op-1")),
    ("POST", "devices", device("dev-3", "site-1")),
    ("POST", "licences", licence("lic-3", "op-1")),
    ("POST", "operators", operator("op-3")),
]


async def test_what_another_tenant_owns_is_not_there(two: Registry) -> None:
    for method, path, body in THEIRS_TOO:
        response = await two.ask(method, path, tenant("op-2"), json=body, headers={"If-Match": '"1"'})
        assert response.status_code == 404, (path, response.text)


async def test_a_site_cannot_be_given_to_oneself_or_away(two: Registry) -> None:
    given = await two.patch("sites/site-2", {"operator_id": "op-1"}, 1, tenant("op-2"))
    assert given.status_code == 404
    moved = await two.patch("devices/dev-2", {"site_id": "site-1"}, 1, tenant("op-2"))
    assert moved.status_code == 404


async def test_a_firm_does_not_change_its_own_licence(two: Registry) -> None:
    for verb in ("renew", "suspend", "resume", "withdraw", "annul", "revoke", "deregister"):
        response = await two.post(f"licences/lic-2:{verb}", {"valid_to": "2040-01-01"}, tenant("op-2"))
        assert response.status_code == 403
    changed = await two.patch("licences/lic-2", {"valid_to": "2040-01-01"}, 1, tenant("op-2"))
    assert changed.status_code == 403
    officer = regulator("530621")
    assert (await two.post("licences/lic-2:suspend", {}, officer)).status_code == 200
    assert (await two.post("licences/lic-1:suspend", {}, officer)).status_code == 404
    assert (
        await two.post("licences/lic-2:suspend", {}, regulator("530621", "regulator_viewer"))
    ).status_code == 403
    assert (await two.post("licences/lic-1:file-renewal", {}, tenant("op-1"))).status_code == 200


async def test_a_licence_follows_its_holders_seat(two: Registry) -> None:
    assert (await two.patch("operators/op-2", {"area_code": "530302"}, 1)).status_code == 200
    assert (await two.get("licences/lic-2", regulator("530302"))).status_code == 200


async def test_nobody_without_a_word_of_the_portal(two: Registry) -> None:
    assert (await two.ask("GET", "devices", None)).status_code == 401
    foreign = Principal("x", frozenset({"visitor"}))
    assert (await two.get("devices", foreign)).status_code == 403
    # A principal with a role but neither operator nor area sees nothing at all.
    nowhere = Principal("x", frozenset({"watch"}))
    assert (await two.get("devices", nowhere)).json()["items"] == []


async def test_row_level_security_holds_without_the_service(two: Registry, db: Database) -> None:
    """The API's role owns nothing, sees nothing by itself, and cannot rewrite history."""
    api = await asyncpg.connect(db.services["registry"].api)
    try:
        owned = await api.fetchval("SELECT count(*) FROM pg_class WHERE relowner = 'registry_api'::regrole")
        assert owned == 0
        tables = [
            row["relname"]
            for row in await api.fetch(
                "SELECT relname FROM pg_class WHERE relnamespace = 'registry'::regnamespace AND relkind = 'r'"
                " AND relname NOT IN ('area', 'outbox', 'inbox', 'idempotency', 'schema_migrations')"
            )
        ]
        assert len(tables) == 8
        for table in tables:
            assert await api.fetchval(f"SELECT count(*) FROM {table}") == 0, table
            secured = await api.fetchval(
                "SELECT relrowsecurity FROM pg_class WHERE oid = $1::regclass", table
            )
            assert secured, table
        for statement in ("UPDATE device SET zone = 'x'", "DELETE FROM device", "TRUNCATE device"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await api.execute(statement)
        async with api.transaction():
            await api.execute(
                "SELECT set_config('gw.scope', 'operator', true), set_config('gw.operator_id', 'op-2', true)"
            )
            assert await api.fetchval("SELECT array_agg(DISTINCT operator_id) FROM device") == ["op-2"]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await api.execute(
                    "INSERT INTO device_test"
                    " (device_id, operator_id, area_code, kind, done_on, passed, recorded_by)"
                    " VALUES ('dev-1', 'op-1', '530602', 'check', '2026-01-01', true, 'x')"
                )
    finally:
        await api.close()


async def test_the_database_itself_refuses_two_truths(two: Registry, db: Database) -> None:
    copy = (
        "INSERT INTO device SELECT (jsonb_populate_record(d, jsonb_build_object('valid_time', $1::text))).*"
        " FROM device d WHERE device_id = 'dev-1'"
    )
    for range_ in ("(,)", "[2020-01-01,2021-01-01)"):
        with pytest.raises(asyncpg.ExclusionViolationError):
            await rows(db.services["registry"].worker, copy, range_)


async def test_only_the_administrator_reserves_a_site(two: Registry) -> None:
    reserved = site("canary", "op-2", reserved=True)
    assert (await two.post("sites", reserved, tenant("op-2"))).status_code == 403
    assert (await two.made("sites", reserved, ADMIN))["reserved"] is True


async def test_strict_inputs(two: Registry) -> None:
    """Mass assignment, bad ids and bad values are a problem that names the field."""
    for what, body, field in (
        ("devices", device("x", active=True), "active"),
        ("devices", device("x", operator_id="op-2"), "operator_id"),
        ("devices", device("../x"), "device_id"),
        ("devices", device("x" * 65), "device_id"),
        ("devices", device("x", kind="bomb"), "kind"),
        ("devices", device("x", lel_basis_volpct=0), "lel_basis_volpct"),
        ("devices", device("x", heartbeat_s=0), "heartbeat_s"),
        ("devices", device("x", limits={"open": 1}), "limits"),
        ("devices", device("x", installed_on="1735689600"), "installed_on"),
        ("devices", device("x", installed_on=20260101), "installed_on"),
        ("devices", device("x", heartbeat_s="60"), "heartbeat_s"),
        ("devices", device("x", heartbeat_s=60.0), "heartbeat_s"),
        ("devices", device("x", lel_basis_volpct=True), "lel_basis_volpct"),
        ("sites", site("x", obliged="yes"), "obliged"),
        ("sites", site("x", obliged=1), "obliged"),
        ("sites", site("x", longitude="103.7"), "longitude"),
        ("sites", site("x", longitude=181), "longitude"),
        ("sites", site("x", kind="bar"), "kind"),
        ("sites", site("x", business_hours="always"), "business_hours"),
        ("operators", operator("x", credit_code="91110000600037341X"), "credit_code"),
        ("operators", operator("x", revision=9), "revision"),
        ("licences", licence("x", state="valid"), "state"),
        ("licences", licence("x", area_codes=[]), "area_codes"),
    ):
        response = await two.post(what, body)
        assert response.status_code == 422, (what, body)
        assert response.headers["content-type"] == "application/problem+json"
        assert field in [str(error["loc"][1]) for error in response.json()["errors"]], response.text
    for what, body, field in (
        ("operators", operator("x", area_code="999999"), "area_code"),
        ("sites", site("x", area_code="530630"), "area_code"),
        ("licences", licence("x", area_codes=["530602", "999999"]), "area_codes"),
    ):
        response = await two.post(what, body)
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", field]


async def test_days_and_times_of_questions_are_what_they_say(two: Registry) -> None:
    for params in (
        {"at": "20260101"},
        {"at": "yesterday"},
        {"known_at": "1790000000"},
        {"known_at": "2026-01-01T00:00:00"},
    ):
        assert (await two.ask("GET", "sites", params=params)).status_code == 422, params
        assert (await two.ask("GET", "unlicensed", params=params)).status_code == 422, params


async def test_a_key_is_needed_and_kept(two: Registry) -> None:
    without = await two.ask("POST", "devices", json=device("n"), headers={"Idempotency-Key": ""})
    assert without.status_code == 400
    headers = {"Idempotency-Key": "same"}
    first = await two.ask("POST", "devices", json=device("n"), headers=headers)
    again = await two.ask("POST", "devices", json=device("n"), headers=headers)
    other = await two.ask("POST", "devices", json=device("m"), headers=headers)
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.json() == again.json()
