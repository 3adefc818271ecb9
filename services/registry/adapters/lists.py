"""Lists of objects: filtered, searched, as of two times; by pages or whole."""

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from services.registry.adapters.asof import finds, holds
from services.registry.domain.areas import prefix
from services.registry.domain.kinds import Kind
from services.registry.domain.licences import RENEWAL_DAYS_MIN
from services.registry.ports import AsOf, Row, Wanted
from shared.chassis.database import Connection

PREFETCH = 1000
# What belongs to the platform's canaries; a firm does when all its sites do.
_RESERVED = {
    "site": "reserved",
    "device": "reserved",
    "operator": "(SELECT bool_and(s.reserved) FROM site s WHERE s.operator_id = o.operator_id"
    " AND upper_inf(s.valid_time) AND upper_inf(s.record_time)) IS TRUE",
}
# The state of a licence on a day, as domain.licences.state_on says it; a test holds them together.
_STATE = (
    "CASE WHEN state NOT IN ('valid', 'renewal_pending', 'suspended') THEN state"
    " WHEN {day} < valid_from THEN 'applied' WHEN {day} <= valid_to THEN state"
    f" WHEN state = 'renewal_pending' AND renewal_filed_on <= valid_to - {RENEWAL_DAYS_MIN}"
    " THEN 'renewal_pending' ELSE 'expired' END"
)
_RUNNING = "('valid', 'renewal_pending', 'suspended')"
HIDDEN = ("valid_time", "record_time", "search_text", "search_pinyin")


def row_of(found: dict[str, Any]) -> Row:
    """Return an object as the use cases know it: without its times and what is searched."""
    return {name: value for name, value in found.items() if name not in HIDDEN}


class ListQueries:
    """The part of a unit that reads lists; table and column names come from `domain.kinds`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def page(self, kind: Kind, wanted: Wanted, after: Sequence[str], limit: int) -> list[Row]:
        """Return objects in their order, after the sort key `after` (empty = from the first on)."""
        text, parameters = _statement(kind, wanted, after, limit)
        return [row_of(row["o"]) for row in await self.connection.fetch(text, *parameters)]

    async def each(self, kind: Kind, wanted: Wanted, limit: int) -> AsyncIterator[Row]:
        """Give the same objects one by one."""
        text, parameters = _statement(kind, wanted, (), limit)
        async for row in self.connection.cursor(text, *parameters, prefetch=PREFETCH):
            yield row_of(row["o"])

    async def names(self, kind: Kind, ids: Iterable[str], as_of: AsOf) -> dict[str, str]:
        """Return the names of objects that are visible, by id."""
        parameters: list[Any] = [sorted(set(ids))]
        found = await self.connection.fetch(
            f"SELECT {kind.id} AS id, name FROM {kind.table}"  # noqa: S608
            f" WHERE {kind.id} = ANY($1) AND {holds(as_of, parameters)}",
            *parameters,
        )
        return {row["id"]: row["name"] for row in found}


def _statement(kind: Kind, wanted: Wanted, after: Sequence[str], limit: int) -> tuple[str, list[Any]]:
    parameters: list[Any] = []

    def place(value: Any) -> str:
        parameters.append(value)
        return f"${len(parameters)}"

    conditions = [holds(wanted.as_of, parameters), *_spans(wanted, place)]
    if kind.table in _RESERVED:
        reserved = _RESERVED[kind.table]
        conditions.append(reserved if wanted.reserved else f"NOT ({reserved})")
    conditions += [f"{kind.filters[name]} = {place(value)}::text" for name, value in wanted.filters.items()]
    if wanted.area is not None:
        conditions.append(f"starts_with(area_code, {place(prefix(wanted.area))})")
    if wanted.words:
        conditions.append(finds(wanted.words, parameters, _within(kind, wanted.as_of, parameters)))
    key = ("valid_to::text", kind.id) if wanted.expiring else (kind.id,)
    if after:
        conditions.append(f"({', '.join(key)}) > ({', '.join(place(part) + '::text' for part in after)})")
    order = ", ".join(name.removesuffix("::text") for name in key)
    text = (
        f"SELECT to_jsonb(o) AS o FROM {kind.table} o WHERE {' AND '.join(conditions)}"  # noqa: S608
        f" ORDER BY {order} LIMIT {place(limit)}"
    )
    return text, parameters


def _spans(wanted: Wanted, place: Any) -> list[str]:
    """Return what holds of a licence on a day."""
    conditions = []
    if wanted.state is not None:
        state, day = wanted.state
        conditions.append(f"{_STATE.format(day=place(day) + '::date')} = {place(state)}")
    if wanted.expiring is not None:
        since, until = wanted.expiring
        first = place(since) + "::date"
        conditions.append(f"valid_to BETWEEN {first} AND {place(until)}")
        conditions.append(f"{_STATE.format(day=first)} IN {_RUNNING}")
    return conditions


def _within(kind: Kind, as_of: AsOf, parameters: list[Any]) -> str:
    if kind.within is None:
        return ""
    table, id_ = kind.within
    return f"{id_} IN (SELECT {id_} FROM {table} WHERE {holds(as_of, parameters)} AND {{}})"  # noqa: S608
