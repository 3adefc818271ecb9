"""Accounts, sessions and failed sign-ins in PostgreSQL."""

from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from services.portal.domain.people import (
    FAILURE_WINDOW,
    SCREEN_LIFE,
    SESSION_LIFE,
    TOKEN_LIFE,
    Account,
    token_expiry,
)
from shared.chassis.database import CONNECT_LIMIT_S, Pool, transaction
from shared.contracts.access import CREW

_COLUMNS = (
    "a.username, a.name, a.password_hash, a.role, a.operator_id, a.area_code, a.crew_id, a.totp_secret,"
    " a.totp_last_step, a.disabled_at IS NOT NULL AS disabled, a.must_change, a.totp_pending, a.revision"
)

_SHOWN = (
    "SELECT username, name, role, operator_id, area_code, crew_id, disabled_at IS NOT NULL AS disabled,"
    " totp_secret IS NOT NULL AS second_factor, must_change, revision FROM account"
)


def _account(row: Any) -> Account:
    return Account(**{name: row[name] for name in Account.__dataclass_fields__})


class PostgresPeople:
    """Implements `ports.People`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def account(self, username: str) -> Account | None:
        """Return an account that is not disabled."""
        row = await self._pool.fetchrow(
            f"SELECT {_COLUMNS}, NULL AS screen FROM account a WHERE username = $1 AND disabled_at IS NULL",  # noqa: S608
            username,
        )
        return _account(row) if row else None

    async def failures(self, username: str, address: str) -> tuple[int, float]:
        """Return how often a sign-in failed within the window, and how many seconds ago the last time."""
        row = await self._pool.fetchrow(
            "SELECT count(*) AS count, coalesce(extract(epoch FROM now() - max(at)), 0)::float AS ago"
            " FROM failed_sign_in WHERE username = $1 AND address = $2 AND at > now() - $3::interval",
            username,
            address,
            FAILURE_WINDOW,
        )
        return (row["count"], row["ago"]) if row else (0, 0.0)

    async def note_failure(self, username: str, address: str) -> None:
        """Record a failed sign-in and forget old ones."""
        async with transaction(self._pool) as connection:
            await connection.execute(
                "DELETE FROM failed_sign_in WHERE at < now() - $1::interval", FAILURE_WINDOW
            )
            await connection.execute(
                "INSERT INTO failed_sign_in (username, address) VALUES ($1, $2)", username[:64], address
            )

    async def use_totp_step(self, username: str, step: int) -> bool:
        """Take a time step by compare-and-set."""
        status = await self._pool.execute(
            "UPDATE account SET totp_last_step = $2 WHERE username = $1 AND totp_last_step < $2",
            username,
            step,
        )
        return bool(status.endswith(" 1"))

    async def open_session(
        self,
        digest: bytes,
        session_id: str,
        account: Account,
        *,
        second_factor: bool,
        address: str,
        agent: str,
        screen: str | None = None,
    ) -> datetime:
        """Store a new session; a person's forgets the failures of this account from this address."""
        expires_at: datetime = await self._pool.fetchval(
            "WITH forgotten AS"
            " (DELETE FROM failed_sign_in WHERE username = $3 AND address = $5 AND $8::text IS NULL)"
            " INSERT INTO session"
            " (token_digest, session_id, username, second_factor, address, created_at, expires_at, agent,"
            " seen_at, screen) VALUES ($1, $2, $3, $4, $5, now(), now() + $6::interval, $7, now(), $8)"
            " RETURNING expires_at",
            digest,
            session_id,
            account.username,
            second_factor,
            address,
            SCREEN_LIFE if screen else TOKEN_LIFE,
            agent[:200],
            screen,
        )
        return expires_at

    async def rotate(self, old: bytes, new: bytes) -> datetime | None:
        """Replace a live token; the former one is gone as soon as the new one was seen.

        Until then its holder may never have got the answer: the network failed, the page was left.
        A screen's stays as it is. A crew's is replaced while its session lasts, whenever it ran out: a phone
        sleeps in a pocket.
        """
        async with transaction(self._pool) as connection:
            row = await connection.fetchrow(
                "SELECT s.token_digest, s.created_at FROM session s JOIN account a USING (username)"
                " WHERE (s.token_digest = $1 OR s.former_digest = $1)"
                " AND s.ended_at IS NULL AND a.disabled_at IS NULL AND s.screen IS NULL"
                " AND (s.expires_at > now() OR (a.role = ANY($2) AND s.created_at > now() - $3::interval))"
                " FOR UPDATE OF s",
                old,
                list(CREW),
                SESSION_LIFE,
            )
            if row is None:
                return None
            expires_at = token_expiry(row["created_at"], datetime.now(UTC))  # noqa: TID251
            await connection.execute(
                "UPDATE session SET token_digest = $3, former_digest = $2, expires_at = $4, seen_at = now()"
                " WHERE token_digest = $1",
                row["token_digest"],
                old,
                new,
                expires_at,
            )
            return expires_at

    async def end_session(self, digest: bytes) -> None:
        """End the session of a token."""
        await self._pool.execute(
            "UPDATE session SET ended_at = now() WHERE token_digest = $1 OR former_digest = $1", digest
        )

    async def who(self, digest: bytes) -> tuple[Account, str] | None:
        """Return account and session id of a live token; TimeoutError when no connection is free in time."""
        async with self._pool.acquire(timeout=CONNECT_LIMIT_S) as connection:
            row = await connection.fetchrow(
                f"SELECT {_COLUMNS}, s.session_id::text, s.screen,"  # noqa: S608
                " s.token_digest = $1 AND s.former_digest IS NOT NULL AS arrived"
                " FROM session s JOIN account a USING (username)"
                " WHERE (s.token_digest = $1 OR s.former_digest = $1)"
                " AND s.ended_at IS NULL AND s.expires_at > now() AND a.disabled_at IS NULL",
                digest,
            )
            if row and row["arrived"]:
                await connection.execute(
                    "UPDATE session SET former_digest = NULL WHERE token_digest = $1", digest
                )
        return (_account(row), row["session_id"]) if row else None

    async def living(self, session_ids: Collection[str]) -> frozenset[str]:
        """Return which sessions have neither ended nor run out."""
        rows = await self._pool.fetch(
            "SELECT session_id::text FROM session WHERE session_id = ANY($1::uuid[])"
            " AND ended_at IS NULL AND expires_at > now()",
            list(session_ids),
        )
        return frozenset(row["session_id"] for row in rows)

    async def sessions(self, username: str) -> list[dict[str, Any]]:
        """Return somebody's live sessions, the newest first."""
        rows = await self._pool.fetch(
            "SELECT session_id::text, address, agent, created_at, seen_at, expires_at, second_factor, screen"
            " FROM session WHERE username = $1 AND ended_at IS NULL AND expires_at > now()"
            " ORDER BY created_at DESC",
            username,
        )
        return [dict(row) for row in rows]

    async def end_one(self, username: str, session_id: str) -> bool:
        """End a live session of somebody; False when there is none."""
        status = await self._pool.execute(
            "UPDATE session SET ended_at = now() WHERE username = $1 AND session_id::text = $2"
            " AND ended_at IS NULL AND expires_at > now()",
            username,
            session_id,
        )
        return not str(status).endswith(" 0")

    async def end_sessions(self, username: str, but: str | None = None) -> list[str]:
        """End all sessions of somebody, but perhaps one; return which."""
        rows = await self._pool.fetch(
            "UPDATE session SET ended_at = now() WHERE username = $1 AND ended_at IS NULL"
            " AND session_id::text IS DISTINCT FROM $2 RETURNING session_id::text",
            username,
            but,
        )
        return [row["session_id"] for row in rows]

    async def set_password(self, username: str, password_hash: str, *, must_change: bool) -> None:
        """Store a password's hash."""
        await self._pool.execute(
            "UPDATE account SET password_hash = $2, must_change = $3, revision = revision + 1"
            " WHERE username = $1",
            username,
            password_hash,
            must_change,
        )

    async def set_pending_second_factor(self, username: str, secret: str) -> None:
        """Keep a secret of which no code was given yet."""
        await self._pool.execute("UPDATE account SET totp_pending = $2 WHERE username = $1", username, secret)

    async def set_second_factor(self, username: str, secret: str | None, step: int = 0) -> None:
        """Take a secret into use, or away; `step` is the time step that is used by now."""
        await self._pool.execute(
            "UPDATE account SET totp_secret = $2, totp_last_step = $3, totp_pending = NULL,"
            " revision = revision + 1 WHERE username = $1",
            username,
            secret,
            step,
        )

    async def set_disabled(self, username: str, *, disabled: bool) -> None:
        """Close an account or open it again."""
        await self._pool.execute(
            "UPDATE account SET disabled_at = CASE WHEN $2 THEN coalesce(disabled_at, now()) END,"
            " revision = revision + 1 WHERE username = $1",
            username,
            disabled,
        )

    async def change(self, username: str, revision: int, values: Mapping[str, Any]) -> bool:
        """Change name, role or scope of the revision that was read; False when it is another by now."""
        names = sorted(values)
        sets = "".join(f"{name} = ${number}, " for number, name in enumerate(names, 3))
        status = await self._pool.execute(
            f"UPDATE account SET {sets}revision = revision + 1"  # noqa: S608 - names of our own model
            " WHERE username = $1 AND revision = $2",
            username,
            revision,
            *(values[name] for name in names),
        )
        return str(status).endswith(" 1")

    async def person(self, username: str) -> dict[str, Any] | None:
        """Return somebody without the secrets, disabled or not."""
        row = await self._pool.fetchrow(_SHOWN + " WHERE username = $1", username)
        return dict(row) if row else None

    async def everybody(self, after: str, limit: int) -> list[dict[str, Any]]:
        """Return people without their secrets, by user name."""
        rows = await self._pool.fetch(
            _SHOWN + " WHERE username > $1 ORDER BY username LIMIT $2", after, limit
        )
        return [dict(row) for row in rows]

    async def create(self, account: Account) -> bool:
        """Create an account; False when the name is taken."""
        status = await self._pool.execute(
            "INSERT INTO account"
            " (username, name, password_hash, role, operator_id, area_code, crew_id, must_change)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
            account.username,
            account.name,
            account.password_hash,
            account.role,
            account.operator_id,
            account.area_code,
            account.crew_id,
            account.must_change,
        )
        return str(status).endswith(" 1")

    async def add(self, account: Account) -> None:
        """Create an account, or replace one of the same name."""
        await self._pool.execute(
            "INSERT INTO account"
            " (username, name, password_hash, role, operator_id, area_code, crew_id, totp_secret)"
            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (username) DO UPDATE SET name = $2,"
            " password_hash = $3, role = $4, operator_id = $5, area_code = $6, crew_id = $7,"
            " totp_secret = $8,"
            " totp_last_step = 0, disabled_at = NULL, must_change = false",
            account.username,
            account.name,
            account.password_hash,
            account.role,
            account.operator_id,
            account.area_code,
            account.crew_id,
            account.totp_secret,
        )
