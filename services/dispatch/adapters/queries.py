"""What people read: lists by any id they show, one order with its history, crews and shifts."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.dispatch.adapters.postgres import NOW_MS
from services.dispatch.adapters.rows import order_of
from services.dispatch.domain.model import Order
from services.dispatch.domain.steps import Step, merged
from shared.chassis.database import Connection
from shared.chassis.times import rfc3339

ORDER_FILTERS = {
    "order_id": "order_id = {}",
    "site_id": "site_id = {}",
    "operator_id": "operator_id = {}",
    "area_code": "starts_with(area_code, {})",
    "kind": "kind = {}",
    "priority": "priority = {}",
    "state": "state = {}",
    "crew_id": "crew_id = {}",
    "lead": "lead = {}",
    "alert_id": "alert_ids @> ARRAY[{}]",
    "member": "{} = ANY(members)",
}
# As Order.overdue says it; a test holds them together.
_OVERDUE = (
    f"coalesce(state NOT IN ('on_site', 'closed', 'cancelled') AND (arrive_by_ms <= {NOW_MS}"
    f" OR (state IN ('open', 'assigned') AND (cardinality(tried) > 0 OR accept_by_ms <= {NOW_MS}"
    f" OR (waiting AND opened_at_ms + {{}}::bigint <= {NOW_MS})))), false) = {{}}::boolean"
)


async def orders(
    connection: Connection, filters: Mapping[str, Any], after: Sequence[Any] | None, limit: int
) -> list[Order]:
    """Return orders, the newest first, after the sort key `(opened_at_ms, order_id)`.

    The filter `overdue` is (whether, how long an order may wait to be accepted in ms).
    """
    values: list[Any] = []
    wheres = ["true"]
    for name, value in filters.items():
        if name == "overdue" and value is not None:
            whether, accept_ms = value
            values += [accept_ms, whether]
            wheres.append(_OVERDUE.format(f"${len(values) - 1}", f"${len(values)}"))
        elif value is not None:
            values.append(value)
            wheres.append(ORDER_FILTERS[name].format(f"${len(values)}::text"))
    if after is not None:
        values += [int(after[0]), str(after[1])]
        wheres.append(f"(opened_at_ms, order_id) < (${len(values) - 1}::bigint, ${len(values)}::text)")
    values.append(limit)
    rows = await connection.fetch(
        f"SELECT * FROM orders WHERE {' AND '.join(wheres)}"  # noqa: S608 - the table above, and parameters
        f" ORDER BY opened_at_ms DESC, order_id DESC LIMIT ${len(values)}",
        *values,
    )
    return [order_of(row) for row in rows]


async def order(connection: Connection, order_id: str) -> Order | None:
    """Return one order, or None when there is none or it belongs to another tenant."""
    row = await connection.fetchrow("SELECT * FROM orders WHERE order_id = $1", order_id)
    return None if row is None else order_of(row)


async def timeline(connection: Connection, order_id: str) -> list[dict[str, Any]]:
    """Return an order's changes in the order in which they were recorded."""
    rows = await connection.fetch("SELECT * FROM order_item WHERE order_id = $1 ORDER BY seq", order_id)
    items = []
    for row in rows:
        item: dict[str, Any] = {"at": rfc3339(row["at_ms"]), "kind": row["kind"]}
        for name in ("actor", "reason", "crew_id", "alert_id", "step"):
            if row[name] is not None:
                item[name] = row[name]
        if row["device_time_ms"] is not None:
            item["device_time"] = rfc3339(row["device_time_ms"])
        items.append(item)
    return items


async def steps(connection: Connection, order_id: str) -> list[dict[str, Any]]:
    """Return the reported steps in the order in which they were done."""
    rows = await connection.fetch("SELECT * FROM order_step WHERE order_id = $1", order_id)
    return [step_resource(step) for step in merged(_step_of(row) for row in rows)]


def _step_of(row: Mapping[str, Any]) -> Step:
    return Step(
        step_id=row["step_id"],
        order_id=row["order_id"],
        step=row["step"],
        person=row["person"],
        crew_id=row["crew_id"],
        device_time_ms=row["device_time_ms"],
        received_at_ms=row["received_at_ms"],
        longitude=row["longitude"],
        latitude=row["latitude"],
        readings=tuple(row["readings"]),
        attachment_ids=tuple(row["attachment_ids"]),
        note=row["note"],
        corrects_ms=row["corrects_ms"],
    )


def step_resource(step: Step) -> dict[str, Any]:
    """Return a step as the API shows it."""
    position = None
    if step.longitude is not None:
        position = {"longitude": step.longitude, "latitude": step.latitude}
    return {
        "step_id": step.step_id,
        "step": step.step,
        "person": step.person,
        "crew_id": step.crew_id,
        "device_time": rfc3339(step.device_time_ms),
        "received_at": rfc3339(step.received_at_ms),
        "position": position,
        "readings": list(step.readings),
        "attachment_ids": list(step.attachment_ids),
        "note": step.note,
        "corrects": None if step.corrects_ms is None else rfc3339(step.corrects_ms),
    }
