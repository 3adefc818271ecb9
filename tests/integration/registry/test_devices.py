import datetime as dt
from typing import Any

import msgspec
from cryptography import x509

from deploy.timescaledb.provision import Database
from services.registry.handlers.devices import end_maintenance
from services.registry.handlers.registering import Context
from shared.contracts.events import EnforcementEvent
from shared.contracts.objects import Device
from tests.integration.registry.harness import Registry, device, operator, regulator, rows, site, tenant


async def published(db: Database, topic: str) -> list[Any]:
    return await rows(
        db.services["registry"].worker,
        "SELECT key, type, value FROM outbox WHERE topic = $1 ORDER BY seq",
        topic,
    )


async def findings(db: Database) -> list[tuple[str, str]]:
    found = await published(db, "gas.enforcement.v1")
    events = [msgspec.json.decode(row["value"], type=EnforcementEvent) for row in found]
    assert all(row["key"] == "op-1" and event.rule == "D07" for row, event in zip(found, events, strict=True))
    return [(str(event.device_id), event.state) for event in events]


async def last_device(db: Database) -> Device:
    return msgspec.json.decode((await published(db, "gas.device.v1"))[-1]["value"], type=Device)


async def test_a_detector_for_another_gas_is_not_activated(shop: Registry, db: Database) -> None:
    made = await shop.made("devices", device("lpg", gas="LPG"))
    assert (made["active"], made["inactive_reason"]) == (False, "D07")
    assert (await shop.get("devices/lpg")).json()["inactive_reason"] == "D07"
    assert (await last_device(db)).active is False
    assert await findings(db) == [("lpg", "found")]
    changed = await shop.patch("devices/lpg", {"gas": "CH4"}, 1)
    assert (changed.json()["active"], changed.json()["inactive_reason"]) == (True, None)
    assert await findings(db) == [("lpg", "found"), ("lpg", "ended")]


async def test_a_site_that_changes_its_gas_blocks_and_frees_its_devices(shop: Registry, db: Database) -> None:
    await shop.made("devices", device("valve", kind="valve", gas=None))
    await shop.made("devices", device("unknown", gas=None))
    assert (await shop.patch("sites/site-1", {"gas": "LPG"}, 1)).status_code == 200
    assert (await shop.get("devices/dev-1")).json()["active"] is False
    assert (await shop.get("devices/valve")).json()["active"] is True
    assert (await shop.get("devices/unknown")).json()["active"] is True
    assert await findings(db) == [("dev-1", "found")]
    assert (await shop.patch("sites/site-1", {"gas": None}, 2)).status_code == 200
    assert (await shop.get("devices/dev-1")).json()["active"] is True
    assert await findings(db) == [("dev-1", "found"), ("dev-1", "ended")]


async def test_a_gas_that_becomes_known_later_is_judged_then(shop: Registry, db: Database) -> None:
    await shop.made("sites", site("blank", gas=None))
    assert (await shop.made("devices", device("early", "blank")))["active"] is True
    assert (await shop.patch("sites/blank", {"gas": "LPG"}, 1)).status_code == 200
    assert (await shop.get("devices/early")).json()["active"] is False
    moved = await shop.patch("devices/early", {"site_id": "site-1"}, 2)
    assert moved.json()["active"] is True
    assert await findings(db) == [("early", "found"), ("early", "ended")]


async def test_a_blocked_device_that_retires_ends_its_finding(shop: Registry, db: Database) -> None:
    await shop.made("devices", device("lpg", gas="LPG"))
    retired = await shop.post("devices/lpg:retire", None)
    assert (retired.json()["active"], bool(retired.json()["retired_on"])) == (False, True)
    assert retired.json()["inactive_reason"] is None
    assert await findings(db) == [("lpg", "found"), ("lpg", "ended")]
    assert (await shop.post("devices/lpg:retire", None)).status_code == 409
    assert (await shop.patch("devices/lpg", {"zone": "x"}, 2)).status_code == 409
    assert (await shop.post("devices/lpg/credentials", None)).status_code == 409


