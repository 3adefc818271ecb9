"""Signing in and out, and the second factor."""

import asyncio
import hashlib
import secrets
from datetime import datetime

from pwdlib import PasswordHash

from services.portal.domain.people import SECOND_FACTOR_ROLES, Account, Refusal, throttled
from services.portal.ports import People, SecondFactor
from shared.chassis.ids import uuid7
from shared.chassis.principal import Principal

_HASHER = PasswordHash.recommended()
# Somebody who does not exist costs as much time as somebody who does.
_NOBODY = _HASHER.hash(secrets.token_hex())


def digest(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


async def hash_password(password: str) -> str:
    """Return an argon2id hash."""
    return await asyncio.to_thread(_HASHER.hash, password)


class Sessions:
    """Use cases of signing in."""

    def __init__(self, people: People, second_factor: SecondFactor) -> None:
        self._people = people
        self._second_factor = second_factor

    async def sign_in(
        self, username: str, password: str, otp: str | None, address: str
    ) -> tuple[str, datetime] | Refusal:
        """Return a token and when it ends, or why not."""
        if throttled(await self._people.failures(username, address)):
            return Refusal.THROTTLED
        account = await self._people.account(username)
        right = await asyncio.to_thread(
            _HASHER.verify, password, account.password_hash if account else _NOBODY
        )
        if account is None or not right:
            await self._people.note_failure(username, address)
            return Refusal.WRONG
        if account.totp_secret is None and account.role in SECOND_FACTOR_ROLES:
            return Refusal.SECOND_FACTOR_NEEDED
        if account.totp_secret is not None:
            if otp is None:
                return Refusal.SECOND_FACTOR_NEEDED
            if not await self.check_otp(account, otp):
                await self._people.note_failure(username, address)
                return Refusal.WRONG
        token = secrets.token_urlsafe(32)
        expires_at = await self._people.open_session(
            digest(token), uuid7(), account, second_factor=account.totp_secret is not None, address=address
        )
        return token, expires_at

    async def check_otp(self, account: Account, otp: str) -> bool:
        """Return whether a one-time code is right and was not used before."""
        if account.totp_secret is None:
            return False
        step = self._second_factor.matching_step(account.totp_secret, otp)
        return step is not None and await self._people.use_totp_step(account.username, step)

    async def refresh(self, token: str) -> tuple[str, datetime] | None:
        """Return a new token for a live one, which ends now."""
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
        account, session_id, _ = found
        # The second factor counts for the request that carries a fresh code, not for the whole session.
        principal = Principal(
            subject=account.username,
            roles=frozenset({account.role}),
            operator_id=account.operator_id,
            area_code=account.area_code,
            crew_id=account.crew_id,
            session_id=session_id,
        )
        return account, principal
