"""Ringing a browser: encrypted for it alone, and forgotten when its push service says so."""

import asyncio
import base64
import json
import uuid
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from services.notification.adapters.push import PushKey, WebPush, unpadded
from services.notification.adapters.subscriptions import Browsers, Subscriptions
from services.notification.adapters.webhook import Webhook
from services.notification.domain.model import Delivery
from services.notification.domain.targets import origin_of
from services.notification.entrypoints import push_api
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.contracts.access import may
from tests.answers import HOOKS

SERVICE = "http://127.0.0.1:9"
KEY = PrincipalKey(bytes(range(32)))


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Browser:
    """What a browser holds, and how it reads what it is sent (RFC 8291)."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = uuid.uuid4().bytes
        self._point = self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )
        self.endpoint = f"{SERVICE}/send/{uuid.uuid4()}"

    def subscription(self, **more: Any) -> dict[str, Any]:
        keys = {"p256dh": encoded(self._point), "auth": encoded(self._auth)}
        return {"endpoint": self.endpoint, "keys": keys} | more

    def read(self, content: bytes) -> dict[str, Any]:
        salt, size = content[:16], content[20]
        point, text = content[21 : 21 + size], content[21 + size :]
        sender = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        shared = self._key.exchange(ec.ECDH(), sender)

        def derived(secret: bytes, salted: bytes, info: bytes, length: int) -> bytes:
            return HKDF(hashes.SHA256(), length, salted, info).derive(secret)

        secret = derived(shared, self._auth, b"WebPush: info\0" + self._point + point, 32)
        key = derived(secret, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = derived(secret, salt, b"Content-Encoding: nonce\0", 12)
        plain = AESGCM(key).decrypt(nonce, text, None)
        assert plain.endswith(b"\x02")
        found: dict[str, Any] = json.loads(plain[:-1])
        return found


class PushService:
    """What stands behind an endpoint."""

    def __init__(self) -> None:
        self.heard: list[httpx.Request] = []
        self.status = 201

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.heard.append(request)
        return httpx.Response(self.status)


class Rig:
    """Notification's part of ringing, on the real database."""

    def __init__(self, app: FastAPI, push: WebPush, service: PushService, pool: Any) -> None:
        self.push, self.service, self.pool = push, service, pool
        self._client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://notification", event_hooks=HOOKS
        )

    async def ask(
        self,
        method: str,
        path: str,
        who: str,
        body: Any = None,
        *,
        operator: str | None = "op-a",
        role: str = "crew_member",
        session: str = "session-1",
    ) -> httpx.Response:
        asking = Principal(who, frozenset({role}), operator_id=operator, crew_id="crew-1", session_id=session)
        headers = {HEADER: KEY.sign(asking, "notification"), "Idempotency-Key": str(uuid.uuid4())}
        return await self._client.request(method, f"/api/v1/{path}", json=body, headers=headers)

    async def contacts(self) -> list[dict[str, Any]]:
        rows = await self.pool.fetch(
            "SELECT contact_id, person, operator_id, crew_id, addresses FROM contact"
        )
        return [dict(row) for row in rows]


@pytest.fixture
async def rig(database, tmp_path):
    found = (await database("notification")).services["notification"]
    people = await open_pool(found.api, application_name="test")
    worker = await open_pool(found.worker, application_name="test")
    service = PushService()
    client = httpx.AsyncClient(transport=httpx.MockTransport(service))
    key = PushKey.load(tmp_path / "push.key", "mailto:a@b.invalid")
    kept = Subscriptions(worker)
    push = WebPush(key, Webhook(client, {origin_of(SERVICE)}), kept.find, kept.forget)
    app = create_app("notification", health=Health(), key=KEY, may=may)
    push_api.add(app, people, Browsers(push))
    yield Rig(app, push, service, worker)
    for pool in (people, worker):
        await pool.close()


def delivery(address: str) -> Delivery:
    return Delivery(
        delivery_id="d", idempotency_key="k", subject="order-1", topic="order", site_id="s",
        operator_id="op-a", area_code="530602", priority="1", recipient="member", channel="push",
        address=address, language="zh-CN", title="抢修派单", body="云岭饭店", mark="", attempts=1,
        created_at_ms=0,
    )  # fmt: skip


async def subscribed(rig, browser, who="member", operator="op-a", session="session-1") -> str:
    answer = await rig.ask(
        "POST", "push-subscriptions", who, browser.subscription(), operator=operator, session=session
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["subscription_id"])


async def test_only_the_browser_reads_what_it_is_sent_and_the_service_knows_us(rig):
    browser = Browser()
    result = await rig.push.send(await subscribed(rig, browser), delivery("x"))
    assert result.delivered
    (request,) = rig.service.heard
    told = browser.read(request.content)
    assert (told["title"], told["subject"], told["priority"]) == ("抢修派单", "order-1", "P1")
    assert b"order-1" not in request.content
    scheme, fields = request.headers["authorization"].split(" ", 1)
    token, key = (part.strip().partition("=")[2] for part in fields.split(","))
    assert (scheme, key) == ("vapid", (await rig.ask("GET", "push-key", "member")).json()["key"])
    point = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(key))
    pem = point.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert jwt.decode(token, ECKey.import_key(pem)).claims["aud"] == SERVICE
    assert request.headers["urgency"] == "high"


