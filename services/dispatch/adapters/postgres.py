"""Orders in PostgreSQL: lock the site, decide, write state and outbox in one transaction."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from services.dispatch.adapters.rows import UPSERT, crew_of, order_of, row_of
from services.dispatch.domain.model import REFUSALS, Decision, Place, Situation
from services.dispatch.domain.recommend import CREW_PEOPLE_MIN
from services.dispatch.domain.steps import PHONE_AHEAD_MS_MAX, Step
from services.dispatch.handlers.published import message
from services.dispatch.ports import Decide, OpenOrderExistsError
from shared.chassis import inbox, outbox
from shared.chassis.database import Connection, Pool, transaction

CONSUMER = "dispatch"
BIND = "INSERT INTO binding_alert VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"
NOW_MS = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
# In a flood thousands of orders wait for a crew: they are looked at when one of their operator's is free.
# The words are those of `Order.seeks_crew`, `Order.arrival_missed` and `is_free`.
DUE = f"""
WITH clock AS (SELECT {NOW_MS} AS now_ms),
free AS (
  SELECT DISTINCT crew.operator_id FROM clock, crew JOIN shift USING (crew_id)
  WHERE shift.on_duty AND from_ms <= now_ms AND to_ms > now_ms AND cardinality(members) >= {CREW_PEOPLE_MIN}
    AND NOT EXISTS (
      SELECT FROM orders WHERE orders.crew_id = crew.crew_id AND state NOT IN ('closed', 'cancelled'))
)
SELECT site_id, operator_id, area_code, min(due_at_ms) AS at FROM clock, orders
WHERE due_at_ms <= now_ms AND (
  NOT (waiting AND state = 'open') OR (arrive_by_ms <= now_ms AND NOT late_said)
  OR operator_id IN (SELECT operator_id FROM free))
GROUP BY site_id, operator_id, area_code ORDER BY at LIMIT $1
"""  # noqa: S608 - constants


class PostgresOrders:
    """An OrderStore; with `connection` it works inside the caller's transaction (an HTTP request's)."""

    def __init__(self, pool: Pool, connection: "Connection | None" = None) -> None:
        self._pool = pool
        self._connection = connection

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[Connection]:
        if self._connection is not None:
            yield self._connection
            return
        async with transaction(self._pool) as connection:
            yield connection

    async def change(
        self,
        place: Place,
        decide: Decide,
        *,
        order_id: str | None = None,
        message_id: str | None = None,
        step: Step | None = None,
    ) -> Decision | None:
        """Decide about a site while its row is locked, and store all of it together."""
        async with self._transaction() as connection:
            if message_id is not None and not await inbox.first_time(connection, CONSUMER, message_id):
                return None
            decision = decide(await _situation(connection, place, order_id))
            await _save(connection, decision)
            if decision.binding is not None:
                await connection.execute(BIND, decision.binding, *_owner(place))
            if step is not None and decision.outcome not in REFUSALS:
                await _append(connection, place, step)
            return decision

    async def ended(self, alert_id: str) -> None:
        """Forget an alert that kept a crew at its site."""
        async with self._transaction() as connection:
            await connection.execute("DELETE FROM binding_alert WHERE alert_id = $1", alert_id)

    async def places_due(self, limit: int) -> list[Place]:
        """Return the places of orders whose timer has rung by the database's clock."""
        rows = await self._pool.fetch(DUE, limit)
        return [
            Place(site_id=row["site_id"], operator_id=row["operator_id"], area_code=row["area_code"])
            for row in rows
        ]

    async def clean(self) -> None:
        """Forget message ids that nobody will send again."""
        async with transaction(self._pool) as connection:
            await inbox.clean(connection)


def _owner(place: Place) -> tuple[str, str, str]:
    return place.site_id, place.operator_id, place.area_code


async def _situation(connection: Connection, place: Place, order_id: str | None) -> Situation:
    """Lock the site and the operator's crews, and read what the decision sees."""
    row = await connection.fetchrow(
        "SELECT * FROM locked_site($1, $2, $3)", place.site_id, place.operator_id, order_id
    )
    if row is None:
        raise RuntimeError("a locked site returned no row")
    return Situation(
        now_ms=row["now_ms"],
        orders=tuple(order_of(order) for order in row["shown"]),
        crews=tuple(crew_of(crew) for crew in row["crews"] or ()),
        served=frozenset(row["served"]),
        binding=frozenset(row["binding"]),
    )


async def _save(connection: Connection, decision: Decision) -> None:
    """Write orders, items and their events."""
    by_id = {order.order_id: order for order in decision.orders}
    try:
        for order in decision.orders:
            await connection.execute(UPSERT, *row_of(order))
    except asyncpg.UniqueViolationError as error:
        raise OpenOrderExistsError from error
    await connection.executemany(
        "INSERT INTO order_item (order_id, operator_id, area_code, at_ms, kind, actor, reason, crew_id,"
        " alert_id, step, device_time_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        [
            (
                item.order_id,
                by_id[item.order_id].operator_id,
                by_id[item.order_id].area_code,
                item.at_ms,
                item.kind,
                item.actor,
                item.reason,
                item.crew_id,
                item.alert_id,
                item.step,
                item.device_time_ms,
            )
            for item in decision.items
        ],
    )
    await outbox.put(connection, [message(by_id[item.order_id], item) for item in decision.items])


async def _append(connection: Connection, place: Place, step: Step) -> None:
    """Keep a reported step, and where the crew was when its phone said so."""
    await connection.execute(
        "INSERT INTO order_step (step_id, order_id, operator_id, area_code, step, person, crew_id,"  # noqa: S608
        " device_time_ms, received_at_ms, longitude, latitude, readings, attachment_ids, note, corrects_ms)"
        f" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {NOW_MS}, $9, $10, $11, $12, $13, $14)",
        step.step_id,
        step.order_id,
        place.operator_id,
        place.area_code,
        step.step,
        step.person,
        step.crew_id,
        step.device_time_ms,
        step.longitude,
        step.latitude,
        [dict(reading) for reading in step.readings],
        list(step.attachment_ids),
        step.note,
        step.corrects_ms,
    )
    if step.longitude is not None and step.crew_id is not None:
        await connection.execute(
            "UPDATE crew SET longitude = $2, latitude = $3, position_at_ms = $4"  # noqa: S608 - a constant
            " WHERE crew_id = $1 AND coalesce(position_at_ms, 0) <= $4"
            f" AND $4 <= {NOW_MS} + $5",
            step.crew_id,
            step.longitude,
            step.latitude,
            step.device_time_ms,
            PHONE_AHEAD_MS_MAX,
        )
