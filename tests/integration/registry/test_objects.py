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
    assert listed == {"items": [found], "next_cursor": None}


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
