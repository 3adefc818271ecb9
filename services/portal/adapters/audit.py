"""The audit chain in PostgreSQL."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from services.portal.domain.audit import Entry, Head, Link, following
from shared.chassis.database import Connection, Pool, transaction
from shared.chassis.principal import Principal

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('gaswatch audit chain', 0))"
_LAST = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"
_FILTERS = {
    "actor": "actor = ${}",
    "action": "action = ${}",
    "object": "starts_with(object, ${})",
    "kind": "kind = ${}",
    "operator_id": "operator_id = ${}",
    "area": "starts_with(area_code, ${})",
    "from_ms": "at_ms >= ${}",
    "to_ms": "at_ms < ${}",
    "text": "text ILIKE '%' || ${} || '%'",
}


class PostgresAudit:
    """Implements `ports.Audit`: adds through one pool, shows through another under row-level security."""

    def __init__(self, adding: Pool, showing: Pool) -> None:
        self._adding = adding
        self._showing = showing

    async def add(self, entry: Entry) -> int:
        """Add an entry behind the last one; return its place once it is on disk."""
        async with transaction(self._adding) as connection:
            return await _add(connection, entry)

    async def add_automatic(self, entry: Entry) -> None:
        """Add what alerting did by itself, unless it stands there already."""
        async with transaction(self._adding) as connection:
            await connection.execute(_LOCK)
            known = await connection.fetchval(
                "SELECT 1 FROM audit WHERE kind = 'automatic' AND object = $1", entry.object
            )
            if not known:
                await _add(connection, entry)

    async def page(
        self, asking: Principal, filters: Mapping[str, Any], before: int | None, limit: int
    ) -> list[tuple[int, str]]:
        """Return places and texts, the newest first."""
        wanted = [(_FILTERS[name], value) for name, value in filters.items()]
        if before is not None:
            wanted.append(("seq < ${}", before))
        where = " AND ".join(text.format(number) for number, (text, _) in enumerate(wanted, 1)) or "true"
        async with transaction(self._showing, asking) as connection:
            rows = await connection.fetch(
                f"SELECT seq, text FROM audit WHERE {where} ORDER BY seq DESC LIMIT {limit:d}",  # noqa: S608
                *(value for _, value in wanted),
            )
        return [(row["seq"], row["text"]) for row in rows]

    async def unsigned(self) -> Head | None:
        """Return the last entry when no signed head covers it yet."""
        row = await self._adding.fetchrow(
            "SELECT seq, hash FROM audit WHERE seq > (SELECT coalesce(max(seq), 0) FROM audit_head)"
            " ORDER BY seq DESC LIMIT 1"
        )
        return Head(row["seq"], row["hash"]) if row else None

    async def add_head(self, seq: int, signed: str) -> None:
        """Keep a signed head."""
        await self._adding.execute(
            "INSERT INTO audit_head (seq, signed) VALUES ($1, $2) ON CONFLICT DO NOTHING", seq, signed
        )

    async def heads(self) -> list[str]:
        """Return all signed heads."""
        return [row["signed"] for row in await self._adding.fetch("SELECT signed FROM audit_head")]

    async def links(self) -> AsyncIterator[Link]:
        """Give the whole chain by `seq`, without holding it."""
        async with transaction(self._adding) as connection:
            async for row in connection.cursor("SELECT seq, hash, text FROM audit ORDER BY seq"):
                yield Link(row["seq"], row["hash"], row["text"])


async def _add(connection: Connection, entry: Entry) -> int:
    await connection.execute(_LOCK)
    last = await connection.fetchrow(_LAST)
    link = following(Head(last["seq"], last["hash"]) if last else None, entry)
    await connection.execute(
        "INSERT INTO audit (seq, hash, text) VALUES ($1, $2, $3)", link.seq, link.hash, link.text
    )
    return link.seq
