"""Contacts, routes and deliveries as people read them, each held against the OpenAPI document."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notification.adapters import rows
from services.notification.adapters.channels import ConfiguredChannels
from services.notification.adapters.postgres import PostgresLedger
from services.notification.adapters.webhook import Webhook
from services.notification.entrypoints import api
from services.notification.handlers import Notifying
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.contracts.access import may
from tests.answers import HOOKS
from tests.conftest import DatabaseFactory
from tests.unit.notification.test_routing import notice

KEY = PrincipalKey(bytes(range(32)))
ADMIN = Principal("ma", frozenset({"operator_admin"}), operator_id="op1")
CONTACT = {
    "contact_id": "c1",
    "area_code": "530602",
    "name": "值班",
    "role": "watch",
    "addresses": [{"channel": "app", "address": "x"}],
}
ROUTE = {"route_id": "r1", "area_code": "530602", "topic": "alert", "priorities": ["P1"], "roles": ["watch"]}


class Api:
    def __init__(self, app: FastAPI, use: Notifying) -> None:
        self.use = use
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://notification", event_hooks=HOOKS
        )

    async def said(self, method: str, path: str, body: Any = None, *, changes: str = "") -> httpx.Response:
        headers = {HEADER: KEY.sign(ADMIN, "notification"), "Idempotency-Key": str(uuid.uuid4())}
        headers |= {"If-Match": changes} if changes else {}
        return await self.client.request(method, f"/api/v1/{path}", json=body, headers=headers)

    async def ask(self, method: str, path: str, body: Any = None, *, changes: str = "") -> dict[str, Any]:
        answer = await self.said(method, path, body, changes=changes)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found


@pytest.fixture
async def notification(database: DatabaseFactory) -> AsyncIterator[Api]:
    dsns = (await database("notification")).services["notification"]
    people = await open_pool(dsns.api, application_name="test")
    worker = await open_pool(dsns.worker, application_name="test")
    async with httpx.AsyncClient(trust_env=False) as client:
        channels = ConfiguredChannels({"app": "webhook:http://127.0.0.1:9/"}, Webhook(client, []))
        app = create_app("notification", health=Health(), key=KEY, may=may)
        api.add(app, api.Desk(people, rows, channels))
        made = Api(app, Notifying(PostgresLedger(worker, channels.lane), channels, {}))
        yield made
        await made.client.aclose()
    for pool in (people, worker):
        await pool.close()


async def test_a_contact_is_read_and_changed(notification: Api) -> None:
    made = await notification.ask("POST", "contacts", CONTACT)
    assert (await notification.ask("GET", "contacts"))["items"] == [made]
    changed = await notification.ask("PATCH", "contacts/c1", {"active": False}, changes='"1"')
    assert changed == made | {"active": False, "revision": 2}
    assert await notification.ask("GET", "contacts/c1") == changed


async def test_an_id_of_a_browsers_contact_cannot_be_taken(notification: Api) -> None:
    refused = await notification.said("POST", "contacts", CONTACT | {"contact_id": "push-wang"})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["loc"][-1] == "contact_id"


async def test_a_route_is_read_and_changed(notification: Api) -> None:
    made = await notification.ask("POST", "routes", ROUTE)
    assert (await notification.ask("GET", "routes"))["items"] == [made]
    changed = await notification.ask("PATCH", "routes/r1", {"rules": ["G02"]}, changes='"1"')
    assert changed == made | {"rules": ["G02"], "revision": 2}
    assert await notification.ask("GET", "routes/r1") == changed


async def test_a_delivery_is_read(notification: Api) -> None:
    await notification.ask("POST", "contacts", CONTACT)
    await notification.use.take_in(notice(), "m1")
    [pending] = (await notification.ask("GET", "deliveries"))["items"]
    assert (pending["state"], pending["ended_at"], pending["channel"]) == ("pending", None, "app")
    assert await notification.ask("GET", f"deliveries/{pending['delivery_id']}") == pending
