"""Orders as rows: the columns of `orders` carry the names of the domain's fields."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from services.dispatch.domain.model import Crew, Order

FIELDS: tuple[str, ...] = tuple(field.name for field in dataclasses.fields(Order))
_TUPLES = frozenset({"alert_ids", "skills", "members", "tried", "crews_before"})
COLUMNS: tuple[str, ...] = (*FIELDS, "due_at_ms")

UPSERT = (
    f"INSERT INTO orders ({', '.join(COLUMNS)})"  # noqa: S608 - names of our own fields
    f" VALUES ({', '.join(f'${number}' for number in range(1, len(COLUMNS) + 1))})"
    " ON CONFLICT (order_id) DO UPDATE SET "
    + ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "order_id")
)


def order_of(row: Mapping[str, Any]) -> Order:
    """Return the order in a row."""
    values: dict[str, Any] = {name: tuple(row[name]) if name in _TUPLES else row[name] for name in FIELDS}
    return Order(**values)


def row_of(order: Order) -> list[Any]:
    """Return the values of `COLUMNS`."""
    values = [getattr(order, name) for name in FIELDS]
    return [*(list(value) if isinstance(value, tuple) else value for value in values), order.due_ms]


def crew_of(row: Mapping[str, Any]) -> Crew:
    """Return the crew in a row that has `on_shift` and `load` too."""
    return Crew(
        crew_id=row["crew_id"],
        name=row["name"],
        lead=row["lead"],
        members=tuple(row["members"]),
        skills=frozenset(row["skills"]),
        longitude=row["longitude"],
        latitude=row["latitude"],
        on_shift=row["on_shift"],
        load=row["load"],
    )
