"""HTTP of every service alike: problems (RFC 9457), who asks, pages, ETags, health and metrics."""

import base64
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute
from fastapi_problem.error import Problem as _Problem
from fastapi_problem.handler import (
    add_exception_handler,
    http_exception_handler_,
    new_exception_handler,
)

from shared.chassis import metrics
from shared.chassis.bodies import BodyLimit
from shared.chassis.database import AWAY
from shared.chassis.health import Health
from shared.chassis.openapi import REFUSALS, document
from shared.chassis.principal import HEADER, Principal, PrincipalKey

LIMIT_DEFAULT = 50
LIMIT_MAX = 500
REVISION_DIGITS_MAX = 9


def problem(status: int, type_: str, title: str, detail: str = "", **extra: Any) -> _Problem:
    """Return the exception that answers a request with an RFC 9457 problem; raise it anywhere."""
    return _Problem(title, type_=type_, detail=detail or None, status=status, **extra)


def reason_of(fault: Any) -> str:
    """Return what pydantic says is wrong, without its word for the kind of error."""
    return str(fault["msg"]).removeprefix("Value error, ")


def field_problem(
    field: str, reason: str, *, status: int = 422, where: str = "body", code: str = "value_error"
) -> _Problem:
    """Return a problem that names the field that is wrong and why; `code` says so in a screen's own words."""
    return fields_problem({field: reason}, status=status, where=where, code=code)


def fields_problem(
    reasons: Mapping[str, str], *, status: int = 422, where: str = "body", code: str = "value_error"
) -> _Problem:
    """Return a problem that names all fields that are wrong and why."""
    errors = [{"loc": [where, name], "msg": why, "type": code} for name, why in reasons.items()]
    said = "; ".join(f"{name}: {why}" for name, why in reasons.items())
    return problem(status, "request-validation-failed", said, said, errors=errors)


def query_problem(names: str | Sequence[str], reason: str) -> _Problem:
    """Return a problem that names the query parameter that is wrong, or all that are, and why."""
    names = (names,) if isinstance(names, str) else names
    return fields_problem(dict.fromkeys(names, reason), where="query")


def _read_by(dependant: Any) -> Iterator[str]:
    """Give the query parameters that a route and what it depends on read."""
    yield from (field.alias for field in dependant.query_params)
    for one in dependant.dependencies:
        yield from _read_by(one)


async def _only_known(request: Request) -> None:
    """Refuse a query parameter that nobody looks at: a filter with a typing error would show everything.

    Whoever is not signed in is told that first. Parameters that a route reads by itself stand in its
    `openapi_extra`.
    """
    route = request.scope.get("route")
    if HEADER not in request.headers or not isinstance(route, APIRoute):
        return
    if ":path}" in route.path:
        return  # passes everything on; who answers looks at it
    known = set(_read_by(route.dependant))
    known |= {one["name"] for one in (route.openapi_extra or {}).get("parameters", ())}
    for name in request.query_params:
        if name not in known:
            raise query_problem(name, "not a parameter of this")


def query_parameters(*names: str) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads these query parameters by itself."""
    return {"parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]}


def _refused(_handler: Any, request: Request, error: Exception) -> _Problem:
    """Answer an unknown verb as what does not exist; its path is that of an id with another method."""
    found: _Problem
    if getattr(error, "status_code", 0) == 405 and ":" in request.url.path.rpartition("/")[2]:
        return not_found("verb")
    found = http_exception_handler_(_handler, request, error)  # type: ignore[arg-type]
    type_ = found.type.removeprefix("http-")
    return problem(found.status, type_, found.title, found.detail or "", headers=found.headers)


def not_found(what: str, detail: str = "") -> _Problem:
    """Return the answer for what does not exist or belongs to another tenant; `detail` = which of many."""
    return problem(404, "not-found", f"There is no such {what}.", detail)


def _unavailable(_handler: Any, _request: Request, error: Exception) -> _Problem:
    return problem(503, "unavailable", "The service cannot reach what it needs.", type(error).__name__)


def _unstorable(_handler: Any, _request: Request, error: Exception) -> _Problem:
    """Answer what passed every check, but which no text or number of the database can hold (U+0000 …)."""
    logging.getLogger("http").warning("input that cannot be stored: %s", type(error).__name__)
    return problem(422, "request-validation-failed", "A text or number in this request cannot be stored.")


def _invisible(_handler: Any, _request: Request, _error: Exception) -> _Problem:
    """Answer what row-level security refused although a check above should have: a stranger's row."""
    return not_found("object")


def _invalid(_handler: Any, _request: Request, error: Any) -> _Problem:
    """Name the wrong fields; what was sent is not repeated, for it may be a password or no JSON."""
    errors = [
        {"type": fault["type"], "loc": fault["loc"], "msg": reason_of(fault)} for fault in error.errors()
    ]
    text = json.dumps(errors, default=str, ensure_ascii=False).encode(errors="replace")
    kept = orjson.loads(text)
    where = [str(part) for part in kept[0]["loc"]]
    # Of a body that is no JSON the place is named, which is no field.
    whole = len(where) == 1 or kept[0]["type"] == "json_invalid"
    field = where[0] if whole else ".".join(where[1:])
    detail = f"{field}: {kept[0]['msg']}"
    return problem(422, "request-validation-failed", "Request validation error.", detail, errors=kept)


