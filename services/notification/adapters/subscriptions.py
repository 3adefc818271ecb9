"""Browsers that are rung, and the contacts that name them."""

import hashlib
from typing import Any

from services.notification.adapters.push import Subscription, WebPush, public_key, unpadded
from services.notification.domain.model import OWN_CONTACTS
from shared.chassis.database import Connection, Pool

CHANNEL = "push"
PER_PERSON_MAX = 5
LANGUAGE = "zh-CN"
AUTH_BYTES = 16
_ALONE = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))"


def contact_of(person: dict[str, Any]) -> str:
    """Return the id of the contact of somebody's browsers: another one in another operator or area."""
    whose = f"{person['operator_id'] or person['area_code']}/{person['person']}"
    return OWN_CONTACTS + hashlib.sha256(whose.encode()).hexdigest()[:32]


class Subscriptions:
    """What the sender needs of them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, subscription_id: str) -> Subscription | None:
        """Return a subscription."""
        row = await self._pool.fetchrow(
            "SELECT endpoint, p256dh, auth FROM push_subscription WHERE subscription_id::text = $1",
            subscription_id,
        )
        return Subscription(row["endpoint"], row["p256dh"], row["auth"]) if row else None

    async def forget(self, subscription_id: str) -> None:
        """Forget a subscription that its push service no longer knows."""
        await self._pool.execute(
            "DELETE FROM push_subscription WHERE subscription_id::text = $1", subscription_id
        )


class Browsers:
    """Implements `ports.Browsers`, in the transaction of who asks."""

    def __init__(self, push: WebPush) -> None:
        self._push = push

    @property
    def public_key(self) -> str:
        """Return the key that a browser subscribes with."""
        return self._push.key.public

    def fault(self, endpoint: str, p256dh: str, auth: str) -> tuple[str, str] | None:
        """Return which field cannot be, and why."""
        try:
            self._push.check(endpoint)
        except ValueError as error:
            return "endpoint", str(error)
        try:
            public_key(p256dh)
            right = len(unpadded(auth)) == AUTH_BYTES
        except ValueError as error:
            return "keys", str(error)
        return None if right else ("keys", f"auth is not {AUTH_BYTES} bytes of base64url")

    async def add(self, connection: Connection, values: dict[str, Any]) -> str:
        """Keep a browser of somebody, five at most; it belongs to who signed in there last. Return its id.

        What its owner has in another scope ends: that one's alerts are nothing to who left it.
        """
        # Two tabs subscribe one browser: the second forgets what the first has kept, and finds it.
        await connection.execute(_ALONE, values["endpoint"])
        await connection.execute("SELECT forget_browser($1)", values["endpoint"])
        await connection.execute("SELECT forget_other_contacts($1)", contact_of(values))
        await connection.execute(
            "DELETE FROM push_subscription WHERE person = $1"
            " AND (operator_id, area_code) IS DISTINCT FROM ($2::text, $3::text)",
            *(values[name] for name in ("person", "operator_id", "area_code")),
        )
        await connection.execute(
            "INSERT INTO push_subscription (subscription_id, endpoint, p256dh, auth, person, operator_id,"
            " area_code, session_id) VALUES ($1::text::uuid, $2, $3, $4, $5, $6, $7, $8)",
            *(values[name] for name in (
                "subscription_id", "endpoint", "p256dh", "auth", "person", "operator_id", "area_code",
                "session_id",
            )),
        )  # fmt: skip
        await connection.execute(
            "DELETE FROM push_subscription WHERE person = $1 AND subscription_id NOT IN ("
            "SELECT subscription_id FROM push_subscription WHERE person = $1"
            " ORDER BY created_at DESC, subscription_id DESC LIMIT $2)",
            values["person"],
            PER_PERSON_MAX,
        )
        return str(values["subscription_id"])

    async def remove(self, connection: Connection, subscription_id: str) -> bool:
        """Forget one's own browser; False when there is none of this id."""
        status = await connection.execute(
            "DELETE FROM push_subscription WHERE subscription_id::text = $1", subscription_id
        )
        return str(status).endswith(" 1")

    async def silence(self, connection: Connection, person: str, session_ids: list[str]) -> None:
        """Forget the browsers that asked in these sessions of somebody."""
        await connection.execute(
            "DELETE FROM push_subscription WHERE person = $1 AND session_id = ANY($2::text[])",
            person,
            session_ids,
        )

    async def forget(self, connection: Connection, person: str) -> None:
        """Forget all browsers of somebody, and the contacts that name them."""
        await connection.execute("SELECT forget_person($1)", person)

    async def ring(self, connection: Connection, person: dict[str, Any]) -> None:
        """Have the contact of somebody name all browsers that are left; without any there is none."""
        contact_id = contact_of(person)
        # Two browsers of one person at once: the later one names what the other has kept.
        await connection.execute(_ALONE, contact_id)
        rows = await connection.fetch(
            "SELECT subscription_id::text FROM push_subscription WHERE person = $1 ORDER BY created_at",
            person["person"],
        )
        addresses = [{"channel": CHANNEL, "address": row["subscription_id"]} for row in rows]
        if not addresses:
            await connection.execute("DELETE FROM contact WHERE contact_id = $1", contact_id)
            return
        await connection.execute(
            "INSERT INTO contact (contact_id, operator_id, area_code, name, role, person, crew_id, language,"
            " addresses) VALUES ($1, $2, $3, $4, $5, $4, $6, coalesce($7, $9), $8) ON CONFLICT (contact_id)"
            " DO UPDATE SET addresses = $8, role = $5, crew_id = $6, active = true,"
            " language = coalesce($7, contact.language), revision = contact.revision + 1",
            contact_id,
            person["operator_id"],
            person["area_code"],
            person["person"],
            person["role"],
            person["crew_id"],
            person["language"],
            addresses,
            LANGUAGE,
        )
