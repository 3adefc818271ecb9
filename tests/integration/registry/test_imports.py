import csv
import io
import resource
import time
from typing import Any

import pytest

from deploy.timescaledb.provision import Database
from tests.integration.registry.harness import (
    ADMIN,
    Registry,
    device,
    licence,
    operator,
    rows,
    site,
    tenant,
)

CSV = {"Content-Type": "text/csv"}


def table(lines: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]))
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue().encode()


async def send(reg: Registry, what: str, body: bytes, asking=ADMIN, **params: Any):
    return await reg.ask("POST", f"{what}:import", asking, content=body, headers=CSV, params=params)


async def count(db: Database, what: str) -> int:
    found = await rows(db.services["registry"].worker, f"SELECT count(*) n FROM {what}")
    return int(found[0]["n"])


async def test_all_four_kinds_are_imported_and_published(reg: Registry, db: Database) -> None:
    for what, line in (
        ("operators", operator()),
        ("licences", licence() | {"area_codes": "530602;5303"}),
        ("sites", site() | {"contacts": '[{"name": "店主", "phone": "13800000000"}]'}),
        ("devices", device() | {"limits": ""}),
    ):
        response = await send(reg, what, table([line]))
        assert response.status_code == 200, response.text
        assert response.json() == {"rows": 1, "imported": 1, "errors": [], "dry_run": False}
    assert (await reg.get("licences/lic-1")).json()["area_codes"] == ["530602", "5303"]
    assert (await reg.get("sites/site-1")).json()["contacts"][0]["name"] == "店主"
    assert await count(db, "outbox") == 4


async def test_a_dry_run_says_what_would_happen_and_does_nothing(reg: Registry, db: Database) -> None:
    bad = operator("op-2", area_code="999999")
    response = await send(reg, "operators", table([operator(), bad]), dry_run="true")
    assert response.status_code == 200
    found = response.json()
    assert found["dry_run"] is True
    assert [(e["row"], e["field"]) for e in found["errors"]] == [(3, "area_code")]
    assert await count(db, "operator") == 0
    assert await count(db, "outbox") == 0


async def test_one_wrong_row_imports_nothing(reg: Registry, db: Database) -> None:
    lines = [operator(f"op-{n}") for n in range(5)] + [operator("op-x", credit_code="91110000600037341X")]
    response = await send(reg, "operators", table(lines))
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert [(e["row"], e["field"]) for e in response.json()["errors"]] == [(7, "credit_code")]
    assert await count(db, "operator") == 0


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
async def test_utf_8_with_and_without_a_mark(reg: Registry, bom: bytes) -> None:
    assert (await send(reg, "operators", bom + table([operator()]))).status_code == 200
    assert (await reg.get("operators/op-1")).json()["name"] == operator()["name"]