async def test_a_controller_retires_after_the_devices_it_speaks_for(shop: Registry) -> None:
    await shop.made("devices", device("gate", kind="controller"))
    await shop.made("devices", device("near", controller_id="gate"))
    await shop.made("devices", device("moved", controller_id="gate"))
    refused = await shop.post("devices/gate:retire", None)
    assert refused.status_code == 409
    assert (await shop.get("devices/gate")).json()["retired_on"] is None
    assert (await shop.post("devices/near:retire", None)).status_code == 200
    assert (await shop.post("devices/gate:retire", None)).status_code == 409
    assert (await shop.patch("devices/moved", {"controller_id": None}, 1)).status_code == 200
    assert (await shop.post("devices/gate:retire", None)).status_code == 200


async def test_a_site_takes_its_devices_along(shop: Registry, db: Database) -> None:
    await shop.made("operators", operator("op-2", area_code="530621"))
    moved = await shop.patch("sites/site-1", {"operator_id": "op-2", "area_code": "530621"}, 1)
    assert moved.status_code == 200
    found = (await shop.get("devices/dev-1", tenant("op-2"))).json()
    assert (found["operator_id"], found["area_code"], found["revision"]) == ("op-2", "530621", 2)
    assert (await shop.get("devices/dev-1", tenant("op-1"))).status_code == 404
    assert (await last_device(db)).operator_id == "op-2"


async def test_a_reserved_site_reserves_its_devices(shop: Registry, db: Database) -> None:
    assert (await last_device(db)).reserved is False
    await shop.made("sites", site("canary-0", reserved=True))
    await shop.made("devices", device("canary-0-d", "canary-0"))
    assert (await last_device(db)).reserved is True
    assert (await shop.patch("sites/site-1", {"reserved": True}, 1)).status_code == 200
    last = await last_device(db)
    assert (last.device_id, last.reserved, last.revision) == ("dev-1", True, 2)
    assert (await shop.patch("sites/site-1", {"reserved": False}, 2)).status_code == 200
    assert (await last_device(db)).reserved is False
    assert (await shop.patch("devices/dev-1", {"site_id": "canary-0"}, 3)).status_code == 200
    assert (await last_device(db)).reserved is True


async def test_who_speaks_for_a_device(shop: Registry) -> None:
    await shop.made("devices", device("ctrl", kind="controller", gas=None))
    assert (await shop.made("devices", device("under", controller_id="ctrl")))["client_id"] == "ctrl"
    for controller in ("nobody", "dev-1", "self"):
        response = await shop.post("devices", device("self", controller_id=controller))
        assert response.status_code == 422
        assert response.json()["errors"][0]["loc"] == ["body", "controller_id"]
        assert response.json()["detail"].startswith("controller_id: ")
    freed = await shop.patch("devices/under", {"controller_id": None}, 1)
    assert freed.json()["client_id"] == "under"


async def test_maintenance_ends_by_itself(shop: Registry, db: Database) -> None:
    clock = (await rows(db.services["registry"].worker, "SELECT clock_timestamp() AS now"))[0]["now"]

    async def maintain(**away: float) -> Any:
        until = (clock + dt.timedelta(**away)).isoformat()
        return await shop.post("devices/dev-1:maintain", {"reason": "换传感器", "until": until})

    assert (await maintain(hours=4, minutes=1)).status_code == 422
    assert (await maintain(seconds=-1)).status_code == 422
    begun = await maintain(hours=2)
    assert begun.status_code == 200
    assert begun.json()["maintenance"]["by"] == "root"
    under = (await last_device(db)).maintenance
    assert under is not None
    assert under.until_ms == round((clock + dt.timedelta(hours=2)).timestamp() * 1000)

    async def tick() -> int:
        async with shop.store.worker() as unit:
            return await end_maintenance(unit, Context(shop.store.areas, await unit.moment(), "timer"))

    assert await tick() == 0
    assert (await maintain(seconds=1)).status_code in {200, 422}
    await rows(
        db.services["registry"].owner,
        "UPDATE device SET maintenance_until = clock_timestamp() - interval '1 second'"
        " WHERE maintenance IS NOT NULL",
    )
    assert await tick() == 1
    assert await tick() == 0
    assert (await shop.get("devices/dev-1")).json()["maintenance"] is None
    assert (await last_device(db)).maintenance is None


