"""Firms in two counties with one of everything each, and people of every role around them.

Firm `a` and firm `b` work in the same county, firm `c` in another one of the same prefecture. Firm `d` is for
tests that leave traces: what it owns may be changed by them as they like.
"""

import asyncio
import json
import secrets
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pyotp

from deploy.native.places import PROJECT
from deploy.native.stack import Stack
from shared.contracts.access import AUTHORITY, CREW, FIRM

AREA_OF_FIRM = {"a": "530602", "b": "530602", "c": "530621", "d": "530602"}
PREFECTURE, OTHER_PREFECTURE = "530600", "530300"
API = "/api/v1/"
AT_ONCE = 12
SIGNING_IN_AT_ONCE = 2  # the portal hashes no more passwords at the same time
RESOURCES = (
    "operators", "licences", "sites", "devices", "valves", "alerts", "orders", "crews", "shifts", "contacts",
    "routes", "deliveries", "rule-proposals", "handovers", "attachments", "people", "sessions",
    "push-subscriptions",
)  # fmt: skip
# What an id looks like that nobody's thing has.
UUIDS = (
    "alerts", "orders", "deliveries", "rule-proposals", "handovers", "attachments", "sessions",
    "push-subscriptions",
)  # fmt: skip
NOWHERE = {name: str(uuid.UUID(int=7)) if name in UUIDS else f"no-{name}" for name in RESOURCES}
LIMIT_S = 60.0
KEEP_ALIVE_S = 1.0  # shorter than the server's, which else closes what is just being used
FRESH_S = 200.0  # a token lives for 600 s


@dataclass
class Person:
    """Somebody who signs in; `firm` is a letter, `area` a code."""

    username: str
    role: str
    firm: str | None = None
    area: str | None = None
    crew: str | None = None
    password: str = field(default_factory=lambda: secrets.token_urlsafe(12))
    totp_secret: str = field(default_factory=pyotp.random_base32)
    token: str = ""


@dataclass
class Owner:
    """Whose things these are: ids by resource."""

    name: str
    firm: str | None
    area: str
    crew: str | None
    things: dict[str, str]


def everybody(tail: str) -> list[Person]:
    """Return all people: each role of two firms and of two counties, and those who prepare and look in."""
    found = [Person(f"{role}-{firm}-{tail}", role, firm) for firm in "acd" for role in sorted(FIRM)]
    seeding = ("watch", "watch_supervisor", "dispatcher")
    found += [Person(f"{role}-b-{tail}", role, "b") for role in seeding]
    for firm, crew in (("a", "a"), ("a", "a2"), ("b", "b"), ("c", "c"), ("d", "d")):
        found += [
            Person(f"{role}-{crew}-{tail}", role, firm, crew=f"crew-{crew}-{tail}") for role in sorted(CREW)
        ]
    for area in sorted(set(AREA_OF_FIRM.values())):
        found += [Person(f"{role}-{area}-{tail}", role, area=area) for role in sorted(AUTHORITY)]
    for area in (PREFECTURE, OTHER_PREFECTURE):
        found.append(Person(f"regulator_officer-{area}-{tail}", "regulator_officer", area=area))
    administrators = ("administrator", "administrator-left", "administrator-closed")
    return [*found, *(Person(f"{name}-{tail}", "administrator") for name in administrators)]


class Ground:
    """The running product with these firms and people; `owners` are whose things are asked for."""

    def __init__(self, stack: Stack, folder: Path) -> None:
        self.stack, self.folder = stack, folder
        self.tail = secrets.token_hex(3)
        self.people = {one.username.removesuffix(f"-{self.tail}"): one for one in everybody(self.tail)}
        self.origin = stack.url("portal")
        self.http: httpx.AsyncClient
        self._fresh_until = 0.0
        self.owners: dict[str, Owner] = {}

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Hold connections of the loop that runs."""
        self._gate, self._door = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(SIGNING_IN_AT_ONCE)
        limits = httpx.Limits(max_connections=AT_ONCE, keepalive_expiry=KEEP_ALIVE_S)
        async with httpx.AsyncClient(base_url=self.origin, timeout=LIMIT_S, limits=limits) as self.http:
            yield

    async def stay_signed_in(self) -> None:
        """Give everybody a fresh token when the present ones grow old."""
        if time.monotonic() > self._fresh_until:
            self._fresh_until = time.monotonic() + FRESH_S
            await asyncio.gather(*(self._refresh(one) for one in self.people.values()))
            self.http.cookies.clear()

    async def _refresh(self, one: Person) -> None:
        answer = await self.ask(one, "POST", "session:refresh") if one.token else None
        if answer is None or answer.status_code != 200:
            await self.sign_in(one)
        else:
            one.token = answer.json()["token"]

    def operator(self, firm: str) -> str:
        return f"op-{firm}-{self.tail}"

    async def ask(self, who: Person | None, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request with a bearer token; nobody's without `who`."""
        given = {"Authorization": f"Bearer {who.token}"} if who else {}
        headers = given | options.pop("headers", {})
        async with self._gate:
            try:
                return await self.http.request(method, f"{API}{path}", headers=headers, **options)
            except (httpx.ReadError, httpx.RemoteProtocolError):
                # A kept connection may be closed just as it is used again.
                return await self.http.request(method, f"{API}{path}", headers=headers, **options)

    async def get(self, who: str, path: str, **params: str) -> Any:
        answer = await self.ask(self.people[who], "GET", path, params=params)
        assert answer.status_code == 200, f"{who} {path}: {answer.text}"
        return answer.json()

    async def do(self, who: str, path: str, body: Any = None, **options: Any) -> dict[str, Any]:
        given = options or {"json": body if body is not None else {}}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        answer = await self.ask(self.people[who], "POST", path, headers=key, **given)
        assert answer.status_code < 300, f"{who} {path}: {answer.text}"
        return dict(answer.json())

    async def add_everybody(self) -> None:
        """Create the accounts and sign everybody in."""
        file = self.folder / "accounts.json"
        file.write_text(json.dumps([self._account(one) for one in self.people.values()]))
        made = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "services.portal", "add-accounts", str(file)],
            env=self.stack.environment("portal"), cwd=PROJECT, check=False, capture_output=True, text=True,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        await self.stay_signed_in()

    def _account(self, one: Person) -> dict[str, Any]:
        return {
            "username": one.username, "password": one.password, "role": one.role, "name": one.username,
            "operator_id": self.operator(one.firm) if one.firm else None, "area_code": one.area,
            "crew_id": one.crew, "totp_secret": one.totp_secret,
        }  # fmt: skip

    async def sign_in(self, one: Person) -> None:
        """Sign in; if the time allows with the step before, so that this step's code is left for a valve."""
        async with self._door:
            await self._sign_in(one)

    async def _sign_in(self, one: Person) -> None:
        for ahead_s in (-30, 0):
            otp = pyotp.TOTP(one.totp_secret).at(int(time.time()) + ahead_s)
            body = {"username": one.username, "password": one.password, "otp": otp}
            answer = await self.ask(None, "POST", "session", json=body)
            if answer.status_code == 200:
                break
        assert answer.status_code == 200, answer.text
        one.token = answer.json()["token"]
