"""The API of all services behind one origin: each request goes on with a signed word on who asks."""

import asyncio
import contextlib
import hashlib
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from fastapi_problem.error import Problem
from starlette.types import Receive, Scope, Send

from services.portal.domain.people import Account
from services.portal.domain.routes import ARM, service_of
from services.portal.entrypoints.sessions import Who, address_of, token_of
from services.portal.handlers.auditing import Acts
from services.portal.handlers.signing_in import Sessions
from shared.chassis.http import problem
from shared.chassis.logs import get_logger
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.contracts.access import may, route_of

BODY_BYTES_MAX = 32 * 1024 * 1024
TIME_LIMIT_S = 30.0
# Nobody who ends sessions waits longer for notification.
SILENCE_LIMIT_S = 3.0
VALVE_LIMIT_S = 1.0
# Who gives a list as a file begins to send when it is whole.
FILE_LIMIT_S = 120.0
# To each service: one that hangs takes no connection to another.
CONNECTIONS_MAX = 50
FILES_MAX = 8
FILE_WAIT_S = 10.0
FILE_WHOLE_S = 600.0
_FILES = frozenset({"csv", "xlsx"})
_THERE = ("content-type", "accept", "if-match", "if-none-match", "idempotency-key", "traceparent")
_BACK = ("content-type", "etag", "content-disposition", "retry-after")


async def read_body(request: Request, limit: int = BODY_BYTES_MAX) -> bytes:
    """Return the body; 413 as soon as it is longer than `limit`."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise problem(413, "too-large", f"A request may have {limit // 1024 // 1024} MiB at most.")
        parts.append(part)
    return b"".join(parts)


def _json(content: bytes) -> Any:
    """Return what a body says; of what is no JSON its length and hash."""
    if not content:
        return None
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _otp_in(body: bytes) -> str:
    said = _json(body)
    code = said.get("otp") if isinstance(said, dict) else None
    return code.strip() if isinstance(code, str) else ""


@contextlib.contextmanager
def _answering(service: str) -> Iterator[None]:
    try:
        yield
    except httpx.TimeoutException as error:
        raise problem(504, "timeout", f"The {service} service did not answer in time.") from error
    except httpx.TransportError as error:
        raise problem(503, "unavailable", f"The {service} service is not there right now.") from error


@contextlib.asynccontextmanager
async def open_clients(
    upstreams: Iterable[str],
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Give what asks services, and what fetches files: however slow one is, acts have connections."""
    # Given up before a service closes it (5 s): a request on a connection that ends would be a 503.
    kept = httpx.Limits(max_connections=CONNECTIONS_MAX, max_keepalive_connections=20, keepalive_expiry=2.0)
    few = httpx.Limits(max_connections=FILES_MAX, max_keepalive_connections=0)
    context = httpx.create_ssl_context(trust_env=False)
    own = {url: httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=kept) for url in upstreams}
    async with (
        httpx.AsyncClient(timeout=TIME_LIMIT_S, trust_env=False, verify=context, mounts=own) as client,
        httpx.AsyncClient(timeout=FILE_LIMIT_S, trust_env=False, verify=context, limits=few) as files,
    ):
        yield client, files


