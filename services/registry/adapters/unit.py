"""One transaction on the registry's tables; versions of all four kinds by the same statements."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import asyncpg

from services.registry.adapters.asof import NOW, holds
from services.registry.adapters.heard import HeardQueries
from services.registry.adapters.lists import ListQueries, row_of
from services.registry.adapters.oversight import OversightQueries
from services.registry.domain.history import Version
from services.registry.domain.kinds import KINDS, Kind
from services.registry.domain.search import searched
from services.registry.ports import AsOf, Exists, Moment, Row
from shared.chassis import outbox


def _searched(kind: Kind, row: Row) -> dict[str, str]:
    found = searched(row, kind.searched, kind.named)
    return {"search_text": found.text, "search_pinyin": found.pinyin}


def _range(since: dt.date | str | None, until: dt.date | str | None) -> str:
    return f"[{since or ''},{until or ''})"


class PostgresUnit(ListQueries, OversightQueries, HeardQueries):
    """Implements `ports.Unit`; table and column names come from `domain.kinds`, values are parameters."""

    async def moment(self) -> Moment:
        """Return the database's time now."""
        row = await self.connection.fetchrow(
            "SELECT clock_timestamp() AS at, (clock_timestamp() AT TIME ZONE 'Asia/Shanghai')::date AS day"
        )
        if row is None:
            raise RuntimeError("the database told no time")
        return Moment(row["at"], row["day"])

    async def get(self, kind: Kind, id_: str, as_of: AsOf | None = None) -> Row | None:
        """Return an object, as of a day and a knowledge."""
        parameters: list[Any] = [id_]
        when = holds(as_of or AsOf(), parameters)
        found = await self.connection.fetchval(
            f"SELECT to_jsonb(o) FROM {kind.table} o WHERE {kind.id} = $1 AND {when}",  # noqa: S608
            *parameters,
        )
        return row_of(found) if found else None

    async def many(self, kind: Kind, ids: Iterable[str], *, hold: bool = False) -> dict[str, Row]:
        """Return the objects of these ids that are visible; `hold` keeps others from changing them."""
        wanted = sorted(set(ids))
        found: dict[str, Row] = {}
        # Who waited for another's change sees only that the old row is gone: the second look finds the new.
        for _ in range(2):
            missing = [id_ for id_ in wanted if id_ not in found]
            if not missing:
                break
            rows = await self.connection.fetch(
                f"SELECT to_jsonb(o) AS o FROM {kind.table} o WHERE {kind.id} = ANY($1) AND {NOW}"  # noqa: S608
                f" ORDER BY {kind.id} {'FOR SHARE' if hold else ''}",
                missing,
            )
            found |= {row["o"][kind.id]: row_of(row["o"]) for row in rows}
            if not hold:
                break
        return found

    async def taken(self, kind: Kind, ids: Sequence[str]) -> set[str]:
        """Return which of these ids exist, whoever owns them."""
        rows = await self.connection.fetch("SELECT taken($1, $2) AS id", kind.table, list(ids))
        return {row["id"] for row in rows}

    async def insert(self, kind: Kind, rows: Sequence[Row], since: dt.date | None) -> None:
        """Store new objects, true from `since` on (None = always); raise Exists."""
        try:
            at = (await self.moment()).at
            await self._store(kind, [{**row, "valid_time": _range(since, None)} for row in rows], at)
        except (asyncpg.UniqueViolationError, asyncpg.ExclusionViolationError) as error:
            raise Exists(error.detail or "") from error

    async def _store(self, kind: Kind, rows: Sequence[Row], at: dt.datetime) -> None:
        if not rows:
            return
        begun = f"[{at.isoformat()},)"
        await self.connection.execute(
            f"INSERT INTO {kind.table} SELECT * FROM jsonb_populate_recordset(NULL::{kind.table}, $1)",  # noqa: S608
            [{**row, **_searched(kind, row), "record_time": begun} for row in rows],
        )

    async def fill_searched(self, limit: int) -> int:
        """Fill what is searched where a former version of the service left it out; return how many."""
        for kind in KINDS:
            rows = await self.connection.fetch(
                f"SELECT ctid, to_jsonb(o) AS o FROM {kind.table} o WHERE search_text IS NULL"  # noqa: S608
                " LIMIT $1 FOR UPDATE SKIP LOCKED",
                limit,
            )
            if rows:
                await self.connection.executemany(
                    f"UPDATE {kind.table} SET search_text = $2, search_pinyin = $3 WHERE ctid = $1",  # noqa: S608
                    [(row["ctid"], *_searched(kind, row["o"]).values()) for row in rows],
                )
                return len(rows)
        return 0

    async def lock(self, kind: Kind, ids: Iterable[str]) -> None:
        """Let nobody else change these objects until the end of the transaction."""
        await self.connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1 || ':' || id, 0))"
            " FROM unnest($2::text[]) WITH ORDINALITY AS wanted(id, n) ORDER BY n",
            kind.table,
            sorted(set(ids)),
        )

    async def believed(self, kind: Kind, ids: Iterable[str]) -> dict[str, list[Version]]:
        """Return all versions that are believed now."""
        rows = await self.connection.fetch(
            f"SELECT to_jsonb(o) AS o, lower(valid_time) AS since, upper(valid_time) AS until"  # noqa: S608
            f" FROM {kind.table} o WHERE {kind.id} = ANY($1) AND upper_inf(record_time)",
            list(ids),
        )
        found: dict[str, list[Version]] = {}
        for row in rows:
            version = Version(row["since"], row["until"], row_of(row["o"]))
            found.setdefault(row["o"][kind.id], []).append(version)
        return found

    async def rewrite(
        self, kind: Kind, versions: Mapping[str, Sequence[Version]], since: dt.date | None
    ) -> None:
        """End the belief in what was said of the days from `since` on, and store these versions for them."""
        # One instant for the end of the old belief and the start of the new: no gap, no overlap.
        at = (await self.moment()).at
        await self.connection.execute(
            f"UPDATE {kind.table} SET record_time = tstzrange(lower(record_time), $3)"  # noqa: S608
            f" WHERE {kind.id} = ANY($1) AND upper_inf(record_time)"
            " AND ($2::date IS NULL OR upper_inf(valid_time) OR upper(valid_time) > $2)",
            list(versions),
            since,
            at,
        )
        fresh = [
            {**version.fields, "valid_time": _range(version.since, version.until)}
            for every in versions.values()
            for version in every
        ]
        await self._store(kind, fresh, at)

    async def devices_of(self, site_id: str) -> list[Row]:
        """Return the devices of a site."""
        rows = await self.connection.fetch(
            f"SELECT to_jsonb(o) AS o FROM device o WHERE site_id = $1 AND {NOW} ORDER BY device_id",  # noqa: S608
            site_id,
        )
        return [row_of(row["o"]) for row in rows]

    async def publish(self, messages: Sequence[outbox.Message]) -> None:
        """Publish when the transaction commits."""
        await outbox.put(self.connection, messages)

    async def open_findings(self, rule: str, device_ids: Sequence[str]) -> dict[str, Row]:
        """Return the open findings of a rule by device."""
        rows = await self.connection.fetch(
            "SELECT to_jsonb(f) AS f FROM finding f"
            " WHERE rule = $1 AND device_id = ANY($2) AND ended_at IS NULL",
            rule,
            list(device_ids),
        )
        return {row["f"]["device_id"]: dict(row["f"]) for row in rows}

    async def record_findings(self, rows: Sequence[Row]) -> None:
        """Store findings."""
        await self._fill("finding", rows, "found_at")

    async def end_findings(self, finding_ids: Sequence[str]) -> None:
        """End findings."""
        await self.connection.execute(
            "UPDATE finding SET ended_at = clock_timestamp() WHERE finding_id = ANY($1::uuid[])",
            list(finding_ids),
        )

    async def record_test(self, row: Row) -> None:
        """Store a check or test of a device."""
        await self._fill("device_test", [row], "recorded_at")

    async def record_certificates(self, issued: Sequence[Row]) -> None:
        """Store what certificates were issued."""
        await self._fill("certificate", issued, "issued_at")

    async def _fill(self, table: str, rows: Sequence[Row], stamp: str) -> None:
        if rows:
            at = (await self.moment()).at.isoformat()
            await self.connection.execute(
                f"INSERT INTO {table} SELECT * FROM jsonb_populate_recordset(NULL::{table}, $1)",  # noqa: S608
                [{**row, stamp: at} for row in rows],
            )

    async def revoke_certificates(self, device_id: str, by: str) -> int:
        """Revoke all certificates of a device and return how many were valid."""
        status = await self.connection.execute(
            "UPDATE certificate SET revoked_at = clock_timestamp(), revoked_by = $2"
            " WHERE device_id = $1 AND revoked_at IS NULL AND not_after > clock_timestamp()",
            device_id,
            by,
        )
        return int(status.split()[-1])

    async def maintenance_over(self, limit: int) -> list[str]:
        """Return devices whose maintenance has ended by the database's clock."""
        rows = await self.connection.fetch(
            f"SELECT device_id FROM device WHERE maintenance_until <= clock_timestamp() AND {NOW}"  # noqa: S608
            " ORDER BY maintenance_until LIMIT $1",
            limit,
        )
        return [row["device_id"] for row in rows]

    async def behind(self, controller_id: str) -> str | None:
        """Return a device in use that a controller speaks for, if there is one."""
        found: str | None = await self.connection.fetchval(
            f"SELECT device_id FROM device WHERE controller_id = $1 AND retired_on IS NULL AND {NOW}"  # noqa: S608
            " LIMIT 1",
            controller_id,
        )
        return found
