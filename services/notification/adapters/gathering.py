"""Floods in PostgreSQL: who is flooded, and the one delivery a minute that gathers a person's messages."""

from services.notification.domain.gathering import ONE_BY_ONE_MAX, WINDOW_S, compose_gathered
from services.notification.domain.model import Notice, Planned
from shared.chassis.database import Connection
from shared.chassis.ids import uuid7

_WINDOW = "SELECT floor(extract(epoch FROM clock_timestamp()) / $1)::bigint"
# One that is on its way already takes nothing more: what comes then is the next window's.
_ADD = """
INSERT INTO delivery AS d (delivery_id, idempotency_key, subject, topic, site_id, operator_id, area_code,
  priority, mark, recipient, channel, address, language, title, body, lane, due_at, gathered)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, to_timestamp($17), ARRAY[$14])
ON CONFLICT (idempotency_key) DO UPDATE
  SET gathered = d.gathered || excluded.gathered, priority = least(d.priority, excluded.priority)
  WHERE d.state = 'pending' AND d.attempts = 0
RETURNING delivery_id, gathered
"""
# What a sender has taken stays with it; what is held by another transaction is not waited for.
_TAKE_BACK = """
DELETE FROM delivery WHERE delivery_id IN (
  SELECT delivery_id FROM delivery
  WHERE state = 'pending' AND operator_id = $1 AND may_wait AND attempts = 0 AND gathered IS NULL
  FOR UPDATE SKIP LOCKED)
RETURNING *
"""
_OF_NOTICE = ("topic", "priority", "site_id", "operator_id", "area_code", "mark")
_SAY = "UPDATE delivery SET title = $2, body = $3 WHERE delivery_id = $1"


async def note_flood(connection: Connection, notice: Notice) -> None:
    """Remember that a flood of an operator's alerts began, or is over."""
    if notice.flood:
        await connection.execute(
            "INSERT INTO flood (operator_id, alert_id) VALUES ($1, $2)"
            " ON CONFLICT (operator_id) DO UPDATE SET alert_id = excluded.alert_id",
            notice.operator_id,
            notice.subject,
        )
        await _gather_pending(connection, notice.operator_id)
    else:
        await connection.execute(
            "DELETE FROM flood WHERE operator_id = $1 AND alert_id = $2", notice.operator_id, notice.subject
        )


async def _gather_pending(connection: Connection, operator_id: str) -> None:
    """Gather what was planned before the flood was known and is not on its way yet."""
    rows = await connection.fetch(_TAKE_BACK, operator_id)
    for row in sorted(rows, key=lambda row: (row["channel"], row["recipient"], row["delivery_id"])):
        notice = Notice(
            event_id="", subject="", what="", at_ms=0,
            **{name: row[name] for name in _OF_NOTICE},
        )  # fmt: skip
        planned = Planned(**{name: row[name] for name in Planned.__slots__})
        await gather(connection, notice, planned, row["lane"])


async def flooded(connection: Connection, operator_id: str) -> bool:
    """Return whether the operator's people are flooded."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM flood WHERE operator_id = $1)", operator_id
    )
    return found


async def bursts(connection: Connection, one: Planned) -> bool:
    """Return whether a person was told so much one by one of late that the rest is gathered, S01 or not."""
    count: int = await connection.fetchval(
        "SELECT count(*) FROM delivery WHERE recipient = $1 AND channel = $2 AND may_wait"
        " AND created_at > clock_timestamp() - make_interval(secs => $3)",
        one.recipient,
        one.channel,
        WINDOW_S,
    )
    return count >= ONE_BY_ONE_MAX


def delivery_row(notice: Notice, one: Planned, lane: str, *, key: str, subject: str) -> tuple[str, ...]:
    """Return a new delivery's values, from `delivery_id` to `lane` in the order of both INSERTs."""
    return (
        uuid7(),
        key,
        subject,
        notice.topic,
        notice.site_id,
        notice.operator_id,
        notice.area_code,
        notice.priority,
        notice.mark,
        one.recipient,
        one.channel,
        one.address,
        one.language,
        one.title,
        one.body,
        lane,
    )


async def gather(connection: Connection, notice: Notice, one: Planned, lane: str) -> None:
    """Add a message to what its person is told at the end of the running minute."""
    window: int = await connection.fetchval(_WINDOW, WINDOW_S)
    row = None
    while row is None:
        window += 1
        row = await connection.fetchrow(
            _ADD,
            *delivery_row(
                notice,
                one,
                lane,
                key=f"flood:{notice.operator_id}:{window}:{one.channel}:{one.recipient}",
                subject=f"flood:{notice.operator_id}",
            ),
            window * WINDOW_S,
        )
    # One alone keeps its own words, with what to do and what not to do.
    if len(row["gathered"]) > 1:
        await connection.execute(_SAY, row["delivery_id"], *compose_gathered(row["gathered"], one.language))