def _unhandled(_handler: Any, _request: Request, _error: Exception) -> _Problem:
    """Answer a fault of ours; what it was stands in the log only."""
    return problem(500, "unhandled-exception", "Something went wrong here; it was noted.")


May = Callable[[Iterable[str], str, str], bool]
"""Whether one of these roles may use this method on this path below `/api/v1/`."""


def _nobody(_roles: Iterable[str], _method: str, _path: str) -> bool:
    return False


def create_app(name: str, *, health: Health, key: PrincipalKey | None, may: May = _nobody) -> FastAPI:
    """Return an app with `/healthz`, `/readyz`, `/metrics` and problems for every error.

    Every route that asks who asks (`Asking`) is refused unless `may` allows it.
    """
    app = FastAPI(
        title=f"Gaswatch {name}",
        version="1",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(_only_known)],
        responses=REFUSALS,
    )
    app.state.name = name
    app.state.key = key
    app.state.may = may
    app.add_middleware(BodyLimit)
    # The first that fits answers.
    handlers: dict[type[Exception], Any] = dict.fromkeys(AWAY, _unavailable)
    handlers |= {
        asyncpg.DataError: _unstorable,
        UnicodeEncodeError: _unstorable,
        asyncpg.InsufficientPrivilegeError: _invisible,
    }
    made = new_exception_handler(
        logger=logging.getLogger("http"),
        handlers=handlers,
        request_validation_handler=_invalid,
        http_exception_handler=_refused,
    )
    # One by one: what only `Exception` catches is raised again, which costs the client its connection.
    for kind in handlers:
        app.add_exception_handler(kind, made)
    # The library puts its own first; what nobody else answers comes last.
    made.handlers[Exception] = _unhandled
    add_exception_handler(app, made)
    # It described problems of its own there.
    app.openapi = lambda: document(app)  # type: ignore[method-assign]

    @app.get("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    async def readyz() -> Response:
        body = orjson.dumps({"ready": health.ready, "facts": health.report()})
        return Response(body, 200 if health.ready else 503, media_type="application/json")

    @app.get("/metrics", include_in_schema=False)
    async def exposition() -> Response:
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE_LATEST)

    return app


def principal_of(request: Request) -> Principal:
    """Return who asks: 401 without a valid word of the portal, 403 when no role of theirs may do this."""
    key: PrincipalKey | None = request.app.state.key
    token = request.headers.get(HEADER)
    if key is None or token is None:
        raise problem(401, "unauthorised", "Sign in first.")
    try:
        principal = key.verify(token, request.app.state.name)
    except ValueError as error:
        raise problem(401, "unauthorised", "Sign in first.", str(error)) from error
    may: May = request.app.state.may
    if not may(principal.roles, request.method, request.scope["route"].path.removeprefix("/api/v1/")):
        raise problem(403, "forbidden", "Your role does not allow this.")
    return principal


Asking = Annotated[Principal, Depends(principal_of)]


def require(asking: Principal, roles: Sequence[str] | frozenset[str]) -> None:
    """Refuse with 403 who has none of `roles`."""
    if not asking.has(roles):
        raise problem(403, "forbidden", "Your role does not allow this.", f"needs one of {sorted(roles)}")


def etag(revision: int) -> str:
    """Return the ETag of a revision."""
    return f'"{revision}"'


def if_match(request: Request) -> int:
    """Return the revision that the client changes: 428 without `If-Match`, 412 when it is not ours."""
    given = request.headers.get("if-match")
    if given is None:
        raise problem(428, "precondition-required", "A change needs If-Match with the ETag you read.")
    text = given.strip().removeprefix("W/").strip('"')
    if not (text.isdecimal() and len(text) <= REVISION_DIGITS_MAX):
        raise problem(412, "precondition-failed", "If-Match is not an ETag of this resource.")
    return int(text)


def check_if_match(request: Request, revision: int) -> None:
    """Refuse a verb (412) on what was changed since it was read; without `If-Match` it acts on what is."""
    if request.headers.get("if-match", "*").strip() != "*" and if_match(request) != revision:
        raise stale()


def stale() -> _Problem:
    """Return the answer when somebody else changed the resource first."""
    return problem(412, "precondition-failed", "Somebody changed this since you read it.")


def encode_cursor(values: Sequence[Any]) -> str:
    """Return an opaque cursor that holds the sort key of the last item of a page."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    """Return the sort key in a cursor; 422 when it is not one of ours."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise query_problem("cursor", "not a cursor of this list") from error
    if not isinstance(values, list) or len(values) != length:
        raise query_problem("cursor", "not a cursor of this list")
    return values


Limit = Annotated[int, Query(ge=1, le=LIMIT_MAX)]


def page(items: list[Any], limit: int, cursor: Sequence[Any] | None) -> dict[str, Any]:
    """Return `{"items", "next_cursor"}`; give the last item's sort key as `cursor` when there is more."""
    more = cursor is not None and len(items) == limit
    return {"items": items, "next_cursor": encode_cursor(cursor or []) if more else None}