async def test_tests_count_in_coverage(shop: Registry) -> None:
    await shop.made("devices", device("valve", kind="valve", gas=None))

    async def coverage(**params: Any) -> Any:
        return (await shop.get("coverage", area="5306", **params)).json()["items"]

    whole = {"group": "530602", "area_code": "530602", "obliged": 1, "covered": 1, "ratio": 1.0}
    assert (await coverage(at="2026-06-01"))[0].items() >= whole.items()
    failed = {"kind": "check", "done_on": "2026-03-01", "result": "failed"}
    assert (await shop.post("devices/dev-1:record-test", failed)).status_code == 201
    assert (await coverage(at="2026-06-01"))[0]["missing"] == {"detector_test_failed": 1}
    assert (await coverage(at="2026-02-01"))[0]["covered"] == 1
    assert (await coverage(at="2026-06-01", known_at="2026-01-01T00:00:00Z")) == []
    passed = failed | {"done_on": "2026-04-01", "result": "passed"}
    assert (await shop.post("devices/dev-1:record-test", passed)).status_code == 201
    assert (await coverage(at="2026-06-01"))[0]["covered"] == 1
    assert (await coverage(at="2029-06-01"))[0]["missing"] == {"detector_past_life": 1}
    late = await shop.post("devices/dev-1:record-test", failed | {"done_on": "2099-01-01"})
    assert late.status_code == 422
    for field in ("result", "kind"):
        refused = await shop.post("devices/dev-1:record-test", failed | {field: "perhaps"})
        assert refused.status_code == 422
        assert [error["loc"] for error in refused.json()["errors"]] == [["body", field]]
        assert refused.json()["detail"].startswith(f"{field}: Input should be ")


async def test_coverage_by_group_residents_apart_and_who_lacks_what(shop: Registry) -> None:
    await shop.made("devices", device("valve", kind="valve", gas=None))
    await shop.made("sites", site("bare", area_code="530621", kind="market"))
    await shop.made("sites", site("home", kind="residential", obliged=False))
    await shop.made("sites", site("free", obliged=False))
    for group_by, expected in (
        ("county", [("530602", 1, 1), ("530621", 1, 0)]),
        ("operator", [("op-1", 2, 1)]),
        ("kind", [("market", 1, 0), ("residential", 0, 0), ("restaurant", 1, 1)]),
    ):
        items = (await shop.get("coverage", area="53", at="2026-06-01", group_by=group_by)).json()["items"]
        assert [(item["group"], item["obliged"], item["covered"]) for item in items] == expected
        assert sum(item["residential"]["sites"] for item in items) == 1
    lacking = (await shop.get("coverage:missing", area="53", at="2026-06-01")).json()["items"]
    assert [(item["site_id"], item["reasons"]) for item in lacking] == [
        ("bare", ["detector_missing", "valve_missing"])
    ]
    county = regulator("530621", "regulator_viewer")
    seen = (await shop.get("coverage", county, at="2026-06-01")).json()["items"]
    assert [item["group"] for item in seen] == ["530621"]
    assert (await shop.get("coverage", group_by="colour")).status_code == 422


