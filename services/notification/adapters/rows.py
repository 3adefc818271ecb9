"""Contacts, routes and deliveries as people read and change them, in the transaction of who asks."""

from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg

from services.notification.ports import TakenError
from shared.chassis.database import Connection

_COLUMNS = {
    "contact": (
        "contact_id, operator_id, area_code, name, role, person, crew_id, language, addresses, active,"
        " revision"
    ),
    "route": (
        "route_id, operator_id, area_code, topic, priorities, roles, level, rules, whats, channels, active,"
        " revision"
    ),
    # The address itself is the contact's business.
    "delivery": (
        "delivery_id, idempotency_key, subject, topic, site_id, operator_id, area_code, priority, recipient,"
        " channel, language, title, body, mark, state, attempts, detail, created_at, ended_at"
    ),
}
_FILTERS = {
    "contact": frozenset({"contact_id", "operator_id", "role", "person", "crew_id"}),
    "route": frozenset({"route_id", "operator_id", "topic"}),
    "delivery": frozenset(
        {
            "delivery_id",
            "idempotency_key",
            "subject",
            "site_id",
            "operator_id",
            "recipient",
            "channel",
            "state",
            "priority",
        }
    ),
}


def _resource(row: "asyncpg.Record") -> dict[str, Any]:
    found = dict(row)
    for name in ("created_at", "ended_at"):
        if found.get(name) is not None:
            found[name] = found[name].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return found


async def one(connection: Connection, table: str, id_: str) -> dict[str, Any] | None:
    """Return one row."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS[table]} FROM {table} WHERE {table}_id = $1",  # noqa: S608 - our own names
        id_,
    )
    return None if row is None else _resource(row)


async def many(
    connection: Connection,
    table: str,
    filters: Mapping[str, str | None],
    after: Sequence[Any] | None,
    limit: int,
) -> list[dict[str, Any]]:
    """Return a page: contacts and routes by id, deliveries the newest first."""
    values: list[Any] = []
    wheres = ["true"]
    for name in sorted(_FILTERS[table] & filters.keys()):
        if filters[name] is not None:
            values.append(filters[name])
            wheres.append(f"{name} = ${len(values)}::text")
    newest_first = table == "delivery"
    if after is not None:
        values.append(str(after[0]))
        wheres.append(f"{table}_id {'<' if newest_first else '>'} ${len(values)}::text")
    values.append(limit)
    rows = await connection.fetch(
        f"SELECT {_COLUMNS[table]} FROM {table} WHERE {' AND '.join(wheres)}"  # noqa: S608 - our own names
        f" ORDER BY {table}_id {'DESC' if newest_first else ''} LIMIT ${len(values)}",
        *values,
    )
    return [_resource(row) for row in rows]


async def add(connection: Connection, table: str, values: Mapping[str, Any]) -> None:
    """Add a row; TakenError when its id is in use."""
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
    """Change a row of this revision; return False when it has another by now."""
    sets = "".join(f"{name} = ${number}, " for number, name in enumerate(values, 3))
    status = await connection.execute(
        f"UPDATE {table} SET {sets}revision = revision + 1"  # noqa: S608 - our own names
        f" WHERE {table}_id = $1 AND revision = $2",
        id_,
        revision,
        *values.values(),
    )
    return status.endswith(" 1")