async def test_another_encoding_is_named(reg: Registry) -> None:
    for encoding, word in (("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("shift_jis", "not UTF-8")):
        text = table([operator(name="日本語" if encoding == "shift_jis" else "燃气")]).decode()
        response = await send(reg, "operators", text.encode(encoding))
        assert response.status_code == 422
        assert word in response.json()["errors"][0]["reason"]


async def test_a_missing_an_unknown_and_a_repeated_column(reg: Registry) -> None:
    line = operator()
    del line["credit_code"]
    response = await send(reg, "operators", table([line]))
    assert response.json()["errors"] == [{"row": 1, "field": "credit_code", "reason": "missing column"}]
    response = await send(reg, "operators", table([operator() | {"revision": 7}]))
    assert response.json()["errors"][0]["reason"] == "unknown column"
    response = await send(reg, "operators", b"name,name\n")
    assert response.status_code == 422


async def test_every_row_is_told_of_in_the_order_of_the_rows(reg: Registry) -> None:
    bad = operator("op-x", credit_code="91110000600037341X")
    body = table([bad, operator("op-2", area_code="999999"), operator("op-3"), bad | {"operator_id": "op-4"}])
    body = body.replace(b"op-3,", b"op-3,one,too,many,")
    response = await send(reg, "operators", body)
    found = response.json()
    fields = [(2, "credit_code"), (3, "area_code"), (4, ""), (5, "credit_code")]
    assert [(error["row"], error["field"]) for error in found["errors"]] == fields
    assert "Value error" not in response.text
    alone = await send(reg, "operators", table([bad]))
    assert alone.json()["title"] == "Nothing was imported: 1 error."


async def test_an_import_is_no_json(reg: Registry) -> None:
    response = await reg.ask("POST", "operators:import", json=[operator()])
    assert response.status_code == 415


async def test_duplicate_ids_in_the_file_and_in_the_database(shop: Registry) -> None:
    lines = [device("new-1"), device("dev-1"), device("new-1")]
    response = await send(shop, "devices", table(lines))
    assert response.status_code == 422
    found = {(e["row"], e["reason"]) for e in response.json()["errors"]}
    assert found == {(3, "already registered"), (4, "duplicate id: row 2 has it already")}


async def test_an_id_of_another_tenant_is_taken_too(shop: Registry) -> None:
    await shop.made("operators", operator("op-2"))
    await shop.made("sites", site("site-2", "op-2"))
    response = await send(
        shop, "devices", table([device("mine", "site-2"), device("dev-1", "site-2")]), tenant("op-2")
    )
    assert response.status_code == 422
    assert response.json()["errors"] == [{"row": 3, "field": "device_id", "reason": "already registered"}]
    assert (await shop.get("devices/mine")).status_code == 404


async def test_what_another_tenant_owns_does_not_exist(shop: Registry) -> None:
    await shop.made("operators", operator("op-2"))
    response = await send(shop, "devices", table([device("theirs")]), tenant("op-2"))
    assert response.json()["errors"] == [{"row": 2, "field": "site_id", "reason": "there is no such site"}]


async def test_a_controller_may_stand_below_its_devices(shop: Registry) -> None:
    lines = [
        device("under", controller_id="ctrl"),
        device("ctrl", kind="controller", gas="", lel_basis_volpct="", controller_id=""),
    ]
    assert (await send(shop, "devices", table(lines))).status_code == 200
    assert (await shop.get("devices/under")).json()["client_id"] == "ctrl"
    lines = [device("lost", controller_id="nobody")]
    response = await send(shop, "devices", table(lines))
    assert response.json()["errors"][0]["field"] == "controller_id"


async def test_what_is_no_table_is_refused(reg: Registry) -> None:
    for body, word in (
        (b"", "empty"),
        (b'operator_id,name,credit_code,area_code\n"a', "not CSV"),
        (b"operator_id,name,credit_code,area_code\na,b\n", "2 cells"),
        (b"\x00\x01\x02\xff\xfe", "wrong encoding"),
    ):
        response = await send(reg, "operators", body)
        assert response.status_code == 422
        assert word in response.json()["errors"][0]["reason"]


async def test_cells_are_read_as_what_they_say(shop: Registry) -> None:
    good = site("a", obliged="true", auto_close="no", longitude="103.70", altitude_m="1900")
    assert (await send(shop, "sites", table([good]))).status_code == 200
    found = (await shop.get("sites/a")).json()
    assert (found["obliged"], found["auto_close"], found["longitude"], found["altitude_m"]) == (
        True,
        False,
        103.7,
        1900,
    )
    response = await send(shop, "devices", table([device("x", installed_on="20260101")]))
    assert response.json()["errors"][0]["field"] == "installed_on"


async def test_an_uploaded_file(reg: Registry) -> None:
    files = {"file": ("operators.csv", table([operator()]), "text/csv")}
    response = await reg.ask("POST", "operators:import", files=files)
    assert response.status_code == 200, response.text


async def test_a_body_too_large_is_refused(reg: Registry) -> None:
    response = await send(reg, "operators", b"x" * (32 * 1024 * 1024 + 1))
    assert response.status_code == 413


async def test_the_same_import_again_answers_the_same(reg: Registry, db: Database) -> None:
    for _ in range(2):
        headers = CSV | {"Idempotency-Key": "once"}
        response = await reg.ask("POST", "operators:import", content=table([operator()]), headers=headers)
        assert response.json()["imported"] == 1
    assert await count(db, "operator") == 1


async def test_a_hundred_thousand_rows(shop: Registry, db: Database) -> None:
    """In reasonable time and bounded memory, published whole; a wrong one among them stops all."""
    lines = [device(f"bulk-{n}", serial=str(n)) for n in range(100_000)]
    body = table(lines)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    response = await send(shop, "devices", body)
    took_s = time.monotonic() - begun
    grown_mib = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert response.status_code == 200, response.text[:300]
    assert response.json()["imported"] == 100_000
    assert await count(db, "outbox") == 100_003
    assert took_s < 60
    assert grown_mib < 150
    bad = table([*(device(f"again-{n}") for n in range(2000)), device("bad", installed_on="yesterday")])
    assert (await send(shop, "devices", bad)).json()["errors"][0]["row"] == 2002
