"""`/api/v1/crews`."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.dispatch.domain.steps import PHONE_AHEAD_MS_MAX
from services.dispatch.entrypoints import shapes
from services.dispatch.entrypoints.access import is_crew_only
from services.dispatch.entrypoints.inputs import (
    CrewChange,
    Duty,
    NewCrew,
    NewPosition,
    unix_ms,
)
from services.dispatch.ports import CrewRows, TakenError
from shared.chassis.clock import SystemClock
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
from shared.chassis.ids import uuid7
from shared.chassis.openapi import answers

Answer = tuple[int, dict[str, Any]]
DUTY_MS = 12 * 3_600_000


def router(pool: Pool, crews: CrewRows) -> APIRouter:
    """Return the routes."""
    made = APIRouter(prefix="/api/v1")
    for add in (_crew_reads, _crew_adds, _crew_changes, _crew_moves, _crew_duty):
        add(made, pool, crews)
    return made


def _crew_reads(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.get("/crews", tags=["crews"], responses=answers(shapes.CrewPage))
    async def list_crews(
        asking: Asking, limit: Limit = 50, cursor: str | None = None, operator_id: str | None = None
    ) -> dict[str, Any]:
        """Return crews by id; a crew sees itself only."""
        after = "" if cursor is None else str(decode_cursor(cursor, 1)[0])
        async with transaction(pool, asking) as connection:
            if is_crew_only(asking):
                own = await crews.crew(connection, asking.crew_id or "")
                asked = operator_id in {None, asking.operator_id}
                rows = [own] if own is not None and asked and own["crew_id"] > after else []
            else:
                rows = await crews.crews(connection, operator_id, after, limit)
        last = [rows[-1]["crew_id"]] if rows else None
        return page(rows, limit, last)

    @made.get("/crews/{crew_id}", tags=["crews"], responses=answers(shapes.Crew))
    async def get_crew(asking: Asking, crew_id: str) -> Response:
        """Return one crew with whether it is on shift and how many orders it holds."""
        if is_crew_only(asking) and crew_id != asking.crew_id:
            raise not_found("crew")
        async with transaction(pool, asking) as connection:
            row = await crews.crew(connection, crew_id)
        if row is None:
            raise not_found("crew")
        return JSONResponse(row, headers={"ETag": etag(row["revision"])})


def _crew_adds(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.post("/crews", status_code=201, tags=["crews"], responses=answers(shapes.Crew, status=201))
    async def add_crew(request: Request, asking: Asking, body: NewCrew) -> Response:
        """Add a crew; its operator is the asker's own unless an administrator names one."""
        operator_id = body.operator_id or asking.operator_id
        if operator_id is None:
            raise field_problem("operator_id", "is needed")
        if asking.operator_id not in {None, operator_id}:
            raise not_found("operator")
        values = body.model_dump() | {"operator_id": operator_id}
        async with transaction(pool, asking) as connection:

            async def doing() -> Answer:
                try:
                    await crews.add(connection, "crew", values)
                except TakenError as error:
                    raise problem(409, "id-taken", "There is a crew with this id.") from error
                row = await crews.crew(connection, body.crew_id)
                return 201, row or {}

            return await once(request, asking, connection, doing)


def _crew_changes(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.patch("/crews/{crew_id}", tags=["crews"], responses=answers(shapes.Crew))
    async def change_crew(request: Request, asking: Asking, crew_id: str, body: CrewChange) -> Response:
        """Change a crew of the revision that was read."""
        async with transaction(pool, asking) as connection:
            if await crews.crew(connection, crew_id) is None:
                raise not_found("crew")
            values = body.model_dump(exclude_unset=True)
            if not await crews.change(connection, "crew", crew_id, if_match(request), values):
                raise stale()
            row = await crews.crew(connection, crew_id)
        if row is None:
            raise not_found("crew")
        return JSONResponse(row, headers={"ETag": etag(row["revision"])})


def _crew_moves(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.post("/crews/{crew_id}:position", tags=["crews"], responses=answers(shapes.Crew))
    async def move_crew(request: Request, asking: Asking, crew_id: str, body: NewPosition) -> Response:
        """Say where the crew is; an older position than the known one changes nothing."""
        if is_crew_only(asking) and crew_id != asking.crew_id:
            raise not_found("crew")
        at_ms = unix_ms(body.device_time)
        if at_ms > SystemClock().now_ms() + PHONE_AHEAD_MS_MAX:
            raise field_problem("device_time", "lies in the future")
        async with transaction(pool, asking) as connection:

            async def doing() -> Answer:
                await crews.move_crew(connection, crew_id, body.longitude, body.latitude, at_ms)
                row = await crews.crew(connection, crew_id)
                if row is None:
                    raise not_found("crew")
                return 200, row

            return await once(request, asking, connection, doing)


def _crew_duty(made: APIRouter, pool: Pool, crews: CrewRows) -> None:
    @made.post("/crews/{crew_id}:duty", tags=["crews"], responses=answers(shapes.Crew))
    async def set_duty(request: Request, asking: Asking, crew_id: str, body: Duty) -> Response:
        """Put a crew on or off duty now; without a present shift going on duty begins one of 12 hours."""
        if is_crew_only(asking) and crew_id != asking.crew_id:
            raise not_found("crew")
        async with transaction(pool, asking) as connection:

            async def doing() -> Answer:
                # Locked as every decision about an order locks it: none is assigned meanwhile.
                row = await crews.lock_crew(connection, crew_id)
                if row is None:
                    raise not_found("crew")
                if not body.on and row["load"]:
                    raise problem(
                        409,
                        "order-in-hand",
                        "The crew has an order in hand: close it first, or hand it over.",
                    )
                if not await crews.set_duty(connection, crew_id, on=body.on) and body.on:
                    await crews.begin_shift(connection, uuid7(), row, DUTY_MS)
                return 200, await crews.crew(connection, crew_id) or {}

            return await once(request, asking, connection, doing)
