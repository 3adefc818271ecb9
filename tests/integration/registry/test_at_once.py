"""Two at once, with the second caught waiting: what the locks are for."""

import asyncio
import time

import httpx

from deploy.timescaledb.provision import Database
from services.registry.domain.kinds import DEVICE, OPERATOR, SITE
from services.registry.entrypoints import models
from services.registry.entrypoints.resources import columns
from services.registry.handlers import changing, registering
from services.registry.handlers.registering import Context
from services.registry.ports import Unit
from tests.integration.registry.harness import ADMIN, Registry, device, licence, rows

LIMIT_S = 5.0


async def waits_or_ends(db: Database, task: "asyncio.Task[httpx.Response]") -> bool:
    """Return True when the request waits for a lock, False when it ended without."""
    end = time.monotonic() + LIMIT_S
    while not task.done():
        found = await rows(
            db.services["registry"].owner,
            "SELECT 1 FROM pg_locks WHERE NOT granted AND pid IN"
            " (SELECT pid FROM pg_stat_activity WHERE datname = current_database())",
        )
        if found:
            return True
        assert time.monotonic() < end
    return False


async def context(shop: Registry, unit: Unit) -> Context:
    return Context(shop.store.areas, await unit.moment(), "first")


async def test_the_second_change_waits_and_finds_itself_stale(shop: Registry, db: Database) -> None:
    async with shop.store.unit(ADMIN) as unit:
        first = await context(shop, unit)
        await changing.change(unit, SITE, "site-1", 1, {"name": "先"}, first, None)
        second = asyncio.create_task(shop.patch("sites/site-1", {"name": "后"}, 1))
        assert await waits_or_ends(db, second)
    assert (await second).status_code == 412
    assert (await shop.get("sites/site-1")).json()["name"] == "先"


async def test_a_site_changes_only_after_the_devices_that_came_before(shop: Registry, db: Database) -> None:
    async with shop.store.unit(ADMIN) as unit:
        given = columns(models.NewDevice(**device("new")))
        await registering.register(unit, DEVICE, [given], await context(shop, unit), None)
        change = asyncio.create_task(shop.patch("sites/site-1", {"gas": "LPG"}, 1))
        assert await waits_or_ends(db, change)
    assert (await change).status_code == 200
    assert (await shop.get("devices/new")).json()["active"] is False


async def test_devices_that_come_during_a_change_are_judged_by_the_new_gas(
    shop: Registry, db: Database
) -> None:
    async with shop.store.unit(ADMIN) as unit:
        await changing.change(unit, SITE, "site-1", 1, {"gas": "LPG"}, await context(shop, unit), None)
        coming = asyncio.create_task(shop.post("devices", device("new")))
        assert await waits_or_ends(db, coming)
    answer = await coming
    assert answer.status_code == 201, answer.text
    assert answer.json()["active"] is False


async def test_a_licence_that_comes_while_its_holder_moves_belongs_to_the_new_area(
    shop: Registry, db: Database
) -> None:
    async with shop.store.unit(ADMIN) as unit:
        moved = {"area_code": "530302"}
        await changing.change(unit, OPERATOR, "op-1", 1, moved, await context(shop, unit), None)
        coming = asyncio.create_task(shop.post("licences", licence()))
        assert await waits_or_ends(db, coming)
    answer = await coming
    assert answer.status_code == 201, answer.text
    found = await rows(db.services["registry"].worker, "SELECT area_code FROM licence")
    assert [row["area_code"] for row in found] == ["530302"]


async def test_who_waits_holds_up_nobody_else_by_the_keys_that_expired(shop: Registry, db: Database) -> None:
    await rows(
        db.services["registry"].worker,
        "INSERT INTO idempotency VALUES ('somebody', 'old', '', 200, '{}', now() - interval '2 days')",
    )
    async with shop.store.unit(ADMIN) as unit:
        await changing.load(unit, DEVICE, "dev-1")
        waiting = asyncio.create_task(shop.post("devices/dev-1:revoke-credentials", {}))
        assert await waits_or_ends(db, waiting)
        async with asyncio.timeout(LIMIT_S):
            assert (await shop.post("devices", device("new"))).status_code == 201
    assert (await waiting).status_code == 200
    left = await rows(db.services["registry"].worker, "SELECT 1 FROM idempotency WHERE key = 'old'")
    assert left == []
