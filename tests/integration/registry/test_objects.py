import asyncio
from typing import Any

from deploy.timescaledb.provision import Database
from tests.integration.registry.harness import Registry, device, licence, operator, rows, site


async def test_creation_answers_with_the_whole_object_and_its_etag(shop: Registry) -> None:
    response = await shop.get("devices/dev-1")
    assert response.status_code == 200
    assert response.headers["etag"] == '"1"'
    found = response.json()
    assert found["operator_id"] == "op-1"
    assert found["area_code"] == "530602"
    assert found["client_id"] == "dev-1"
    assert found["active"] is True
    assert found["heartbeat_s"] == 60
    assert found["registered_at"].endswith("Z")
    listed = (await shop.get("devices", site_id="site-1")).json()
    names = {"operator_name": operator()["name"], "site_name": site()["name"]}
    assert listed == {"items": [found | names], "next_cursor": None}


async def test_a_licence_keeps_the_wires_names(shop: Registry) -> None:
    made = await shop.made("licences", licence())
    assert made["class"] == "pipeline"
    assert made["state"] == "valid"
    assert made["area_codes"] == ["530602"]


async def test_changes_need_the_right_etag(shop: Registry) -> None:
    assert (await shop.patch("sites/site-1", {"name": "新店"}, None)).status_code == 428
    changed = await shop.patch("sites/site-1", {"name": "新店"}, 1)
    assert changed.status_code == 200
    assert changed.json()["name"] == "新店"
    assert changed.headers["etag"] == '"2"'
    assert (await shop.patch("sites/site-1", {"name": "旧店"}, 1)).status_code == 412


async def test_the_same_id_twice_is_a_conflict(shop: Registry) -> None:
    for path, body in (("operators", operator()), ("sites", site()), ("devices", device())):
        assert (await shop.post(path, body)).status_code == 409


async def test_everything_is_published(shop: Registry, db: Database) -> None:
    found = await rows(
        db.services["registry"].worker,
        "SELECT topic, key, convert_from(value, 'UTF8') v FROM outbox ORDER BY seq",
    )
    assert [(row["topic"], row["key"]) for row in found] == [
        ("gas.operator.v1", "op-1"),
        ("gas.site.v1", "site-1"),
        ("gas.device.v1", "dev-1"),
    ]


async def test_pages_follow_one_another(shop: Registry) -> None:
    for number in range(5):
        await shop.made("devices", device(f"more-{number}"))
    first = (await shop.get("devices", limit=4)).json()
    assert [item["device_id"] for item in first["items"]] == ["dev-1", "more-0", "more-1", "more-2"]
    second = (await shop.get("devices", limit=4, cursor=first["next_cursor"])).json()
    assert [item["device_id"] for item in second["items"]] == ["more-3", "more-4"]
    assert second["next_cursor"] is None


async def test_lists_filter_by_what_they_show(shop: Registry) -> None:
    await shop.made("devices", device("ctrl", kind="controller", gas=None))
    await shop.made("devices", device("under", controller_id="ctrl", zone="hall"))
    await shop.made("licences", licence())
    cases: tuple[tuple[str, dict[str, Any], list[str]], ...] = (
        ("devices", {"client_id": "ctrl"}, ["ctrl", "under"]),
        ("devices", {"controller_id": "ctrl"}, ["under"]),
        ("devices", {"device_id": "dev-1"}, ["dev-1"]),
        ("devices", {"zone": "hall", "kind": "detector"}, ["under"]),
        ("devices", {"area": "5303"}, []),
        ("licences", {"class": "pipeline", "number": "滇lic-1"}, ["lic-1"]),
        ("sites", {"operator_id": "op-1", "area": "5306"}, ["site-1"]),
        ("operators", {"operator_id": "op-1"}, ["op-1"]),
    )
    for what, params, ids in cases:
        items = (await shop.get(what, **params)).json()["items"]
        assert [item[f"{what[:-1]}_id"] for item in items] == ids, params
    assert (await shop.get("devices", colour="red")).status_code == 422
    assert (await shop.get("devices", area="999999")).status_code == 422
    assert (await shop.get("devices", cursor="nonsense")).status_code == 422


async def test_of_two_changes_at_once_one_is_stale(shop: Registry) -> None:
    answers = await asyncio.gather(
        *(shop.patch("sites/site-1", {"name": f"店{n}"}, 1) for n in range(6)),
        *(shop.post("devices", device("twin")) for _ in range(6)),
    )
    assert sorted(answer.status_code for answer in answers) == [200, 201, *[409] * 5, *[412] * 5]


async def test_a_gas_that_changes_while_devices_come_is_judged_for_all(shop: Registry) -> None:
    async def flip() -> None:
        for revision in range(1, 7):
            gas = "LPG" if revision % 2 else "CH4"
            assert (await shop.patch("sites/site-1", {"gas": gas}, revision)).status_code == 200

    await asyncio.gather(flip(), *(shop.made("devices", device(f"d-{n}")) for n in range(30)))
    assert (await shop.patch("sites/site-1", {"gas": "LPG"}, 7)).status_code == 200
    listed = (await shop.get("devices", limit=100)).json()["items"]
    assert len(listed) == 31
    assert not any(item["active"] for item in listed)
    assert (await shop.patch("sites/site-1", {"gas": "CH4"}, 8)).status_code == 200
    listed = (await shop.get("devices", limit=100)).json()["items"]
    assert all(item["active"] for item in listed)


async def test_what_nobody_looks_at_is_refused(shop: Registry) -> None:
    """A filter with a typing error would show everything, or nothing."""
    for path, name, value in (
        ("sites", "operater_id", "op-1"),
        ("sites", "kind", "bar"),
        ("sites/site-1", "att", "2026-01-01"),
        ("unlicensed", "reason", "bogus"),
        ("unlicensed", "areas", "5306"),
        ("coverage", "cursor", "x"),
    ):
        response = await shop.ask("GET", path, params={name: value})
        assert response.status_code == 422, (path, name)
        assert response.json()["errors"][0]["loc"][:2] == ["query", name], response.text
    assert (await shop.ask("GET", "sites", None, params={"bogus": "1"})).status_code == 401
    assert (await shop.get("sites", operator_id="op-1", kind="restaurant")).status_code == 200


async def test_an_unknown_verb_is_not_there(shop: Registry) -> None:
    assert (await shop.post("sites/site-1:bogus", {})).status_code == 404
    assert (await shop.post("sites/site-1", {})).status_code == 405


async def test_a_key_that_is_too_long_is_told_so(shop: Registry) -> None:
    headers = {"Idempotency-Key": "k" * 201}
    response = await shop.ask("POST", "sites", json=site("s-2"), headers=headers)
    assert (response.status_code, response.json()["type"]) == (400, "idempotency-key-too-long")
