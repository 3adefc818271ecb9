"""`unlicensed`, `coverage` and who was heard but never registered."""

import datetime as dt
from typing import Any, Literal

from fastapi import APIRouter

from services.registry.domain.licensing import Reason
from services.registry.entrypoints import shapes
from services.registry.entrypoints.objects_api import Day, Known, check_area
from services.registry.handlers import oversight
from services.registry.handlers.oversight import GroupBy, Question
from services.registry.ports import Moment, Store
from shared.chassis.http import LIMIT_DEFAULT, Asking, Limit, decode_cursor, page, problem
from shared.chassis.openapi import answers
from shared.chassis.times import parse_rfc3339, rfc3339


def _question(
    store: Store, area: str | None, at: dt.date | None, known_at: dt.datetime | None, moment: Moment
) -> Question:
    if area is not None:
        check_area(store, area, moment.day)
    return Question(area or "", at or moment.day, known_at or moment.at)


def oversight_router(store: Store) -> APIRouter:
    """Return the routes of what is computed."""
    router = APIRouter(prefix="/api/v1")
    _unlicensed(router, store)
    _coverage(router, store)
    _heard(router, store)
    return router


def _unlicensed(router: APIRouter, store: Store) -> None:
    @router.get("/unlicensed", tags=["unlicensed"], responses=answers(shapes.UnlicensedPage))
    async def unlicensed(
        asking: Asking,
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        operator_id: str | None = None,
        reason: Reason | None = None,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> dict[str, Any]:
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        async with store.unit(asking) as unit:
            question = _question(store, area, at, known_at, await unit.moment())
            found = await oversight.unlicensed(unit, question)
        items = [
            item
            for item in found
            if item["unlicensed_id"] > after
            and operator_id in {None, item["operator_id"]}
            and reason in {None, item["reason"]}
        ][:limit]
        return page(items, limit, [items[-1]["unlicensed_id"]] if items else None)


def _coverage(router: APIRouter, store: Store) -> None:
    @router.get("/coverage", tags=["coverage"], responses=answers(shapes.CoveragePage))
    async def coverage(
        asking: Asking,
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        group_by: GroupBy = "county",
        kind: Literal["alarms", "inspection"] = "alarms",
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> dict[str, Any]:
        """Count obliged sites that have a working alarm and valve.

        `overdue` counts those, covered or not, where the yearly check of a detector (D05) or the half-yearly
        test of a valve (D06) is overdue.
        """
        if kind == "inspection":
            raise problem(501, "not-implemented", "Inspections are not kept yet.")
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        async with store.unit(asking) as unit:
            question = _question(store, area, at, known_at, await unit.moment())
            found = await oversight.tallies(unit, question, group_by)
        items = [item for item in found if item["group"] > after][:limit]
        return page(items, limit, [items[-1]["group"]] if items else None)

    @router.get("/coverage:missing", tags=["coverage"], responses=answers(shapes.CoverageMissingPage))
    async def missing(
        asking: Asking,
        area: str | None = None,
        at: Day = None,
        known_at: Known = None,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
    ) -> dict[str, Any]:
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        async with store.unit(asking) as unit:
            question = _question(store, area, at, known_at, await unit.moment())
            items = await oversight.missing(unit, question, after, limit)
        return page(items, limit, [items[-1]["site_id"]] if items else None)


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
