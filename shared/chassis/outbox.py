"""Transactional outbox: what a transaction decided is published, at least once, in order, soon after commit.

Each schema that uses it has the table `outbox` (DDL in `OUTBOX_DDL`). One relay per schema at a time holds
an advisory lock; it always picks *unsent* rows, never "newer than the last", so that a transaction that
commits late is not skipped. A crash between sending and marking publishes again with the same event id.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from shared.chassis import cloudevents
from shared.chassis.database import CONNECT_LIMIT_S, Connection
from shared.chassis.health import Health
from shared.chassis.ids import uuid7
from shared.chassis.kafka import Producer
from shared.chassis.logs import get_logger

OUTBOX_DDL = """
CREATE TABLE outbox (
  id uuid PRIMARY KEY,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  topic text NOT NULL,
  key text,
  type text NOT NULL,
  value bytea,
  priority smallint NOT NULL DEFAULT 5,
  created_at timestamptz NOT NULL DEFAULT now(),
  sent_at timestamptz
);
CREATE INDEX outbox_unsent ON outbox (priority, seq) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;
"""
# A server that dies in the middle of an answer shows as InternalClientError.
LOST = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
BATCH = 500
POLL_S = 5.0
GATHER_S = 0.025
"""In a flood commits come faster than this, and each publishing wakes every reader of the topic."""
AT_ONCE, IN_TURN = 0, 5
"""Priorities in the table. There is no third: what is told of one key leaves in the order of its commits."""
LOCK_RETRY_S = 1.0
CLEAN_EVERY_S = 600.0
KEEP = "1 day"
_URGENT = "urgent"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to publish. Without `type` it is a plain object of a compacted topic.

    What is `urgent` overtakes all else in the outbox: valve commands, which have a topic of their own.
    """

    topic: str
    key: str | None
    value: bytes | None
    type: str = ""
    urgent: bool = False
    id: str = field(default_factory=uuid7)


async def put(connection: Connection, messages: Sequence[Message]) -> None:
    """Write messages in the caller's transaction and wake the relay when it commits."""
    if not messages:
        return
    await connection.execute(
        "WITH written AS (INSERT INTO outbox (id, topic, key, type, value, priority)"
        " SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::bytea[], $6::smallint[]))"
        " SELECT pg_notify(current_schema() || '_outbox', $7)",
        [m.id for m in messages],
        [m.topic for m in messages],
        [m.key for m in messages],
        [m.type for m in messages],
        [m.value for m in messages],
        [AT_ONCE if m.urgent else IN_TURN for m in messages],
        _URGENT if any(m.urgent for m in messages) else "",
    )


class Relay:
    """Publishes a schema's outbox; run one in every instance, the lock decides who works."""

    def __init__(self, dsn: str, producer: Producer, *, schema: str, health: Health) -> None:
        self._dsn = dsn
        self._producer = producer
        self._schema = schema
        self._health = health
        self._woken = asyncio.Event()
        self._urgent = asyncio.Event()

    async def run(self) -> None:
        """Publish until cancelled; a lost database or broker is retried."""
        while True:
            try:
                await self._session()
            except LOST as error:
                self._health.set("outbox", ok=False, detail=type(error).__name__)
                get_logger().warning("outbox relay starts again", schema=self._schema, error=str(error))
                await asyncio.sleep(LOCK_RETRY_S)

    async def _session(self) -> None:
        connection = await asyncpg.connect(
            self._dsn,
            timeout=CONNECT_LIMIT_S,
            command_timeout=CONNECT_LIMIT_S,
            # Only here: a mark that a crash forgets means that the same id is published again.
            server_settings={"synchronous_commit": "off"},
        )
        try:
            await connection.add_listener(f"{self._schema}_outbox", self._heard)
            lock = "SELECT pg_try_advisory_lock(hashtext('outbox'), hashtext($1))"
            while not await connection.fetchval(lock, self._schema):
                self._health.set("outbox", ok=True, detail="another instance relays")
                await asyncio.sleep(LOCK_RETRY_S)
            self._health.set("outbox", ok=True)
            await self._relay(connection)
        finally:
            connection.terminate()

    def _heard(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        """Note that somebody has committed."""
        self._woken.set()
        if payload == _URGENT:
            self._urgent.set()

    async def _relay(self, connection: "asyncpg.Connection[Any]") -> None:
        loop = asyncio.get_running_loop()
        clean_at = gathered_at = 0.0
        while True:
            self._woken.clear()
            self._urgent.clear()
            while sent := await self._publish(connection):
                gathered_at = loop.time() + GATHER_S
                if sent < BATCH:
                    break
            if loop.time() >= clean_at:
                clean_at = loop.time() + CLEAN_EVERY_S
                await connection.execute(
                    "DELETE FROM outbox WHERE sent_at < now() - $1::text::interval", KEEP
                )
            try:
                async with asyncio.timeout(POLL_S):
                    await self._woken.wait()
                async with asyncio.timeout_at(gathered_at):
                    await self._urgent.wait()
            except TimeoutError:
                continue

    async def _publish(self, connection: "asyncpg.Connection[Any]") -> int:
        rows = await connection.fetch(
            "SELECT id::text, topic, key, type, value,"
            " (extract(epoch FROM created_at) * 1000)::bigint AS at_ms"
            " FROM outbox WHERE sent_at IS NULL ORDER BY priority, seq LIMIT $1",
            BATCH,
        )
        if not rows:
            return 0
        futures = [await self._enqueue(row) for row in rows]
        await asyncio.gather(*futures)
        await connection.execute(
            "UPDATE outbox SET sent_at = now() WHERE id = ANY($1::uuid[])", [row["id"] for row in rows]
        )
        return len(rows)

    async def _enqueue(self, row: Any) -> "asyncio.Future[Any]":
        headers = None
        if row["type"]:
            headers = cloudevents.headers(
                row["type"], f"/gaswatch/{self._schema}", row["key"] or "", row["at_ms"], id_=row["id"]
            )
        key = row["key"].encode() if row["key"] is not None else None
        return await self._producer.enqueue(row["topic"], row["value"], key=key, headers=headers)
