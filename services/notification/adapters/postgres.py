"""The ledger in PostgreSQL: everything an event leads to in one transaction, sending between two of them."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

import msgspec

from services.notification.adapters.gathering import bursts, delivery_row, flooded, gather, note_flood
from services.notification.domain.backoff import LEASE_S
from services.notification.domain.gathering import may_wait
from services.notification.domain.model import (
    Address,
    Book,
    Contact,
    Delivery,
    Intake,
    Notice,
    Planned,
    Result,
    Route,
)
from services.notification.domain.routing import at_level
from shared.chassis import inbox, outbox
from shared.chassis.database import Connection, Pool, transaction
from shared.contracts import topic_names as names
from shared.contracts.events import NotificationResult

CONSUMER = "notification"
_BOOK = """
SELECT
  (SELECT jsonb_agg(to_jsonb(c) ORDER BY contact_id) FROM contact c
    WHERE active AND (operator_id = $1 OR operator_id IS NULL)) AS contacts,
  (SELECT jsonb_agg(to_jsonb(r) ORDER BY route_id) FROM route r
    WHERE active AND (operator_id = $1 OR operator_id IS NULL)) AS routes
"""
Lane = Callable[[str, str], str]


class PostgresLedger:
    """A Ledger; `lane` tells what a slow receiver would hold up."""

    def __init__(self, pool: Pool, lane: Lane) -> None:
        self._pool = pool
        self._lane = lane

    async def take_in(
        self, notice: Notice, message_id: str, decide: Callable[[Book], Intake]
    ) -> Intake | None:
        """Decide about an event once and store it all together; what leads to nothing leaves nothing."""
        intake = decide(await _book(self._pool, notice))
        if intake.empty and notice.flood is None:
            return intake
        async with transaction(self._pool) as connection:
            if not await inbox.first_time(connection, CONSUMER, message_id):
                return None
            if notice.flood is not None:
                await note_flood(connection, notice)
            await self._plan(connection, notice, intake.planned)
            for level, seconds in intake.escalate_after_s.items():
                await connection.execute(
                    "INSERT INTO escalation (alert_id, level, due_at, notice)"
                    " VALUES ($1, $2, clock_timestamp() + make_interval(secs => $3), $4)"
                    # Whoever is told later hears how it stands then.
                    " ON CONFLICT (alert_id, level) DO UPDATE SET notice = excluded.notice",
                    notice.subject,
                    level,
                    seconds,
                    msgspec.to_builtins(at_level(notice, level)),
                )
            if intake.over:
                await connection.execute(
                    "UPDATE escalation SET notice = notice || '{\"over\": true}' WHERE alert_id = $1",
                    notice.subject,
                )
            if intake.answered:
                await connection.execute("DELETE FROM escalation WHERE alert_id = $1", notice.subject)
            return intake

    async def escalate(self, decide: Callable[[Notice, Book], Sequence[Planned]]) -> bool:
        """Take one escalation that is due; its row goes in the transaction that stores its deliveries."""
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(
                "DELETE FROM escalation WHERE (alert_id, level) = (SELECT alert_id, level FROM escalation"
                " WHERE due_at <= clock_timestamp() ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)"
                " RETURNING notice"
            )
            if row is None:
                return False
            notice = msgspec.convert(row["notice"], Notice)
            await self._plan(connection, notice, decide(notice, await _book(connection, notice)))
            return True

    async def _plan(self, connection: Connection, notice: Notice, planned: Iterable[Planned]) -> None:
        """Write deliveries; one that stands there already is the same one."""
        if may_wait(notice):
            planned = await self._gather(connection, notice, planned)
        await connection.executemany(
            "INSERT INTO delivery (delivery_id, idempotency_key, subject, topic, site_id, operator_id,"
            " area_code, priority, mark, recipient, channel, address, language, title, body, lane, may_wait)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
            " ON CONFLICT (idempotency_key) DO NOTHING",
            [
                (
                    *delivery_row(
                        notice,
                        one,
                        self._lane(one.channel, one.address),
                        key=one.idempotency_key,
                        subject=notice.subject,
                    ),
                    may_wait(notice),
                )
                for one in planned
            ],
        )

    async def _gather(
        self, connection: Connection, notice: Notice, planned: Iterable[Planned]
    ) -> list[Planned]:
        """Gather what may wait and should; return what goes at once."""
        flood = await flooded(connection, notice.operator_id)
        at_once = []
        # Always in this order, so that two events never wait for one another.
        for one in sorted(planned, key=lambda one: (one.channel, one.recipient)):
            if flood or await bursts(connection, one):
                await gather(connection, notice, one, self._lane(one.channel, one.address))
            else:
                at_once.append(one)
        return at_once

    async def claim(self, limit: int, busy: Sequence[str]) -> list[Delivery]:
        """Take deliveries that are due; a sender that dies gives them back when its lease has run out."""
        rows = await self._pool.fetch(
            "UPDATE delivery SET attempts = attempts + 1,"
            " due_at = clock_timestamp() + make_interval(secs => $3)"
            " WHERE delivery_id IN (SELECT delivery_id FROM delivery"
            "   WHERE state = 'pending' AND due_at <= clock_timestamp() AND lane <> ALL($2)"
            "   ORDER BY priority, due_at LIMIT $1 FOR UPDATE SKIP LOCKED)"
            " RETURNING *, (extract(epoch FROM created_at) * 1000)::bigint AS created_at_ms",
            limit,
            list(busy),
            LEASE_S,
        )
        return [Delivery(**{name: row[name] for name in Delivery.__slots__}) for row in rows]

    async def keep(self, deliveries: Collection[Delivery]) -> None:
        """Have deliveries for a while longer, unless somebody else has taken them meanwhile."""
        await self._pool.execute(
            "UPDATE delivery SET due_at = clock_timestamp() + make_interval(secs => $3)"
            " FROM unnest($1::text[], $2::int[]) AS mine (id, attempt)"
            " WHERE delivery_id = id AND attempts = attempt AND state = 'pending'",
            [one.delivery_id for one in deliveries],
            [one.attempts for one in deliveries],
            LEASE_S,
        )

    async def mark(self, delivery: Delivery, result: Result, delay_s: int | None) -> None:
        """Record how an attempt ended, and say so when it was the last."""
        ends = result.delivered or delay_s is None
        async with transaction(self._pool) as connection:
            at_ms = await connection.fetchval(
                # A failure counts only for the attempt that is running; a success always.
                "UPDATE delivery SET detail = $2,"
                " state = CASE WHEN $3 THEN 'delivered' WHEN $4 THEN 'failed' ELSE 'pending' END,"
                " ended_at = CASE WHEN $4 THEN clock_timestamp() END,"
                " due_at = clock_timestamp() + make_interval(secs => $5)"
                " WHERE delivery_id = $1 AND state = 'pending' AND ($3 OR attempts = $6)"
                " RETURNING (extract(epoch FROM clock_timestamp()) * 1000)::bigint",
                delivery.delivery_id,
                result.detail[:500],
                result.delivered,
                ends,
                delay_s or 0,
                delivery.attempts,
            )
            if ends and at_ms is not None:
                await outbox.put(connection, [_message(delivery, result, at_ms)])

    async def clean(self) -> None:
        """Forget message ids that nobody will send again; the ledger itself is kept."""
        async with transaction(self._pool) as connection:
            await inbox.clean(connection)


def _message(delivery: Delivery, result: Result, at_ms: int) -> outbox.Message:
    """Return the event that tells how a delivery ended."""
    kind = "delivered" if result.delivered else "failed"
    event = NotificationResult(
        delivery_id=delivery.delivery_id,
        idempotency_key=delivery.idempotency_key,
        site_id=delivery.site_id,
        operator_id=delivery.operator_id,
        area_code=delivery.area_code,
        subject=delivery.subject,
        channel=delivery.channel,
        recipient=delivery.recipient,
        result="delivered" if result.delivered else "failed",
        attempts=delivery.attempts,
        at_ms=at_ms,
        detail=result.detail,
    )
    return outbox.Message(
        topic=names.NOTIFICATION,
        key=delivery.site_id,
        value=msgspec.json.encode(event),
        type=f"cn.gas.notification.{kind}.v1",
    )


async def _book(connection: "Connection | Pool", notice: Notice) -> Book:
    """Read the contacts and routes of the notice's operator, and those of areas."""
    row = await connection.fetchrow(_BOOK, notice.operator_id)
    if row is None:
        raise RuntimeError("the book of an operator returned no row")
    return Book(
        contacts=tuple(_contact(contact) for contact in row["contacts"] or ()),
        routes=tuple(_route(route) for route in row["routes"] or ()),
    )


def _contact(row: Any) -> Contact:
    return Contact(
        contact_id=row["contact_id"],
        role=row["role"],
        area_code=row["area_code"],
        operator_id=row["operator_id"],
        name=row["name"],
        person=row["person"],
        crew_id=row["crew_id"],
        language=row["language"],
        addresses=tuple(Address(one["channel"], one["address"]) for one in row["addresses"]),
    )


def _route(row: Any) -> Route:
    return Route(
        route_id=row["route_id"],
        topic=row["topic"],
        priorities=frozenset(row["priorities"]),
        roles=frozenset(row["roles"]),
        level=row["level"],
        rules=frozenset(row["rules"]),
        whats=frozenset(row["whats"]),
        channels=frozenset(row["channels"]),
        operator_id=row["operator_id"],
        area_code=row["area_code"],
    )
