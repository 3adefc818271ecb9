"""`/api/v1/handovers`: what one watch tells the next, with the alerts that were open then."""

from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.portal.entrypoints import shapes
from services.portal.entrypoints.acting import Acting
from services.portal.entrypoints.gateway import Behind
from services.portal.entrypoints.inputs import Body, Nothing
from services.portal.entrypoints.sessions import Guarded, Who
from services.portal.ports import Desk
from shared.chassis.database import Connection, Pool, transaction
from shared.chassis.http import (
    LIMIT_DEFAULT,
    Limit,
    decode_cursor,
    not_found,
    page,
    problem,
    query_problem,
)
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal

OPEN_ALERTS_MAX = 500
_KEPT = (
    "alert_id",
    "rule",
    "priority",
    "site_id",
    "zone",
    "active",
    "acknowledged",
    "suppressed",
    "opened_at",
)


class NewHandover(Body):
    """A note; the open alerts are added here."""

    handover_id: UUID
    text: str = Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]*$")


def router(pool: Pool, behind: Behind, acting: Acting, desk: Desk) -> APIRouter:
    """Return the routes of hand-over notes."""
    routes = APIRouter(prefix="/api/v1/handovers", tags=["handovers"], route_class=Guarded)

    @routes.get("", responses=answers(shapes.HandoverPage))
    async def listed(asking: Who, cursor: str | None = None, limit: Limit = LIMIT_DEFAULT) -> dict[str, Any]:
        """Return notes of one's own operator, the newest first."""
        async with transaction(pool, asking[1]) as unit:
            rows = await desk.handovers(unit, _after(cursor), limit)
        last = [rows[-1]["created_at"].isoformat(), rows[-1]["handover_id"]] if rows else None
        return page(rows, limit, last)

    @routes.post("", status_code=201, responses=answers(shapes.Handover, status=201))
    async def add(request: Request, asking: Who, given: NewHandover) -> Response:
        """Write a note for the next watch."""
        principal = asking[1]
        values = given.model_dump(mode="json") | {
            "operator_id": principal.operator_id,
            "open_alerts": await _open_alerts(behind, principal),
            "created_by": principal.subject,
        }

        async def act(unit: Connection) -> tuple[int, dict[str, Any]]:
            if not await desk.add_handover(unit, values):
                raise problem(409, "id-taken", "There is a note with this id.")
            return 201, await _one(desk, unit, values["handover_id"])

        return await acting(request, principal, given, act)

    @routes.post("/{handover_id}:accept", responses=answers(shapes.Handover))
    async def accept(
        request: Request, asking: Who, handover_id: str, given: Nothing | None = None
    ) -> Response:
        """Take the watch over: said once, by somebody else than who wrote the note."""
        principal = asking[1]
        async with transaction(pool, principal) as unit:
            before = await _one(desk, unit, handover_id)

        async def act(unit: Connection) -> tuple[int, dict[str, Any]]:
            if not await desk.accept_handover(unit, handover_id, principal.subject):
                raise problem(409, "conflict", "It was taken over before, or it is your own note.")
            return 200, await _one(desk, unit, handover_id)

        return await acting(request, principal, given, act, before=before)

    return routes


def _after(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    at, id_ = decode_cursor(cursor, 2)
    try:
        return datetime.fromisoformat(at), str(id_)
    except (TypeError, ValueError) as error:
        raise query_problem("cursor", "not a cursor of this list") from error


async def _one(desk: Desk, unit: Connection, handover_id: str) -> dict[str, Any]:
    found = await desk.handover(unit, handover_id)
    if found is None:
        raise not_found("hand-over note")
    shown: dict[str, Any] = orjson.loads(orjson.dumps(found))  # the audit chain keeps it as JSON
    return shown


async def _open_alerts(behind: Behind, principal: Principal) -> list[dict[str, Any]]:
    answer = await behind.ask(
        principal, "GET", "alerts", params={"open": "true", "limit": str(OPEN_ALERTS_MAX)}
    )
    if answer.status_code != 200:
        raise problem(503, "unavailable", "The open alerts cannot be read right now.")
    return [{name: alert.get(name) for name in _KEPT} for alert in answer.json()["items"]]
