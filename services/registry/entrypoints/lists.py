"""What a list of objects may be asked, and how its items look."""

import datetime as dt
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, get_args

from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE, Kind
from services.registry.domain.licences import State
from services.registry.domain.search import words
from services.registry.entrypoints.exports import HOW, ROWS_MAX, batches
from services.registry.entrypoints.resources import present
from services.registry.ports import AsOf, Moment, Row, Store, Unit, Wanted
from shared.chassis.http import decode_cursor, query_problem
from shared.chassis.principal import Principal
from shared.contracts.objects import LicenceClass, SiteKind
from shared.contracts.wire import DeviceKind

_FLAG = ("true", "false")
_VALUES: dict[tuple[str, str], tuple[str, ...]] = {
    ("licence", "class"): get_args(LicenceClass),
    ("licence", "state"): get_args(State),
    ("licence", "expiring_within"): ("30", "60", "90"),
    ("site", "kind"): get_args(SiteKind),
    ("site", "obliged"): _FLAG,
    ("site", "planning_approval"): ("given", "missing", "not_needed"),
    ("device", "kind"): get_args(DeviceKind),
    ("device", "active"): _FLAG,
}
# What is no column, and so no filter of the table.
_COMPUTED = {"licence": ("state", "expiring_within")}
_GENERAL = HOW | {"q", "at", "known_at", "area", "reserved"}
# Whose names stand beside their ids.
_NAMED: dict[str, dict[str, tuple[Kind, str]]] = {
    LICENCE.table: {"operator_name": (OPERATOR, "operator_id")},
    SITE.table: {"operator_name": (OPERATOR, "operator_id")},
    DEVICE.table: {"operator_name": (OPERATOR, "operator_id"), "site_name": (SITE, "site_id")},
}


def parameters(kind: Kind) -> tuple[str, ...]:
    """Return the filters that a list reads by itself."""
    return (*kind.filters, *_COMPUTED.get(kind.table, ()))


def wanted(
    kind: Kind,
    given: Mapping[str, str],
    q: str,
    area: str | None,
    as_of: AsOf,
    moment: Moment,
    *,
    reserved: bool,
) -> Wanted:
    """Return what a request asks for; 422 for what is no filter, or no value of one."""
    filters = {name: value for name, value in given.items() if name not in _GENERAL}
    for name, value in filters.items():
        if name not in parameters(kind):
            raise query_problem(name, "not a filter of this list")
        known = _VALUES.get((kind.table, name))
        if known and value not in known:
            raise query_problem(name, f"must be one of {', '.join(known)}")
    day = as_of.day or moment.day
    computed = {name: filters.pop(name, None) for name in _COMPUTED.get(kind.table, ())}
    state, within = computed.get("state"), computed.get("expiring_within")
    return Wanted(
        as_of,
        filters,
        area,
        words(q),
        reserved=reserved,
        state=(state, day) if state else None,
        expiring=(day, day + dt.timedelta(days=int(within))) if within else None,
    )


def after(kind: Kind, asked: Wanted, cursor: str | None) -> tuple[str, ...]:
    """Return the sort key in a cursor, empty for the first page."""
    if cursor is None:
        return ()
    length = len(asked.sort_key(kind, {"valid_to": "", kind.id: ""}))
    return tuple(str(part) for part in decode_cursor(cursor, length))


async def shown(
    unit: Unit, kind: Kind, rows: Sequence[Row], as_of: AsOf, moment: Moment
) -> list[dict[str, Any]]:
    """Return objects as a list shows them: with the names of what they belong to."""
    items = [present(kind, row, moment, as_of.day) for row in rows]
    for name, (other, id_) in _NAMED.get(kind.table, {}).items():
        found = await unit.names(other, {row[id_] for row in rows}, as_of)
        for item in items:
            item[name] = found.get(item[id_])
    return items


async def everything(
    store: Store, asking: Principal, kind: Kind, asked: Wanted, moment: Moment
) -> AsyncGenerator[list[dict[str, Any]]]:
    """Give all that a list has, some at a time, and one more than a file holds."""
    async with store.unit(asking) as unit:
        async for batch in batches(unit.each(kind, asked, ROWS_MAX + 1)):
            yield await shown(unit, kind, batch, asked.as_of, moment)
