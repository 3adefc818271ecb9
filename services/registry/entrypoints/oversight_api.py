"""`unlicensed`, `coverage` and who was heard but never registered."""

import datetime as dt
from collections.abc import Callable, Mapping
from contextlib import aclosing
from typing import Any, Literal

from fastapi import APIRouter, Request

from services.registry.domain.kinds import OPERATOR
from services.registry.domain.licensing import Reason
from services.registry.domain.search import words
from services.registry.entrypoints import shapes
from services.registry.entrypoints.exports import (
    BATCH,
    Batches,
    Files,
    Format,
    Language,
    Search,
    as_file,
    batches,
)
from services.registry.entrypoints.objects_api import Day, Known, check_area
from services.registry.entrypoints.words import COVERAGE, MISSING, UNLICENSED
from services.registry.handlers import oversight
from services.registry.handlers.oversight import GroupBy, Question
from services.registry.ports import AsOf, Moment, Row, Store
from shared.chassis.http import LIMIT_DEFAULT, Asking, Limit, decode_cursor, field_problem, page
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.chassis.times import parse_rfc3339, rfc3339
from shared.contracts.objects import SiteKind


def _question(
    store: Store,
    area: str | None,
    at: dt.date | None,
    known_at: dt.datetime | None,
    moment: Moment,
    q: str = "",
) -> Question:
    if area is not None:
        check_area(store, area, moment.day)
    return Question(area or "", at or moment.day, known_at or moment.at, words(q))


def oversight_router(store: Store, files: Files) -> APIRouter:
    """Return the routes of what is computed."""
    router = APIRouter(prefix="/api/v1")
    _unlicensed(router, store, files)
    _coverage(router, store, files)
    _missing(router, store, files)
    _heard(router, store)
    return router


def _unlicensed(router: APIRouter, store: Store, files: Files) -> None:
    @router.get("/unlicensed", tags=["unlicensed"], responses=as_file(answers(shapes.UnlicensedPage)))
    async def unlicensed(
        request: Request,
        asking: Asking,
        q: Search = "",
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        operator_id: str | None = None,
        reason: Reason | None = None,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
        format: Format = "json",  # noqa: A002 - the word of the API
        lang: Language = "zh-CN",  # noqa: ARG001 - of the file, which asks for itself
    ) -> Any:
        after = str(decode_cursor(cursor, 1)[0]) if cursor and format == "json" else ""
        async with store.unit(asking) as unit:
            moment = await unit.moment()
            found = await oversight.unlicensed(unit, _question(store, area, at, known_at, moment, q))
        items = [
            item
            for item in found
            if item["unlicensed_id"] > after
            and operator_id in {None, item["operator_id"]}
            and reason in {None, item["reason"]}
        ]
        if format != "json":
            return await files.answer(request, asking, UNLICENSED, _flat(items), moment)
        items = items[:limit]
        return page(items, limit, [items[-1]["unlicensed_id"]] if items else None)


async def _flat(items: list[Row]) -> Batches:
    """Give proposals with their evidence beside their other fields."""
    yield [{**item, **item["evidence"], "evidence_text": item["evidence"]["text"]} for item in items]


def _coverage(router: APIRouter, store: Store, files: Files) -> None:
    @router.get("/coverage", tags=["coverage"], responses=as_file(answers(shapes.CoveragePage)))
    async def coverage(
        request: Request,
        asking: Asking,
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        group_by: GroupBy = "county",
        kind: Literal["alarms", "inspection"] = "alarms",
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
        format: Format = "json",  # noqa: A002 - the word of the API
        lang: Language = "zh-CN",  # noqa: ARG001 - of the file, which asks for itself
    ) -> Any:
        """Count obliged sites that have a working alarm and valve.

        `overdue` counts those, covered or not, where the yearly check of a detector (D05) or the half-yearly
        test of a valve (D06) is overdue.
        """
        if kind == "inspection":
            raise field_problem("kind", "inspections are not kept yet", where="query")
        after = str(decode_cursor(cursor, 1)[0]) if cursor and format == "json" else ""
        async with store.unit(asking) as unit:
            moment = await unit.moment()
            question = _question(store, area, at, known_at, moment)
            found = await oversight.tallies(unit, question, group_by)
            firms = {item["operator_id"] for item in found if "operator_id" in item}
            names = await unit.names(OPERATOR, firms, AsOf(question.day, question.known_at)) if firms else {}
        if format != "json":
            return await files.answer(request, asking, COVERAGE, _tallied(found, names), moment)
        items = [item for item in found if item["group"] > after][:limit]
        return page(items, limit, [items[-1]["group"]] if items else None)


