"""Web Push (RFC 8030): encrypted for one browser (RFC 8291), signed by us (VAPID, RFC 8292)."""

import base64
import json
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from services.notification.adapters.webhook import Webhook
from services.notification.domain.model import Delivery, Result
from shared.chassis.service import StartError

TTL_S = 600
VAPID_S = 12 * 3600  # RFC 8292, section 2: at most 24 hours
BODY_CHARACTERS_MAX = 1_000
GONE = ("HTTP 404", "HTTP 410")
URGENCY = {"1": "high", "2": "high"}


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where a browser is rung, and the keys that only it can read with."""

    endpoint: str
    p256dh: str
    auth: str


def unpadded(text: str) -> bytes:
    """Return the bytes of base64url without padding; ValueError when it is none."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def public_key(text: str) -> ec.EllipticCurvePublicKey:
    """Return a browser's key (an uncompressed point of P-256); ValueError when it is none."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unpadded(text))


class PushKey:
    """The key by which push services know us."""

    def __init__(self, key: ECKey, contact: str) -> None:
        self._key = key
        self._contact = contact
        point = key.public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        self.public = base64.urlsafe_b64encode(point).decode().rstrip("=")

    @classmethod
    def load(cls, file: Path, contact: str) -> "PushKey":
        """Read the key, or make one when the file does not exist; StartError when it holds none."""
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as writer:
                writer.write(ECKey.generate_key("P-256").as_pem(private=True))
        try:
            return cls(ECKey.import_key(file.read_bytes()), contact)
        except (OSError, ValueError, JoseError) as error:
            raise StartError(f"GW_PUSH_KEY_FILE holds no P-256 key ({error}).") from error

    def authorization(self, origin: str) -> str:
        """Return the header that says who sends to a push service."""
        now = int(time.time())  # noqa: TID251 - expiry on the wall clock is what a token means
        claims = {"aud": origin, "exp": now + VAPID_S, "sub": self._contact}
        return f"vapid t={jwt.encode({'typ': 'JWT', 'alg': 'ES256'}, claims, self._key)}, k={self.public}"


class WebPush:
    """Sends deliveries to subscriptions; `webhook` calls allowed push services only."""

    def __init__(
        self,
        key: PushKey,
        webhook: Webhook,
        find: Callable[[str], Awaitable[Subscription | None]],
        forget: Callable[[str], Awaitable[None]],
    ) -> None:
        self.key = key
        self._webhook = webhook
        self._find = find
        self._forget = forget

    def check(self, endpoint: str) -> None:
        """Raise ValueError when nothing may be sent there."""
        self._webhook.check(endpoint)

    async def send(self, subscription_id: str, delivery: Delivery) -> Result:
        """Try once; a subscription that its push service no longer knows is forgotten."""
        found = await self._find(subscription_id)
        if found is None:
            return Result(delivered=False, detail="the browser has unsubscribed", final=True)
        try:
            self._webhook.check(found.endpoint)
            content = encrypted(found, told(delivery))
        except ValueError as error:
            return Result(delivered=False, detail=f"refused: {error}", final=True)
        parts = urlsplit(found.endpoint)
        headers = {
            "Authorization": self.key.authorization(f"{parts.scheme}://{parts.netloc}"),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(TTL_S),
            "Urgency": URGENCY.get(delivery.priority, "normal"),
        }
        result = await self._webhook.post(found.endpoint, content, headers)
        if result.detail in GONE:
            await self._forget(subscription_id)
            return Result(delivered=False, detail=result.detail, final=True)
        return result


def told(delivery: Delivery) -> bytes:
    """Return what the phone shows."""
    words = {
        "title": delivery.title,
        "body": delivery.body[:BODY_CHARACTERS_MAX],
        "topic": delivery.topic,
        "subject": delivery.subject,
        "site_id": delivery.site_id,
        "priority": f"P{delivery.priority}" if delivery.priority.isdecimal() else delivery.priority,
        "key": delivery.idempotency_key,
    }
    return json.dumps(words, ensure_ascii=False).encode()


def encrypted(subscription: Subscription, content: bytes) -> bytes:
    """Return `content` as only this browser reads it; ValueError when its keys are none."""
    from apprise.utils.pem import ApprisePEMController  # only where somebody is rung: it is large

    key = public_key(subscription.p256dh)
    return ApprisePEMController(path="").encrypt_webpush(content, key, unpadded(subscription.auth))
