"""Create, read, list and change operators, licences, sites and devices."""

import datetime as dt
from typing import Annotated, Any, TypeAlias

import orjson
from fastapi import APIRouter, Query, Request, Response

from services.registry.domain.areas import fault as area_fault
from services.registry.entrypoints import fields, lists, shapes
from services.registry.entrypoints.exports import Files, Format, Language, Search, as_file
from services.registry.entrypoints.problems import answered
from services.registry.entrypoints.resources import Resource, columns, present
from services.registry.entrypoints.words import LISTS
from services.registry.handlers import changing, registering
from services.registry.ports import AsOf, Row, Store
from shared.chassis.http import (
    LIMIT_DEFAULT,
    Asking,
    Limit,
    etag,
    if_match,
    not_found,
    page,
    query_parameters,
    query_problem,
    require,
)
from shared.chassis.idempotency import once
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.contracts.access import ADMINISTRATOR, LICENSERS

Day: TypeAlias = Annotated[fields.Day | None, Query()]
Known: TypeAlias = Annotated[fields.Time | None, Query()]


def answer(row: Row, status: int = 200) -> Response:
    """Return an object with its ETag."""
    headers = {"ETag": etag(row["revision"])}
    return Response(orjson.dumps(row), status, media_type="application/json", headers=headers)


def check_rights(asking: Principal, given: Row) -> None:
    """Only the administrator reserves a site; 403 otherwise."""
    if given.get("reserved"):
        require(asking, ADMINISTRATOR)


def objects_router(store: Store, resource: Resource, files: Files) -> APIRouter:
    """Return the routes of one kind of object."""
    router = APIRouter(prefix=f"/api/v1/{resource.kind.resource}", tags=[resource.kind.resource])
    _reads(router, store, resource, files)
    _writes(router, store, resource)
    return router


def _reads(router: APIRouter, store: Store, resource: Resource, files: Files) -> None:
    kind = resource.kind

    @router.get(
        "",
        name=f"list {kind.resource}",
        openapi_extra=query_parameters(*lists.parameters(kind)),
        responses=as_file(answers(shapes.PAGE_OF_KIND[kind.table])),
    )
    async def listing(
        request: Request,
        asking: Asking,
        q: Search = "",
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        reserved: bool = False,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
        format: Format = "json",  # noqa: A002 - the word of the API
        lang: Language = "zh-CN",  # noqa: ARG001 - of the file, which asks for itself
    ) -> Any:
        if reserved:
            require(asking, ADMINISTRATOR)
        as_of = AsOf(at, known_at)
        async with store.unit(asking) as unit:
            moment = await unit.moment()
            if area is not None:
                check_area(store, area, moment.day)
            wanted = lists.wanted(kind, request.query_params, q, area, as_of, moment, reserved=reserved)
            if format == "json":
                rows = await unit.page(kind, wanted, lists.after(kind, wanted, cursor), limit)
                items = await lists.shown(unit, kind, rows, as_of, moment)
                return page(items, limit, wanted.sort_key(kind, rows[-1]) if rows else None)
        found = lists.everything(store, asking, kind, wanted, moment)
        return await files.answer(request, asking, LISTS[kind.resource], found, moment)

    @router.get("/{id_}", name=f"read {kind.table}", responses=answers(shapes.OF_KIND[kind.table]))
    async def one(id_: str, asking: Asking, at: Day = None, known_at: Known = None) -> Response:
        async with store.unit(asking) as unit:
            moment = await unit.moment()
            row = await unit.get(kind, id_, AsOf(at, known_at))
        if row is None:
            raise not_found(kind.table)
        return answer(present(kind, row, moment, at))


def check_area(store: Store, area: str, day: dt.date) -> None:
    """Refuse an area that is not in the table with a 422 that names the field."""
    reason = area_fault(store.areas, area, day, short=True)
    if reason:
        raise query_problem("area", reason)


def _writes(router: APIRouter, store: Store, resource: Resource) -> None:
    kind = resource.kind
    shape = shapes.OF_KIND[kind.table]

    @router.post("", status_code=201, name=f"create {kind.table}", responses=answers(shape, status=201))
    async def create(
        request: Request,
        asking: Asking,
        given: resource.create,  # type: ignore[name-defined]
        effective_on: Day = None,
    ) -> Response:
        given_fields = columns(given)
        check_rights(asking, given_fields)
        async with answered(), store.unit(asking) as unit:
            context = registering.Context(
                store.areas, await unit.moment(), asking.subject, licenses=asking.has(LICENSERS)
            )

            async def act() -> tuple[int, dict[str, Any]]:
                rows = await registering.register(unit, kind, [given_fields], context, effective_on)
                return 201, present(kind, rows[0], context.moment)

            return await once(request, asking, unit.connection, act)

    @router.patch("/{id_}", name=f"change {kind.table}", responses=answers(shape))
    async def change(
        id_: str,
        request: Request,
        asking: Asking,
        given: resource.change,  # type: ignore[name-defined]
        effective_on: Day = None,
    ) -> Response:
        revision = if_match(request)
        changes = columns(given, only_set=True)
        check_rights(asking, changes)
        async with answered(), store.unit(asking) as unit:
            context = registering.Context(store.areas, await unit.moment(), asking.subject)
            row = await changing.change(unit, kind, id_, revision, changes, context, effective_on)
            return answer(present(kind, row, context.moment))