async def test_credentials_are_shown_once_and_never_stored(shop: Registry, db: Database) -> None:
    headers = {"Idempotency-Key": "credentials"}
    response = await shop.ask("POST", "devices/dev-1/credentials", headers=headers)
    assert response.status_code == 201
    found = response.json()
    certificate = x509.load_pem_x509_certificate(found["certificate"].encode())
    assert certificate.subject.rfc4514_string() == "CN=dev-1"
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(found["ca"].encode()))
    assert "PRIVATE KEY" in found["key"]
    assert found["command_keys"] == {"keys": []}
    again = await shop.ask("POST", "devices/dev-1/credentials", headers=headers)
    assert "key" not in again.json()
    assert again.json()["certificate"] == found["certificate"]
    secret = found["key"].splitlines()[1]
    tables = await rows(
        db.services["registry"].owner, "SELECT tablename FROM pg_tables WHERE schemaname = 'registry'"
    )
    for table in tables:
        dump = await rows(
            db.services["registry"].owner, f"SELECT t::text AS line FROM {table['tablename']} t"
        )
        assert not any(secret in row["line"] for row in dump), table["tablename"]


async def test_many_credentials_at_once(shop: Registry) -> None:
    await shop.made("devices", device("dev-2"))
    response = await shop.post("devices:credentials", {"device_ids": ["dev-1", "dev-2"]})
    assert [item["device_id"] for item in response.json()["items"]] == ["dev-1", "dev-2"]
    absent = await shop.post("devices:credentials", {"device_ids": ["dev-1", "nobody", "noone"]})
    assert (absent.status_code, absent.json()["detail"]) == (404, "nobody, noone")
    assert (await shop.post("devices:credentials", {"device_ids": []})).status_code == 422


async def test_no_credentials_for_a_device_that_speaks_through_a_controller(shop: Registry) -> None:
    await shop.made("devices", device("ctrl", kind="controller", gas=None))
    await shop.made("devices", device("under", controller_id="ctrl"))
    said = "under speaks through ctrl: ask for the credentials of ctrl"
    for path, body in (
        ("devices/under/credentials", None),
        ("devices:credentials", {"device_ids": ["ctrl", "under"]}),
    ):
        refused = await shop.post(path, body)
        assert (refused.status_code, refused.json()["detail"]) == (409, said)
    assert (await shop.post("devices/ctrl/credentials", None)).status_code == 201
    assert (await shop.patch("devices/under", {"controller_id": None}, 1)).status_code == 200
    assert (await shop.post("devices/under/credentials", None)).status_code == 201


async def test_revoked_is_published_and_listed_until_issued_again(shop: Registry, db: Database) -> None:
    found = (await shop.post("devices/dev-1/credentials", None)).json()
    serial = x509.load_pem_x509_certificate(found["certificate"].encode()).serial_number
    assert (await shop.post("devices/dev-1:revoke-credentials", None)).json()["revoked"] is True
    assert (await last_device(db)).revoked is True

    def listed() -> x509.CertificateRevocationList:
        return x509.load_pem_x509_crl(shop.crl_file.read_bytes())

    assert listed().get_revoked_certificate_by_serial_number(serial) is not None
    remaining = listed().next_update_utc
    assert remaining is not None
    assert remaining - dt.datetime.now(dt.UTC) > dt.timedelta(days=29)
    again = (await shop.post("devices/dev-1/credentials", None)).json()
    assert (await last_device(db)).revoked is False
    fresh = x509.load_pem_x509_certificate(again["certificate"].encode()).serial_number
    assert listed().get_revoked_certificate_by_serial_number(fresh) is None
    assert listed().get_revoked_certificate_by_serial_number(serial) is not None


async def test_a_list_that_cannot_be_written_does_not_undo_the_revocation(shop: Registry) -> None:
    await shop.post("devices/dev-1/credentials", None)
    shop.crl_file.mkdir()
    response = await shop.post("devices/dev-1:revoke-credentials", None)
    assert response.json()["revoked"] is True
    shop.crl_file.rmdir()
    await shop.listed.settle()
    assert len(list(x509.load_pem_x509_crl(shop.crl_file.read_bytes()))) == 1
