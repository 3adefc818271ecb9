"""Dispatch as a process, and people who ask it."""

from pathlib import Path
from typing import Any

import httpx

from deploy.timescaledb.provision import Database
from tests.answers import HOOKS
from tests.component.dispatch.support import Bus, Service, environment, headers


class World:
    def __init__(
        self,
        service: Service,
        bus: Bus,
        database: Database,
        key: Path,
        bootstrap: str,
        prefix: str,
        folder: Path,
    ) -> None:
        self.service = service
        self.bus = bus
        self.database = database
        self.key = key
        self.bootstrap = bootstrap
        self.prefix = prefix
        self.folder = folder
        self.client = httpx.AsyncClient(base_url=service.url, trust_env=False, event_hooks=HOOKS)

    async def ask(
        self,
        method: str,
        path: str,
        *roles: str,
        json: Any = None,
        extra: dict[str, str] | None = None,
        **who: Any,
    ) -> httpx.Response:
        asked = headers(self.key, "dispatch", *(roles or ("dispatcher",)), **who) | (extra or {})
        return await self.client.request(method, f"/api/v1/{path}", json=json, headers=asked)

    async def crew(
        self, crew_id: str = "c1", longitude: float = 103.71, members: tuple[str, ...] = ("lead", "mate")
    ) -> None:
        body = {
            "crew_id": crew_id,
            "area_code": "530602",
            "name": crew_id,
            "lead": "lead",
            "members": list(members),
            "skills": ["leak"],
            "longitude": longitude,
            "latitude": 27.33,
        }
        assert (await self.ask("POST", "crews", json=body)).status_code == 201
        shift = {
            "shift_id": f"shift-{crew_id}",
            "crew_id": crew_id,
            "from": "2020-01-01T00:00:00+08:00",
            "to": "2099-01-01T00:00:00+08:00",
        }
        assert (await self.ask("POST", "shifts", json=shift)).status_code == 201

    async def orders(self, **filters: str) -> list[dict[str, Any]]:
        asked = headers(self.key, "dispatch", "dispatcher")
        answer = await self.client.get("/api/v1/orders", params=filters, headers=asked)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        return items

    async def mine(
        self, verb: str, order_id: str, json: Any = None, role: str = "crew_lead", crew_id: str = "c1"
    ) -> httpx.Response:
        return await self.ask(
            "POST", f"orders/{order_id}:{verb}", role, json=json, subject="lead", crew_id=crew_id
        )

    def another(self, **more: str) -> Service:
        settings = environment("dispatch", self.bootstrap, self.prefix, self.database, self.key, **more)
        return Service("dispatch", settings, self.folder)
