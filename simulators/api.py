"""A program's way into the portal: sign in with a one-time code, keep the token fresh, act once."""

import asyncio
import ssl
import time
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pyotp

REFRESH_S = 240.0


@dataclass(frozen=True)
class Credentials:
    """How somebody signs in."""

    username: str
    password: str
    totp_secret: str | None = None


class ApiError(Exception):
    """The portal refused; the text holds its problem."""

    def __init__(self, method: str, path: str, answer: httpx.Response) -> None:
        super().__init__(f"{method} {path}: {answer.status_code} {answer.text[:800]}")
        self.status = answer.status_code
        self.body = answer.text


class Api:
    """One person's session."""

    def __init__(self, url: str, who: Credentials, trusting: ssl.SSLContext | bool = True) -> None:
        self._who = who
        self._client = httpx.AsyncClient(base_url=url, timeout=60.0, trust_env=False, verify=trusting)
        self._token = ""
        self._fresh_until = 0.0
        self._signing_in = asyncio.Lock()

    async def close(self) -> None:
        """Forget the session."""
        await self._client.aclose()

    @property
    def token(self) -> str:
        """Return the session's token; empty before the first sign-in."""
        return self._token

    async def sign_in(self) -> None:
        """Sign in; the one-time code of the next step is used when this one's was."""
        body = {"username": self._who.username, "password": self._who.password}
        answer = None
        for ahead in (0, 30):
            if self._who.totp_secret:
                body["otp"] = pyotp.TOTP(self._who.totp_secret).at(int(time.time()) + ahead)
            answer = await self._client.post("/api/v1/session", json=body)
            if answer.status_code == 200:
                self._keep(answer)
                return
        if answer is not None:
            raise ApiError("POST", "/api/v1/session", answer)

    def _keep(self, answer: httpx.Response) -> None:
        self._token = answer.json()["token"]
        self._fresh_until = time.monotonic() + REFRESH_S

    async def _be_signed_in(self) -> None:
        """Sign in once, however many ask at the same time: a one-time code works once."""
        async with self._signing_in:
            if not self._token:
                await self.sign_in()
            elif time.monotonic() > self._fresh_until:
                answer = await self._client.post("/api/v1/session:refresh", headers=self._headers())
                if answer.status_code == 200:
                    self._keep(answer)
                else:
                    await self.sign_in()

    async def call(self, method: str, path: str, **options: Any) -> Any:
        """Send a request and return its JSON; ApiError when it is refused."""
        await self._be_signed_in()
        headers = self._headers() | options.pop("headers", {})
        if method == "POST":
            headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
        answer = await self._client.request(method, f"/api/v1/{path}", headers=headers, **options)
        if answer.status_code >= 400:
            raise ApiError(method, path, answer)
        return answer.json() if answer.content else None

    async def get(self, path: str, **parameters: Any) -> Any:
        """Return what a GET gives."""
        return await self.call("GET", path, params=parameters)

    async def post(self, path: str, body: Any = None) -> Any:
        """Act."""
        return await self.call("POST", path, json=body if body is not None else {})

    async def stream(self, name: str) -> AsyncIterator[dict[str, Any]]:
        """Yield what a live stream tells, until it ends."""
        await self._be_signed_in()
        limits = httpx.Timeout(10.0, read=60.0)
        async with self._client.stream(
            "GET", f"/api/v1/stream/{name}", headers=self._headers(), timeout=limits
        ) as answer:
            if answer.status_code != 200:
                await answer.aread()
                raise ApiError("GET", f"stream/{name}", answer)
            async for line in answer.aiter_lines():
                if line.startswith("data: ") and len(line) > 8:
                    yield orjson.loads(line[6:])

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}
