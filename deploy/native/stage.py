"""What must be there before every screen shows something: newcomers, a crew's orders, ways in."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from deploy.native.screens import CREW, OWES_FACTOR, OWES_PASSWORD
from simulators.api import Api, Credentials

ALERTS_LIMIT_S = 120.0
ASSIGNED_LIMIT_S = 30.0
POLL_S = 0.5
FRESH_S = 180.0
ADMINISTRATOR, OPENER, WATCH = "administrator", "watch-wumeng", "watch"
# What the crew is sent to, and what it has reported there.
ORDER = {
    "site_id": "u-530627-003",
    "kind": "response",
    "priority": "P1",
    "text": "后厨有燃气味，用户已关总阀",
    "alert_ids": [],
}
STEPS = ({"step": "cordoned"}, {"step": "evacuated", "note": "疏散 23 人"}, {"step": "ventilated"})


class Stage:
    """The stage of a running product whose accounts are known."""

    def __init__(self, portal: str, accounts: list[dict[str, Any]]) -> None:
        self.portal = portal
        self._who = {
            one["username"]: Credentials(one["username"], one["password"], one["totp_secret"])
            for one in accounts
        }
        self._tokens: dict[str, tuple[str, float]] = {}
        self._order = ""

    async def set(self) -> None:
        """Bring the newcomers, and an order that a crew works on."""
        await self._newcomers()
        async with self._as(OPENER) as opener:
            self._order = (await opener.post("orders", ORDER))["order_id"]
        async with self._as(CREW) as crew:
            await self._assigned(crew)
            for verb in ("accept", "depart", "arrive"):
                await crew.post(f"orders/{self._order}:{verb}")
            for step in STEPS:
                body = {"device_time": datetime.now(UTC).isoformat(), "readings": [], "attachment_ids": []}
                await crew.post(f"orders/{self._order}:step", body | step)

    async def _assigned(self, crew: Api) -> None:
        async with asyncio.timeout(ASSIGNED_LIMIT_S):
            while self._order not in {one["order_id"] for one in (await crew.get("orders"))["items"]}:
                await asyncio.sleep(POLL_S)

    async def clear(self) -> None:
        """End the crew's order: a crew gets an urgent one only while it has none."""
        async with self._as(CREW) as crew:
            await crew.post(f"orders/{self._order}:close")

    async def alarmed(self) -> None:
        """Wait until there is an urgent alert, and one that may be shelved."""
        async with asyncio.timeout(ALERTS_LIMIT_S), self._as(WATCH) as watch:
            while True:
                alerts = (await watch.get("alerts", active="true"))["items"]
                if {"P1", "P3"} <= {one["priority"] for one in alerts}:
                    return
                await asyncio.sleep(POLL_S)

    async def token(self, username: str) -> str:
        """Return a token of somebody that lives some minutes yet.

        That of somebody with a second factor is kept, for a code works once; others get one of their own each
        time, for the crew's app renews its session, and with it the token, as soon as it is opened.
        """
        token, at = self._tokens.get(username, ("", 0.0))
        if not token or time.monotonic() - at > FRESH_S:
            async with self._as(username) as api:
                await api.sign_in()
                token = api.token
            if self._who[username].totp_secret:
                self._tokens[username] = token, time.monotonic()
        return token

    @asynccontextmanager
    async def _as(self, username: str) -> AsyncIterator[Api]:
        api = Api(self.portal, self._who[username])
        try:
            yield api
        finally:
            await api.close()

    async def _newcomers(self) -> None:
        """One has the first password still; the other has one of their own, and no second factor yet."""
        async with self._as(ADMINISTRATOR) as administrator:
            for username in (OWES_PASSWORD, OWES_FACTOR):
                person = {
                    "username": username, "name": "新值班员", "role": "watch", "operator_id": "op-zhaoyun"
                }  # fmt: skip
                made = await administrator.post("people", person)
                self._who[username] = Credentials(username, made["password"])
        first = self._who[OWES_FACTOR].password
        own = first[::-1]
        async with self._as(OWES_FACTOR) as newcomer:
            await newcomer.post("people/me:password", {"password": first, "new_password": own})
        self._who[OWES_FACTOR] = Credentials(OWES_FACTOR, own)