async def _tallied(found: list[Row], names: Mapping[str, str]) -> Batches:
    """Give tallies as the lines of a table."""
    yield [
        {
            **item,
            "operator_name": names.get(item.get("operator_id", "")),
            "uncovered": item["obliged"] - item["covered"],
            "percent": None if item["ratio"] is None else round(item["ratio"] * 100, 1),
            "homes": item["residential"]["sites"],
            "homes_covered": item["residential"]["covered"],
        }
        for item in found
    ]


def _missing(router: APIRouter, store: Store, files: Files) -> None:
    @router.get(
        "/coverage:missing", tags=["coverage"], responses=as_file(answers(shapes.CoverageMissingPage))
    )
    async def missing(
        request: Request,
        asking: Asking,
        q: Search = "",
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        operator_id: str | None = None,
        kind: SiteKind | None = None,
        reason: str | None = None,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
        format: Format = "json",  # noqa: A002 - the word of the API
        lang: Language = "zh-CN",  # noqa: ARG001 - of the file, which asks for itself
    ) -> Any:
        after = str(decode_cursor(cursor, 1)[0]) if cursor and format == "json" else ""

        def asked(site: Row) -> bool:
            same = operator_id in {None, site["operator_id"]} and kind in {None, site["kind"]}
            return same and (reason is None or reason in site["reasons"])

        async with store.unit(asking) as unit:
            moment = await unit.moment()
            question = _question(store, area, at, known_at, moment, q)
        found = _sites(store, asking, question, after, asked, limit if format == "json" else BATCH)
        if format != "json":
            return await files.answer(request, asking, MISSING, found, moment)
        async with aclosing(found):
            items: list[Row] = await anext(found, [])
        return page(items, limit, [items[-1]["site_id"]] if items else None)


async def _sites(
    store: Store,
    asking: Principal,
    question: Question,
    after: str,
    asked: Callable[[Row], bool],
    together: int,
) -> Batches:
    """Give sites that lack something, with the names of their operators, some together."""
    as_of = AsOf(question.day, question.known_at)
    async with store.unit(asking) as unit:
        found = (site async for site in oversight.missing(unit, question, after) if asked(site))
        async for batch in batches(found, together):
            names = await unit.names(OPERATOR, {site["operator_id"] for site in batch}, as_of)
            yield [{**site, "operator_name": names.get(site["operator_id"])} for site in batch]


def _heard(router: APIRouter, store: Store) -> None:
    @router.get(
        "/devices:heard-unregistered", tags=["devices"], responses=answers(shapes.HeardUnregisteredPage)
    )
    async def heard(
        asking: Asking,
        client: str | None = None,
        site_id: str | None = None,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> dict[str, Any]:
        filters = {name: value for name, value in (("client", client), ("site_id", site_id)) if value}
        after = [str(value) for value in decode_cursor(cursor, 2)] if cursor else ["", ""]
        async with store.unit(asking) as unit:
            rows = await unit.heard(filters, (after[0], after[1]), limit)
        for row in rows:
            for name in ("first_heard_at", "last_heard_at"):
                row[name] = rfc3339(parse_rfc3339(row[name]))
        return page(rows, limit, [rows[-1]["client"], rows[-1]["device_id"]] if rows else None)