async def test_the_contact_of_a_person_names_the_browsers_that_are_left(rig):
    first, second = Browser(), Browser()
    one, two = await subscribed(rig, first), await subscribed(rig, second)
    (contact,) = await rig.contacts()
    assert [address["address"] for address in contact["addresses"]] == [one, two]
    assert (contact["person"], contact["crew_id"]) == ("member", "crew-1")
    assert (await rig.ask("DELETE", f"push-subscriptions/{one}", "lead")).status_code == 404
    for gone in (one, two):
        assert (await rig.ask("DELETE", f"push-subscriptions/{gone}", "member")).status_code == 204
    assert await rig.contacts() == []


async def test_browsers_that_subscribe_at_once_are_all_named(rig):
    made = await asyncio.gather(*(subscribed(rig, Browser()) for _ in range(5)))
    (contact,) = await rig.contacts()
    assert sorted(address["address"] for address in contact["addresses"]) == sorted(made)


async def test_two_tabs_of_one_browser_subscribe_it_once(rig):
    tabs = [Browser() for _ in range(4)]
    asked = [{**tab.subscription(), "endpoint": tabs[0].subscription()["endpoint"]} for tab in tabs]
    answers = await asyncio.gather(*(rig.ask("POST", "push-subscriptions", "member", body) for body in asked))
    assert [answer.status_code for answer in answers] == [201] * 4
    (contact,) = await rig.contacts()
    assert len(contact["addresses"]) == 1


async def test_a_browser_belongs_to_who_signed_in_there_last(rig):
    browser = Browser()
    first = await subscribed(rig, browser, "member")
    second = await subscribed(rig, browser, "lead")
    assert (await rig.push.send(first, delivery("x"))).final
    assert (await rig.push.send(second, delivery("x"))).delivered


async def test_who_moves_to_another_operator_is_rung_there_only(rig):
    old = await subscribed(rig, Browser())
    new = await subscribed(rig, Browser(), operator="op-b")
    (contact,) = await rig.contacts()
    assert (contact["operator_id"], [one["address"] for one in contact["addresses"]]) == ("op-b", [new])
    assert (await rig.push.send(old, delivery("x"))).final
    assert (await rig.push.send(new, delivery("x"))).delivered


async def test_an_administrator_ends_the_ringing_of_one_person(rig):
    gone, kept = await subscribed(rig, Browser()), await subscribed(rig, Browser(), "lead")
    path = "push-subscriptions?person=member"
    assert (await rig.ask("DELETE", path, "lead")).status_code == 403
    asked = await rig.ask("DELETE", path, "root", operator=None, role="administrator")
    assert asked.status_code == 204
    assert [contact["person"] for contact in await rig.contacts()] == ["lead"]
    assert (await rig.push.send(gone, delivery("x"))).final
    assert (await rig.push.send(kept, delivery("x"))).delivered


async def test_a_lost_phone_is_silent_when_its_owner_ends_its_session(rig):
    lost = await subscribed(rig, Browser(), session="lost")
    kept = await subscribed(rig, Browser(), session="here")
    ended = {"session_ids": ["lost", "here"]}
    assert (await rig.ask("POST", "push-subscriptions:silence", "lead", ended)).status_code == 204
    assert (await rig.push.send(lost, delivery("x"))).delivered, "nobody silences another one's phone"
    ended = {"session_ids": ["lost"]}
    assert (await rig.ask("POST", "push-subscriptions:silence", "member", ended)).status_code == 204
    assert (await rig.push.send(lost, delivery("x"))).final
    assert (await rig.push.send(kept, delivery("x"))).delivered
    (contact,) = await rig.contacts()
    assert [address["address"] for address in contact["addresses"]] == [kept]


async def test_a_browser_that_is_gone_is_forgotten(rig):
    found = await subscribed(rig, Browser())
    rig.service.status = 410
    assert (await rig.push.send(found, delivery("x"))).final
    assert (await rig.push.send(found, delivery("x"))).detail == "the browser has unsubscribed"
    assert len(rig.service.heard) == 1


@pytest.mark.parametrize(
    "endpoint",
    ["http://127.0.0.1:10/x", "https://fcm.googleapis.com.evil.invalid/x", "file:///etc/passwd", "http://[::1]:9/x"],
)  # fmt: skip
async def test_nothing_but_an_allowed_push_service_is_called(rig, endpoint):
    browser = Browser()
    answer = await rig.ask("POST", "push-subscriptions", "member", browser.subscription(endpoint=endpoint))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][-1] == "endpoint"


@pytest.mark.parametrize("keys", [{"p256dh": "AAAA", "auth": "AAAA"}, {"p256dh": "!", "auth": "!"}])
async def test_keys_that_are_none_are_refused(rig, keys):
    answer = await rig.ask("POST", "push-subscriptions", "member", Browser().subscription(keys=keys))
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["loc"][-1] == "keys"


async def test_a_session_that_ends_does_not_change_the_language_of_the_other_browsers(rig):
    for session in ("desk", "phone"):
        body = Browser().subscription(language="en")
        made = await rig.ask("POST", "push-subscriptions", "member", body, session=session)
        assert made.status_code == 201
    silenced = await rig.ask("POST", "push-subscriptions:silence", "member", {"session_ids": ["desk"]})
    assert silenced.status_code == 204
    (row,) = await rig.pool.fetch("SELECT language, addresses FROM contact")
    assert (row["language"], len(row["addresses"])) == ("en", 1)
