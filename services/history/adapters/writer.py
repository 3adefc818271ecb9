"""Writes batches into TimescaleDB: COPY as long as nothing comes twice, otherwise through staged rows."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeAlias, TypeVar

import asyncpg

from services.history.adapters import sql
from services.history.domain.window import HOUR_MS
from services.history.ports import Batch, Row, Shown
from shared.chassis.database import AWAY
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"
T = TypeVar("T")

STATEMENT_LIMIT_S = 15.0
ATTEMPT_LIMIT_S = 40.0
RETRY_S_MIN, RETRY_S_MAX = 0.1, 2.0
_EPOCH_2000_MS = 946_684_800_000

# A row that no table takes.
POISON = (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, ValueError, TypeError, OverflowError)

CONFLICTS = Counter("gas_history_conflicts_total", "Batches with something that was already stored")
POISONED = Counter("gas_history_poison_total", "Rows that no table takes")


async def connect(dsn: str, name: str) -> Connection:
    """Open a connection on which times are Unix milliseconds."""
    connection: Connection = await asyncpg.connect(
        dsn,
        timeout=5.0,
        command_timeout=STATEMENT_LIMIT_S,
        server_settings={
            "application_name": name,
            "statement_timeout": str(int(STATEMENT_LIMIT_S * 1000)),
            "idle_in_transaction_session_timeout": "20000",
            "tcp_user_timeout": "10000",
            "timezone": "UTC",
        },
    )
    await connection.set_type_codec(
        "timestamptz",
        schema="pg_catalog",
        format="tuple",
        encoder=lambda unix_ms: ((unix_ms - _EPOCH_2000_MS) * 1000,),
        decoder=lambda pair: pair[0] // 1000 + _EPOCH_2000_MS,
    )
    return connection


class Patient:
    """One connection, opened again as often as it takes; `do` waits until the database answers."""

    def __init__(self, dsn: str, name: str, health: Health) -> None:
        self._dsn = dsn
        self._name = name
        self._health = health
        self._connection: Connection | None = None
        self._lock = asyncio.Lock()

    async def do(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        """Return what `work` returns, tried again with bounded back-off while the database is away."""
        async with self._lock:
            return await self._do(work)

    async def _do(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        delay = RETRY_S_MIN
        while True:
            try:
                async with asyncio.timeout(ATTEMPT_LIMIT_S):
                    if self._connection is None or self._connection.is_closed():
                        self._connection = await connect(self._dsn, self._name)
                    done = await work(self._connection)
            except POISON:
                raise
            except AWAY as error:
                self.drop()
                self._health.set(self._name, ok=False, detail=str(error) or type(error).__name__)
                get_logger().warning("database is away", name=self._name, error=repr(error), delay_s=delay)
                await asyncio.sleep(delay)
                delay = min(delay * 2, RETRY_S_MAX)
            else:
                self._health.set(self._name, ok=True)
                return done

    def drop(self) -> None:
        """Forget the connection, whatever state it is in."""
        if self._connection is not None:
            self._connection.terminate()
            self._connection = None


class Writer:
    """Implements Store."""

    def __init__(self, dsn: str, health: Health) -> None:
        self._patient = Patient(dsn, "history writer", health)

    async def write(self, batch: Batch) -> list[tuple[Row, str]]:
        """Write a batch in one transaction; return the rows that no table takes, and why."""

        async def work(connection: Connection) -> list[tuple[Row, str]]:
            try:
                try:
                    await _together(connection, batch, optimistic=True)
                except asyncpg.UniqueViolationError:
                    CONFLICTS.inc()
                    await _together(connection, batch, optimistic=False)
            except POISON as error:
                get_logger().warning("a batch holds a row that no table takes", error=str(error))
                return await _piecewise(connection, batch)
            return []

        return await self._patient.do(work)

    def close(self) -> None:
        """End the connection."""
        self._patient.drop()


async def _together(connection: Connection, batch: Batch, *, optimistic: bool) -> None:
    async with connection.transaction():
        doubtful = batch.staged_readings
        if optimistic and batch.readings:
            await _copy(connection, "reading", sql.READING_COLUMNS, batch.readings)
        elif batch.readings:
            doubtful = [*((*row, None, False) for row in batch.readings), *doubtful]
        await _staged(connection, "reading", sql.READING_COLUMNS, doubtful)
        await _staged(connection, "device_event", sql.EVENT_COLUMNS, batch.events)
        await _marks(connection, batch)
        await _latest(connection, batch)


async def _copy(connection: Connection, table: str, names: Sequence[str], rows: Sequence[Row]) -> None:
    await connection.copy_records_to_table(table, records=rows, columns=names, timeout=STATEMENT_LIMIT_S)


async def _staged(connection: Connection, table: str, names: tuple[str, ...], rows: Sequence[Row]) -> None:
    if not rows:
        return
    await connection.execute(sql.stage(table))
    await _copy(connection, f"incoming_{table}", (*names, *sql.STAGED), rows)
    for statement in sql.settle(table, names):
        await connection.execute(statement)


async def _marks(connection: Connection, batch: Batch) -> None:
    if batch.odd_devices:
        await connection.execute(sql.MARK_ODD, sorted(batch.odd_devices))
    if batch.marks:
        rows = [(key, hour * HOUR_MS) for key, hour in sorted(batch.marks)]
        await _copy(connection, "rollup_due", ("device_key", "hour"), rows)


async def _latest(connection: Connection, batch: Batch) -> None:
    if batch.latest_readings:
        found = _columns(batch.latest_readings)
        await connection.execute(
            sql.LATEST_READINGS, *found, [s.body for s in _sorted(batch.latest_readings)]
        )
    if batch.latest_events:
        key, boot_id, seq, time, _ = _columns(batch.latest_events)
        bodies = [shown.body for shown in _sorted(batch.latest_events)]
        types, data = [body[0] for body in bodies], [body[1] for body in bodies]
        await connection.execute(sql.LATEST_EVENTS, key, boot_id, seq, time, types, data)
    if batch.latest_online:
        key, _, _, _, ingested = _columns(batch.latest_online)
        online = [shown.body for shown in _sorted(batch.latest_online)]
        await connection.execute(sql.LATEST_ONLINE, key, online, ingested)


def _sorted(shown: list[Shown]) -> list[Shown]:
    """Return rows in the order in which every instance locks them."""
    return sorted(shown, key=lambda one: one.device_key)


def _columns(shown: list[Shown]) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    ordered = _sorted(shown)
    return (
        [one.device_key for one in ordered],
        [one.boot_id for one in ordered],
        [one.seq for one in ordered],
        [one.time_ms for one in ordered],
        [one.ingested_ms for one in ordered],
    )


async def _piecewise(connection: Connection, batch: Batch) -> list[tuple[Row, str]]:
    """Write what can be written, halving until the poison stands alone; latest states wait for their next."""
    async with connection.transaction():
        await _marks(connection, batch)
    readings = [*((*row, None, False) for row in batch.readings), *batch.staged_readings]
    bad = await _halves(connection, "reading", sql.READING_COLUMNS, readings)
    bad += await _halves(connection, "device_event", sql.EVENT_COLUMNS, batch.events)
    POISONED.inc(len(bad))
    return bad


async def _halves(
    connection: Connection, table: str, names: tuple[str, ...], rows: list[Any]
) -> list[tuple[Row, str]]:
    bad: list[tuple[Row, str]] = []
    pieces = [rows] if rows else []
    while pieces:
        piece = pieces.pop()
        try:
            async with connection.transaction():
                await _staged(connection, table, names, piece)
        except POISON as error:
            if len(piece) == 1:
                bad.append((piece[0], str(error)))
            else:
                middle = len(piece) // 2
                pieces += [piece[middle:], piece[:middle]]
    return bad
