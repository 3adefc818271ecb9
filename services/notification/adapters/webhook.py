"""Webhooks by httpx: to origins of the allow-list only, resolved once, never redirected.

Apprise's own json plugin could carry a header, but it resolves the name itself and may follow redirects, so
that the address that was checked need not be the one that is called.
"""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping

import httpx

from services.notification.domain.model import Delivery, Result
from services.notification.domain.targets import Origin, RefusedError, check, choose_address
from shared.chassis.times import rfc3339

SEND_LIMIT_S = 5.0
Resolve = Callable[[str, int], Awaitable[list[str]]]


async def resolve(host: str, port: int) -> list[str]:
    """Return the addresses of a name."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Webhook:
    """Posts deliveries as JSON with the header `Idempotency-Key`."""

    def __init__(
        self, client: httpx.AsyncClient, allowed: Iterable[Origin], resolve_name: Resolve = resolve
    ) -> None:
        self._client = client
        self._allowed = frozenset(allowed)
        self._resolve = resolve_name

    def check(self, url: str) -> Origin:
        """Return the origin of a URL that may be called; RefusedError otherwise."""
        return check(url, self._allowed)

    async def send(self, url: str, delivery: Delivery) -> Result:
        """Post a delivery as JSON, once."""
        headers = {"Idempotency-Key": delivery.idempotency_key, "Content-Type": "application/json"}
        return await self.post(url, json.dumps(payload(delivery), ensure_ascii=False).encode(), headers)

    async def post(self, url: str, content: bytes, headers: Mapping[str, str]) -> Result:
        """Post once; a redirect is a refusal."""
        try:
            origin = self.check(url)
            async with asyncio.timeout(SEND_LIMIT_S):
                found = [] if origin.literal else await self._resolve(origin.host, origin.port)
                answer = await self._post(url, choose_address(origin, found), content, headers)
        except RefusedError as error:
            return Result(delivered=False, detail=f"refused: {error}", final=True)
        except (OSError, TimeoutError, httpx.HTTPError) as error:
            return Result(delivered=False, detail=f"{type(error).__name__}: {error}")
        if answer.is_redirect:
            return Result(delivered=False, detail=f"refused: redirect {answer.status_code}", final=True)
        return Result(answer.is_success, f"HTTP {answer.status_code}")

    async def _post(
        self, url: str, address: str, content: bytes, headers: Mapping[str, str]
    ) -> httpx.Response:
        """Post to the address that was checked, in the name of the host that was asked for."""
        asked = httpx.URL(url)
        request = self._client.build_request(
            "POST",
            asked.copy_with(host=address),
            content=content,
            headers={**headers, "Host": asked.netloc.decode()},
            extensions={"sni_hostname": asked.host},
        )
        answer = await self._client.send(request, follow_redirects=False, stream=True)
        await answer.aclose()  # whatever it says, its status is all we want to know
        return answer


def payload(delivery: Delivery) -> dict[str, object]:
    """Return what a webhook is told."""
    return {
        "delivery_id": delivery.delivery_id,
        "idempotency_key": delivery.idempotency_key,
        "subject": delivery.subject,
        "topic": delivery.topic,
        "priority": delivery.priority,
        "site_id": delivery.site_id,
        "recipient": delivery.recipient,
        "channel": delivery.channel,
        "address": delivery.address,
        "language": delivery.language,
        "title": delivery.title,
        "body": delivery.body,
        "mark": delivery.mark,
        "attempt": delivery.attempts,
        "created_at": rfc3339(delivery.created_at_ms),
    }
