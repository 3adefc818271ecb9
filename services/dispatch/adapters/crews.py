"""Crews and shifts in PostgreSQL, in the transaction of who asks."""

from collections.abc import Mapping
from typing import Any

import asyncpg

from services.dispatch.adapters.postgres import NOW_MS
from services.dispatch.ports import TakenError
from shared.chassis.database import Connection
from shared.chassis.times import rfc3339

Row = Mapping[str, Any] | asyncpg.Record
_CREW = (
    "SELECT crew.*,"  # noqa: S608 - a constant
    " EXISTS (SELECT FROM shift WHERE shift.crew_id = crew.crew_id AND shift.on_duty"
    f"   AND shift.from_ms <= {NOW_MS} AND shift.to_ms > {NOW_MS}) AS on_shift,"
    " (SELECT count(*) FROM orders WHERE orders.crew_id = crew.crew_id"
    "   AND state NOT IN ('closed', 'cancelled')) AS load"
    " FROM crew"
)


def _crew(row: Row) -> dict[str, Any]:
    """Return a crew as the API shows it."""
    position = row["position_at_ms"]
    return {
        name: row[name]
        for name in (
            "crew_id",
            "operator_id",
            "area_code",
            "name",
            "lead",
            "members",
            "skills",
            "longitude",
            "latitude",
            "on_shift",
            "load",
            "revision",
        )
    } | {"position_at": None if position is None else rfc3339(position)}


def _shift(row: Row) -> dict[str, Any]:
    """Return a shift as the API shows it."""
    return {
        "shift_id": row["shift_id"],
        "crew_id": row["crew_id"],
        "operator_id": row["operator_id"],
        "area_code": row["area_code"],
        "from": rfc3339(row["from_ms"]),
        "to": rfc3339(row["to_ms"]),
        "on_duty": row["on_duty"],
        "revision": row["revision"],
    }


async def crew(connection: Connection, crew_id: str) -> dict[str, Any] | None:
    """Return a crew with what it does now."""
    row = await connection.fetchrow(f"{_CREW} WHERE crew_id = $1", crew_id)
    return None if row is None else _crew(row)


async def crews(
    connection: Connection, operator_id: str | None, after: str, limit: int
) -> list[dict[str, Any]]:
    """Return crews by id."""
    rows = await connection.fetch(
        f"{_CREW} WHERE crew_id > $1 AND ($2::text IS NULL OR operator_id = $2) ORDER BY crew_id LIMIT $3",
        after,
        operator_id,
        limit,
    )
    return [_crew(row) for row in rows]


async def add(connection: Connection, table: str, values: Mapping[str, Any]) -> None:
    """Add a crew or shift; TakenError when its id is in use."""
    numbers = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    try:
        async with connection.transaction():
            await connection.execute(
                f"INSERT INTO {table} ({', '.join(values)}) VALUES ({numbers})",  # noqa: S608 - our own names
                *values.values(),
            )
    except asyncpg.UniqueViolationError as error:
        raise TakenError(table) from error


async def change(
    connection: Connection, table: str, id_: str, revision: int, values: Mapping[str, Any]
) -> bool:
    """Change a crew or shift of this revision; return False when it has another by now."""
    sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(values, 3))
    status = await connection.execute(
        f"UPDATE {table} SET {sets}{', ' if sets else ''}revision = revision + 1"  # noqa: S608 - our own names
        f" WHERE {table}_id = $1 AND revision = $2",
        id_,
        revision,
        *values.values(),
    )
    return status.endswith(" 1")


async def shift(connection: Connection, shift_id: str) -> dict[str, Any] | None:
    """Return a shift."""
    row = await connection.fetchrow("SELECT * FROM shift WHERE shift_id = $1", shift_id)
    return None if row is None else _shift(row)


async def shifts(connection: Connection, crew_id: str | None, after: str, limit: int) -> list[dict[str, Any]]:
    """Return shifts by id."""
    rows = await connection.fetch(
        "SELECT * FROM shift WHERE shift_id > $1 AND ($2::text IS NULL OR crew_id = $2)"
        " ORDER BY shift_id LIMIT $3",
        after,
        crew_id,
        limit,
    )
    return [_shift(row) for row in rows]


async def move_crew(
    connection: Connection, crew_id: str, longitude: float, latitude: float, at_ms: int
) -> None:
    """Record where a crew is, unless something newer is known."""
    await connection.execute(
        "UPDATE crew SET longitude = $2, latitude = $3, position_at_ms = $4"
        " WHERE crew_id = $1 AND coalesce(position_at_ms, 0) <= $4",
        crew_id,
        longitude,
        latitude,
        at_ms,
    )


async def lock_crew(connection: Connection, crew_id: str) -> dict[str, Any] | None:
    """Return a crew that nobody is sent with until the end of the transaction."""
    await connection.execute("SELECT FROM crew WHERE crew_id = $1 FOR NO KEY UPDATE", crew_id)
    # A statement of its own sees what was committed while it waited.
    return await crew(connection, crew_id)


async def set_duty(connection: Connection, crew_id: str, *, on: bool) -> bool:
    """Put a crew's present shifts on or off duty; return whether there is one."""
    status = await connection.execute(
        "UPDATE shift SET on_duty = $2, revision = revision + (on_duty <> $2)::int"  # noqa: S608 - a constant
        f" WHERE crew_id = $1 AND from_ms <= {NOW_MS} AND to_ms > {NOW_MS}",
        crew_id,
        on,
    )
    return not status.endswith(" 0")


async def begin_shift(connection: Connection, shift_id: str, crew: Row, length_ms: int) -> None:
    """Begin a shift of a crew now, on duty."""
    await connection.execute(
        "INSERT INTO shift (shift_id, crew_id, operator_id, area_code, from_ms, to_ms)"  # noqa: S608 - a constant
        f" SELECT $1, $2, $3, $4, begun, begun + $5 FROM (SELECT {NOW_MS} AS begun) clock",
        shift_id,
        crew["crew_id"],
        crew["operator_id"],
        crew["area_code"],
        length_ms,
    )
