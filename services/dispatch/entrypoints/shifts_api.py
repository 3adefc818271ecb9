"""`/api/v1/shifts`."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.dispatch.entrypoints import shapes
from services.dispatch.entrypoints.access import is_crew_only
from services.dispatch.entrypoints.inputs import (
    NewShift,
    ShiftChange,
    unix_ms,
)
from services.dispatch.ports import CrewRows, TakenError
from shared.chassis.database import Pool, transaction
from shared.chassis.http import (
    Asking,
    Limit,
    decode_cursor,
    etag,
    field_problem,
    if_match,
    not_found,
    page,
    problem,
    stale,
)
from shared.chassis.idempotency import once
from shared.chassis.openapi import answers
from shared.chassis.times import parse_rfc3339

MAX_MS = 2**62
Answer = tuple[int, dict[str, Any]]


def router(pool: Pool, crews: CrewRows) -> APIRouter:
    """Return the routes."""
    made = APIRouter(prefix="/api/v1")
    for add in (_reads, _adds, _changes):
        add(made, pool, crews)
    return made


def _reads(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.get("/shifts", tags=["shifts"], responses=answers(shapes.ShiftPage))
    async def list_shifts(
        asking: Asking, limit: Limit = 50, cursor: str | None = None, crew_id: str | None = None
    ) -> dict[str, Any]:
        """Return shifts by id."""
        after = "" if cursor is None else str(decode_cursor(cursor, 1)[0])
        if is_crew_only(asking):
            crew_id = asking.crew_id or ""
        async with transaction(pool, asking) as connection:
            rows = await crews.shifts(connection, crew_id, after, limit)
        last = [rows[-1]["shift_id"]] if rows else None
        return page(rows, limit, last)

    @made.get("/shifts/{shift_id}", tags=["shifts"], responses=answers(shapes.Shift))
    async def get_shift(asking: Asking, shift_id: str) -> Response:
        """Return one shift."""
        async with transaction(pool, asking) as connection:
            row = await crews.shift(connection, shift_id)
        if row is None or (is_crew_only(asking) and row["crew_id"] != asking.crew_id):
            raise not_found("shift")
        return JSONResponse(row, headers={"ETag": etag(row["revision"])})


def _adds(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.post("/shifts", status_code=201, tags=["shifts"], responses=answers(shapes.Shift, status=201))
    async def add_shift(request: Request, asking: Asking, body: NewShift) -> Response:
        """Add a shift of a crew."""
        if body.to <= body.from_:
            raise field_problem("to", "must be later than from")
        async with transaction(pool, asking) as connection:

            async def doing() -> Answer:
                crew = await crews.crew(connection, body.crew_id)
                if crew is None:
                    raise not_found("crew")
                values = {
                    "shift_id": body.shift_id,
                    "crew_id": body.crew_id,
                    "operator_id": crew["operator_id"],
                    "area_code": crew["area_code"],
                    "from_ms": unix_ms(body.from_),
                    "to_ms": unix_ms(body.to),
                    "on_duty": body.on_duty,
                }
                try:
                    await crews.add(connection, "shift", values)
                except TakenError as error:
                    raise problem(409, "id-taken", "There is a shift with this id.") from error
                return 201, await crews.shift(connection, body.shift_id) or {}

            return await once(request, asking, connection, doing)


def _changes(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.patch("/shifts/{shift_id}", tags=["shifts"], responses=answers(shapes.Shift))
    async def change_shift(request: Request, asking: Asking, shift_id: str, body: ShiftChange) -> Response:
        """Change a shift's end, or put the crew on or off duty."""
        values: dict[str, Any] = {}
        if body.to is not None:
            values["to_ms"] = unix_ms(body.to)
        if body.on_duty is not None:
            values["on_duty"] = body.on_duty
        async with transaction(pool, asking) as connection:
            found = await crews.shift(connection, shift_id)
            if found is None:
                raise not_found("shift")
            if values.get("to_ms", MAX_MS) <= parse_rfc3339(found["from"]):
                raise field_problem("to", "must be later than from")
            if not await crews.change(connection, "shift", shift_id, if_match(request), values):
                raise stale()
            row = await crews.shift(connection, shift_id)
        if row is None:
            raise not_found("shift")
        return JSONResponse(row, headers={"ETag": etag(row["revision"])})
