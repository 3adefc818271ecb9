"""The registry's API in this process on a real database, and people who ask it."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from deploy.native.pki import Authority
from deploy.timescaledb.provision import Database
from services.registry.adapters.authority import FileAuthority
from services.registry.adapters.broker import RevocationList
from services.registry.adapters.keys import KeyFile
from services.registry.adapters.store import PostgresStore
from services.registry.app import web
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from tests.answers import HOOKS

CREDIT_CODE = "91110000600037341L"
ADMIN = Principal("root", frozenset({"administrator"}))
RAW_KEY = bytes(range(32))
_numbers = itertools.count()


def tenant(operator_id: str) -> Principal:
    return Principal(f"admin-{operator_id}", frozenset({"operator_admin"}), operator_id=operator_id)


def regulator(area_code: str, role: str = "regulator_officer") -> Principal:
    return Principal(f"{role}-{area_code}", frozenset({role}), area_code=area_code)


@dataclass
class Registry:
    """The API, its store and the files of its authority."""

    client: httpx.AsyncClient
    key: PrincipalKey
    store: PostgresStore
    listed: RevocationList
    crl_file: Path

    async def ask(
        self, method: str, path: str, asking: Principal | None = ADMIN, **options: Any
    ) -> httpx.Response:
        headers = {"Idempotency-Key": f"k{next(_numbers)}"} | options.pop("headers", {})
        if asking is not None:
            headers[HEADER] = self.key.sign(asking, "registry")
        return await self.client.request(method, f"/api/v1/{path}", headers=headers, **options)

    async def post(self, path: str, body: Any, asking: Principal = ADMIN, **options: Any) -> httpx.Response:
        return await self.ask("POST", path, asking, json=body, **options)

    async def get(self, path: str, asking: Principal = ADMIN, **params: Any) -> httpx.Response:
        return await self.ask("GET", path, asking, params=params)

    async def patch(
        self, path: str, body: Any, revision: int | None, asking: Principal = ADMIN, **params: Any
    ) -> httpx.Response:
        headers = {} if revision is None else {"If-Match": f'"{revision}"'}
        return await self.ask("PATCH", path, asking, json=body, headers=headers, params=params)

    async def made(self, path: str, body: Any, asking: Principal = ADMIN, **options: Any) -> dict[str, Any]:
        response = await self.post(path, body, asking, **options)
        assert response.status_code == 201, response.text
        found: dict[str, Any] = response.json()
        return found


@asynccontextmanager
async def registry(database: Database, folder: Path) -> AsyncIterator[Registry]:
    files = Authority(folder / "pki")
    files.create()
    authority = FileAuthority(files.certificate_file, files.key_file)
    dsns = database.services["registry"]
    api = await open_pool(dsns.api, application_name="registry api")
    worker = await open_pool(dsns.worker, application_name="registry worker")
    store = await PostgresStore.open(api, worker)
    health = Health()
    crl_file = folder / "crl.pem"
    listed = RevocationList(worker, authority, crl_file, None, health)
    key = PrincipalKey(RAW_KEY)
    app = web(store, authority, KeyFile(None), listed, health, key)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    try:
        async with httpx.AsyncClient(
            transport=transport, base_url="http://registry", event_hooks=HOOKS
        ) as client:
            yield Registry(client, key, store, listed, crl_file)
    finally:
        await api.close()
        await worker.close()


def operator(operator_id: str = "op-1", **changes: Any) -> dict[str, Any]:
    return {
        "operator_id": operator_id,
        "name": "昭通某燃气有限公司",
        "credit_code": CREDIT_CODE,
        "area_code": "530602",
    } | changes


def site(site_id: str = "site-1", operator_id: str = "op-1", **changes: Any) -> dict[str, Any]:
    return {
        "site_id": site_id,
        "operator_id": operator_id,
        "name": "某小吃店",
        "kind": "restaurant",
        "area_code": "530602",
        "address": "某街 1 号",
        "longitude": 103.7,
        "latitude": 27.3,
        "obliged": True,
        "auto_close": True,
        "gas": "CH4",
    } | changes


def device(device_id: str = "dev-1", site_id: str = "site-1", **changes: Any) -> dict[str, Any]:
    return {
        "device_id": device_id,
        "site_id": site_id,
        "zone": "kitchen",
        "kind": "detector",
        "gas": "CH4",
        "lel_basis_volpct": 5.0,
        "model": "M1",
        "serial": "S-1",
        "installed_on": "2026-01-10",
    } | changes


def licence(licence_id: str = "lic-1", operator_id: str = "op-1", **changes: Any) -> dict[str, Any]:
    return {
        "licence_id": licence_id,
        "operator_id": operator_id,
        "number": f"滇{licence_id}",
        "class": "pipeline",
        "area_codes": ["530602"],
        "issued_by": "昭通市住房和城乡建设局",
        "issued_on": "2025-01-01",
        "valid_from": "2025-01-01",
        "valid_to": "2027-12-31",
    } | changes


async def rows(dsn: str, sql: str, *parameters: Any) -> list[Any]:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetch(sql, *parameters)
    finally:
        await connection.close()
