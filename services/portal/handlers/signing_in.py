"""Signing in and out, and the second factor."""

import asyncio
import hashlib
import math
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime

from pwdlib import PasswordHash

from services.portal.domain.people import (
    SCREENS_MAX,
    Account,
    Code,
    Locked,
    Refusal,
    lock_s,
    throttled,
)
from services.portal.ports import People, SecondFactor
from shared.chassis.ids import uuid7
from shared.chassis.principal import Principal

_HASHER = PasswordHash.recommended()
_HASHES_AT_ONCE = 2  # each takes 64 MiB while it lasts
_CODE = re.compile(r"[0-9]{6}")
# Somebody who does not exist costs as much time as somebody who does.
_NOBODY = _HASHER.hash(secrets.token_hex())


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


def principal_of(account: Account, session_id: str = "") -> Principal:
    """Return who an account is to the services.

    The second factor counts for the request that carries a fresh code, not for the whole session.
    """
    return Principal(
        subject=account.username,
        roles=frozenset({account.role}),
        operator_id=account.operator_id,
        area_code=account.area_code,
        crew_id=account.crew_id,
        session_id=session_id,
    )


async def hash_password(password: str) -> str:
    """Return an argon2id hash."""
    return await asyncio.to_thread(_HASHER.hash, password)


class Sessions:
    """Use cases of signing in."""

    def __init__(self, people: People, second_factor: SecondFactor) -> None:
        self._people = people
        self._second_factor = second_factor
        self._hashing = asyncio.Semaphore(_HASHES_AT_ONCE)
        self._turns: dict[tuple[str, str], tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def _turn(self, username: str, where: str) -> AsyncIterator[None]:
        """Let guesses at one account from one place come one by one: each sees the count before it."""
        key = (username, where)
        lock, waiting = self._turns.get(key, (asyncio.Lock(), 0))
        self._turns[key] = (lock, waiting + 1)
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._turns.pop(key)
            if waiting > 1:
                self._turns[key] = (lock, waiting - 1)

    async def sign_in(
        self, username: str, password: str, otp: str | None, address: str, agent: str = ""
    ) -> tuple[str, datetime] | Refusal | Locked:
        """Return a token and when it ends, or why not."""
        async with self._turn(username, address):
            proved = await self._prove(username, password, otp, address)
            if not isinstance(proved, Account):
                return proved
            return await self.open(proved, address, agent, second_factor=proved.totp_secret is not None)

    async def _prove(
        self, username: str, password: str, otp: str | None, address: str
    ) -> Account | Refusal | Locked:
        """Return whose password and code these are; an identity provider's word would stand in its place."""
        failures, ago_s = await self._people.failures(username, address)
        if (left_s := lock_s(failures) - ago_s) > 0:
            return Locked(math.ceil(left_s))
        account = await self._people.account(username)
        async with self._hashing:
            right = await asyncio.to_thread(
                _HASHER.verify, password, account.password_hash if account else _NOBODY
            )
        if account is None or not right:
            await self._people.note_failure(username, address)
            return Refusal.WRONG
        # Who has no second factor yet, although the role needs one, may do nothing but set it up (`owed`).
        if account.totp_secret is not None:
            if otp is None:
                return Refusal.SECOND_FACTOR_NEEDED
            code = await self._check(account, otp)
            if code is Code.USED:
                return Refusal.CODE_USED
            if code is Code.WRONG:
                await self._people.note_failure(username, address)
                return Refusal.WRONG
        return account

    async def open(
        self, account: Account, address: str, agent: str, *, second_factor: bool
    ) -> tuple[str, datetime]:
        """Open a session for somebody who has proved to be it, however; return a token and when it ends."""
        token = secrets.token_urlsafe(32)
        expires_at = await self._people.open_session(
            digest(token), uuid7(), account, second_factor=second_factor, address=address, agent=agent
        )
        return token, expires_at

    async def _check(self, account: Account, otp: str) -> Code:
        """Return what a one-time code is worth; a right one is used by that."""
        if account.totp_secret is None:
            return Code.WRONG
        step = self._second_factor.matching_step(account.totp_secret, otp)
        if step is None:
            return Code.WRONG
        return Code.RIGHT if await self._people.use_totp_step(account.username, step) else Code.USED

    async def is_password(self, account: Account, password: str, session_id: str) -> bool:
        """Return whether it is the account's password; guesses within a session are counted like codes."""
        async with self._turn(account.username, session_id):
            failures, _ = await self._people.failures(account.username, session_id)
            if throttled(failures):
                return False
            async with self._hashing:
                right = await asyncio.to_thread(_HASHER.verify, password, account.password_hash)
            if not right:
                await self._people.note_failure(account.username, session_id)
            return right

    async def confirm(self, account: Account, session_id: str, otp: str) -> bool | None:
        """Return whether a code given within a session is right; None when the session has guessed too often.

        It is the session that ends, never the account: its owner signs in again and goes on.
        """
        if not _CODE.fullmatch(otp):
            return False  # no guess: the service that is asked says what is wrong with it
        async with self._turn(account.username, session_id):
            failures, _ = await self._people.failures(account.username, session_id)
            if throttled(failures):
                return None
            code = await self._check(account, otp)
            if code is Code.WRONG:
                await self._people.note_failure(account.username, session_id)
            return code is Code.RIGHT

    async def hang_up(self, account: Account, name: str, address: str) -> tuple[str, str] | None:
        """Return session id and token of a new wall screen; None when there are twenty already."""
        standing = [one for one in await self._people.sessions(account.username) if one["screen"]]
        if len(standing) >= SCREENS_MAX:
            return None
        token, session_id = secrets.token_urlsafe(32), uuid7()
        await self._people.open_session(
            digest(token), session_id, account, second_factor=False, address=address, agent="", screen=name
        )
        return session_id, token

    async def refresh(self, token: str) -> tuple[str, datetime] | None:
        """Return a new token for a live one, which ends as soon as the new one is used."""
        fresh = secrets.token_urlsafe(32)
        expires_at = await self._people.rotate(digest(token), digest(fresh))
        return (fresh, expires_at) if expires_at else None

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await self._people.end_session(digest(token))

    async def who(self, token: str) -> tuple[Account, Principal] | None:
        """Return who holds a live token."""
        found = await self._people.who(digest(token))
        if found is None:
            return None
        account, session_id = found
        return account, principal_of(account, session_id)
