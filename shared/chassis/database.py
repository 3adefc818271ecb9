"""PostgreSQL: a pool with time limits everywhere, and transactions in the name of who asks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

import asyncpg
import orjson

from shared.chassis.principal import Principal
from shared.chassis.service import StartError

CONNECT_LIMIT_S = 5.0
COMMAND_LIMIT_S = 15.0
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[Any]"
Pool: TypeAlias = "asyncpg.Pool[Any]"

# The server is away, stopping, busy or full, or another transaction was in the way: the same again, later.
AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that died between two messages of the protocol
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.ReadOnlySQLTransactionError,
)


async def _prepare(connection: "asyncpg.Connection[Any]") -> None:
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: orjson.dumps(value).decode(),
            decoder=orjson.loads,
        )


async def _keep(_connection: "asyncpg.Connection[Any]") -> None:
    """Save the round trip of a reset: everything set on a connection is LOCAL to a transaction."""


async def open_pool(dsn: str, *, application_name: str, min_size: int = 1, max_size: int = 8) -> Pool:
    """Open a pool; raise StartError with one sentence when the database does not answer."""
    try:
        pool: Pool = await asyncpg.create_pool(
            dsn,
            min_size=min_size,
            max_size=max_size,
            init=_prepare,
            reset=_keep,
            timeout=CONNECT_LIMIT_S,
            command_timeout=COMMAND_LIMIT_S,
            max_inactive_connection_lifetime=60.0,
            server_settings={
                "application_name": application_name,
                "statement_timeout": str(int(COMMAND_LIMIT_S * 1000)),
                "idle_in_transaction_session_timeout": "20000",
                "tcp_user_timeout": "10000",
                "timezone": "UTC",
            },
        )
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        raise StartError(
            f"PostgreSQL does not answer ({type(error).__name__}: {error}); start it with `make engines`."
        ) from error
    return pool


async def _in_the_name_of(connection: Connection, principal: Principal) -> None:
    scope = "none"
    if principal.crew_id or principal.operator_id:
        scope = "operator"
    elif principal.area_code:
        scope = "area"
    elif principal.has({"administrator"}):
        scope = "all"
    await connection.execute(
        "SELECT set_config('gw.scope', $1, true), set_config('gw.operator_id', $2, true),"
        " set_config('gw.area_prefix', $3, true), set_config('gw.subject', $4, true),"
        " set_config('gw.crew_id', $5, true)",
        scope,
        principal.operator_id or "",
        area_prefix(principal.area_code or ""),
        principal.subject,
        principal.crew_id or "",
    )


def area_prefix(area_code: str) -> str:
    """Return what all codes of an area (GB/T 2260) begin with: 530000 → 53, 530600 → 5306, else itself."""
    if area_code.endswith("0000"):
        return area_code[:2]
    return area_code[:4] if area_code.endswith("00") else area_code


@asynccontextmanager
async def transaction(pool: Pool, principal: Principal | None = None) -> AsyncIterator[Connection]:
    """Give a connection inside a transaction; with a principal, row-level security shows only its rows."""
    async with pool.acquire(timeout=CONNECT_LIMIT_S) as connection, connection.transaction():
        if principal is not None:
            await _in_the_name_of(connection, principal)
        yield connection
