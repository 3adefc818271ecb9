"""The API of all services behind one origin: each request goes on with a signed word on who asks."""

from dataclasses import replace

import httpx
import orjson
from fastapi import APIRouter, Request, Response

from services.portal.domain.routes import ARM, service_of
from services.portal.entrypoints.sessions import Who, token_of
from services.portal.handlers import Sessions
from shared.chassis.http import problem
from shared.chassis.principal import HEADER, PrincipalKey

BODY_BYTES_MAX = 32 * 1024 * 1024
TIME_LIMIT_S = 30.0
_THERE = ("content-type", "accept", "if-match", "if-none-match", "idempotency-key", "traceparent")
_BACK = ("content-type", "etag", "location", "content-disposition", "retry-after")


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


def _otp_in(body: bytes) -> str:
    try:
        code = orjson.loads(body)["otp"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return ""
    return code.strip() if isinstance(code, str) else ""


def router(
    client: httpx.AsyncClient, upstreams: dict[str, str], key: PrincipalKey, sessions: Sessions
) -> APIRouter:
    """Return the one route that forwards everything."""
    routes = APIRouter(prefix="/api/v1")

    @routes.api_route(
        "/{path:path}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"], include_in_schema=False
    )
    async def forward(path: str, request: Request, asking: Who) -> Response:
        account, principal = asking
        service = service_of(path)
        if service is None or service not in upstreams:
            raise problem(404, "not-found", "There is nothing here.")
        body = await read_body(request)
        if request.method == "POST" and ARM.match(path):
            second = await sessions.confirm(account, principal.session_id, _otp_in(body))
            if second is None:
                await sessions.sign_out(token_of(request))
                raise problem(401, "unauthorised", "Too many wrong codes: sign in again.")
            principal = replace(principal, second_factor=second)
        headers = {name: request.headers[name] for name in _THERE if name in request.headers}
        headers[HEADER] = key.sign(principal, service)
        url = f"{upstreams[service]}/api/v1/{path}"
        try:
            answer = await client.request(
                request.method, url, params=request.query_params, content=body, headers=headers
            )
        except httpx.TimeoutException as error:
            raise problem(504, "timeout", f"The {service} service did not answer in time.") from error
        except httpx.TransportError as error:
            raise problem(503, "unavailable", f"The {service} service is not there right now.") from error
        back = {name: answer.headers[name] for name in _BACK if name in answer.headers}
        return Response(answer.content, answer.status_code, headers=back)

    return routes


async def openapi(
    client: httpx.AsyncClient, upstreams: dict[str, str], own: dict[str, object]
) -> dict[str, object]:
    """Return one OpenAPI document of all services; one that does not answer is left out."""
    merged = orjson.loads(orjson.dumps(own))
    schemas = merged.setdefault("components", {}).setdefault("schemas", {})
    for service, url in sorted(upstreams.items()):
        try:
            found = (await client.get(f"{url}/openapi.json")).json()
        except (httpx.HTTPError, ValueError):
            continue
        text = orjson.dumps(found)
        for name in found.get("components", {}).get("schemas", {}):
            text = text.replace(
                f'"#/components/schemas/{name}"'.encode(), f'"#/components/schemas/{service}.{name}"'.encode()
            )
        renamed = orjson.loads(text)
        merged["paths"].update(renamed.get("paths", {}))
        for name, schema in renamed.get("components", {}).get("schemas", {}).items():
            schemas[f"{service}.{name}"] = schema
    found_document: dict[str, object] = merged
    return found_document