@dataclass(frozen=True, slots=True)
class Behind:
    """The services behind the portal; `files` fetches what may be slow."""

    client: httpx.AsyncClient
    upstreams: dict[str, str]
    key: PrincipalKey
    files: httpx.AsyncClient | None = None

    async def ask(
        self,
        principal: Principal,
        method: str,
        path: str,
        *,
        params: Any = None,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request on in the name of `principal`; a service that is away is a problem."""
        service, url = self._place(path)
        signed = (headers or {}) | {HEADER: self.key.sign(principal, service)}
        with _answering(service):
            answer = await self.client.request(method, url, params=params, content=body, headers=signed)
        if answer.has_redirect_location:  # where the service stands concerns nobody
            raise _nothing()
        return answer

    async def file(self, principal: Principal, path: str, params: Any) -> Response:
        """Pass a file on as it comes, however large."""
        service, url = self._place(path)
        signed = {HEADER: self.key.sign(principal, service)}
        client, limit = self.files or self.client, httpx.Timeout(FILE_LIMIT_S, pool=FILE_WAIT_S)
        asked = client.build_request("GET", url, params=params, headers=signed, timeout=limit)
        with _answering(service):
            answer = await client.send(asked, stream=True)
        if answer.has_redirect_location:
            await answer.aclose()
            raise _nothing()
        return Passed(answer)

    async def stop_ringing(self, principal: Principal, username: str) -> None:
        """Have no browser of somebody be rung any more, after an act that ended all sessions."""
        await self._rung_off(principal, "DELETE", "push-subscriptions", username, params={"person": username})

    async def silence(self, principal: Principal, session_ids: list[str]) -> None:
        """Have the browsers of sessions that their owner ended be rung no more."""
        body = orjson.dumps({"session_ids": session_ids})
        headers = {"Content-Type": "application/json"}
        path = "push-subscriptions:silence"
        await self._rung_off(principal, "POST", path, principal.subject, body=body, headers=headers)

    async def _rung_off(self, principal: Principal, method: str, path: str, of: str, **asked: Any) -> None:
        """Ask notification what follows from sessions that have ended.

        They have: that notification is away now is only said in the log.
        """
        try:
            async with asyncio.timeout(SILENCE_LIMIT_S):
                answer = await self.ask(principal, method, path, **asked)
            fault = f"answered {answer.status_code}" if answer.is_error else ""
        except Problem as error:
            fault = error.title
        except TimeoutError:
            fault = "no answer in time"
        if fault:
            get_logger().error("browsers of ended sessions may still ring", of=of, error=fault)

    def _place(self, path: str) -> tuple[str, str]:
        service = service_of(path)
        if service is None or service not in self.upstreams:
            raise _nothing()
        return service, f"{self.upstreams[service]}/api/v1/{path}"

    async def object_at(self, principal: Principal, path: str) -> Any:
        """Return the object that a path acts on, as it is now; None when it acts on a collection."""
        if path.startswith("valves/"):
            return await self.valve(principal, path)
        collection, slash, rest = path.partition("/")
        id_ = rest.partition("/")[0].partition(":")[0]
        if not slash or not may(principal.roles, "GET", f"{collection}/{id_}"):
            return None
        answer = await self.ask(principal, "GET", f"{collection}/{id_}")
        return _json(answer.content) if answer.status_code == 200 else None

    async def valve(self, principal: Principal, path: str) -> Any:
        """Return the valve that a path acts on as the register has it, so that its area may read of the act.

        Nobody waits for the register to close a valve: None where it does not answer at once.
        """
        id_ = path.partition("/")[2].partition("/")[0].partition(":")[0]
        try:
            async with asyncio.timeout(VALVE_LIMIT_S):
                answer = await self.ask(principal, "GET", f"devices/{id_}")
        except (Problem, TimeoutError):
            return None
        return _json(answer.content) if answer.status_code == 200 else None


async def _blocks(answer: httpx.Response) -> AsyncIterator[bytes]:
    """Give what comes; a file that breaks off ends the connection, so that nobody takes it for whole."""
    async with contextlib.aclosing(answer):
        async for block in answer.aiter_raw():
            yield block


class Passed(StreamingResponse):
    """A file that is passed on as it comes; whoever does not read it gives its connection up in the end."""

    def __init__(self, answer: httpx.Response) -> None:
        self._answer = answer
        super().__init__(_blocks(answer), answer.status_code, headers=_back(answer))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, within a limit."""
        try:
            async with asyncio.timeout(FILE_WHOLE_S):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            get_logger().warning("a file was not read in time", path=scope["path"], limit_s=FILE_WHOLE_S)
        finally:
            await self._answer.aclose()


def _nothing() -> Problem:
    return problem(404, "not-found", "There is nothing here.")


def _back(answer: httpx.Response) -> dict[str, str]:
    return {name: answer.headers[name] for name in _BACK if name in answer.headers}


def router(behind: Behind, sessions: Sessions, acts: Acts) -> APIRouter:
    """Return the one route that forwards everything."""
    routes = APIRouter(prefix="/api/v1")

    async def confirmed(account: Account, principal: Principal, request: Request, body: bytes) -> Principal:
        second = await sessions.confirm(account, principal.session_id, _otp_in(body))
        if second is None:
            await sessions.sign_out(token_of(request))
            await acts.happened(principal, "DELETE session", "session", address_of(request), 401)
            raise problem(401, "unauthorised", "Too many wrong codes: sign in again.")
        return replace(principal, second_factor=second)

    async def acted(principal: Principal, path: str, request: Request, body: bytes) -> httpx.Response:
        intent = await acts.intend(
            principal, route_of(request.method, path), path, address_of(request),
            body=_json(body), before=await behind.object_at(principal, path),
        )  # fmt: skip
        try:
            answer = await forwarded(principal, path, request, body)
        except Exception as error:
            await acts.done(intent, getattr(error, "status", 500), None)
            raise
        await acts.done(intent, answer.status_code, _json(answer.content))
        return answer

    async def forwarded(principal: Principal, path: str, request: Request, body: bytes) -> httpx.Response:
        headers = {name: request.headers[name] for name in _THERE if name in request.headers}
        return await behind.ask(
            principal, request.method, path, params=request.query_params, body=body, headers=headers
        )

    @routes.api_route(
        "/{path:path}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"], include_in_schema=False
    )
    async def forward(path: str, request: Request, asking: Who) -> Response:
        account, principal = asking
        if request.method == "GET" and request.query_params.get("format") in _FILES:
            return await behind.file(principal, path, request.query_params)
        body = await read_body(request)
        if request.method == "POST" and ARM.match(path):
            principal = await confirmed(account, principal, request, body)
        act = forwarded if request.method == "GET" else acted
        answer = await act(principal, path, request, body)
        return Response(answer.content, answer.status_code, headers=_back(answer))

    return routes
