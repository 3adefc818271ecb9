"""`/api/openapi.json`: one document of all services, made anew now and then, not for each who asks."""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import httpx
import orjson

from services.portal.domain.document import merged

ANSWER_LIMIT_S = 3.0
KEPT_S = 60.0
# A service that was away is there again soon.
PARTIAL_KEPT_S = 5.0


class Document:
    """Asks each service once at a time, and none for long: nobody who asks for it needs to be signed in."""

    def __init__(
        self, client: httpx.AsyncClient, upstreams: dict[str, str], own: Callable[[], dict[str, Any]]
    ) -> None:
        self._client = client
        self._upstreams = upstreams
        self._own = own
        self._turn = asyncio.Lock()
        self._made = b""
        self._until = 0.0

    async def text(self) -> bytes:
        """Return the document; a service that does not answer is left out."""
        async with self._turn:
            now = asyncio.get_running_loop().time
            if not self._made or now() >= self._until:
                found = await asyncio.gather(*(self._of(url) for url in self._upstreams.values()))
                there = {name: said for name, said in zip(self._upstreams, found, strict=True) if said}
                self._made = orjson.dumps(merged(self._own(), there))
                self._until = now() + (KEPT_S if len(there) == len(found) else PARTIAL_KEPT_S)
        return self._made

    async def _of(self, url: str) -> dict[str, Any] | None:
        with contextlib.suppress(httpx.HTTPError, ValueError, TimeoutError):
            async with asyncio.timeout(ANSWER_LIMIT_S):
                answer = await self._client.get(f"{url}/openapi.json")
                said: dict[str, Any] = answer.raise_for_status().json()
                return said
        return None
