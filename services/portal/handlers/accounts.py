"""What is done to accounts: made, changed, closed; passwords and second factors."""

import secrets
from dataclasses import replace

from services.portal.domain.people import Account, PasswordFault, password_fault
from services.portal.handlers.signing_in import Sessions, hash_password
from services.portal.ports import People, SecondFactor

FIRST_PASSWORD_BYTES = 12


def first_password() -> str:
    """Return a random password that works until its owner replaces it."""
    return secrets.token_urlsafe(FIRST_PASSWORD_BYTES)


class WrongPasswordError(Exception):
    """The present password was not given right."""


class PasswordFaultError(Exception):
    """A new password is not taken."""

    def __init__(self, fault: PasswordFault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


class Accounts:
    """Use cases of accounts. Whatever weakens who somebody is ends the sessions that were open."""

    def __init__(self, people: People, second_factor: SecondFactor, sessions: Sessions) -> None:
        self._people = people
        self._second_factor = second_factor
        self._sessions = sessions

    async def create(self, account: Account) -> str | None:
        """Create an account; return its first password, or None when the name is taken."""
        password = first_password()
        fresh = replace(account, password_hash=await hash_password(password), must_change=True)
        return password if await self._people.create(fresh) else None

    async def new_password(self, account: Account) -> str:
        """Give a new first password, take the second factor away and end all sessions."""
        password = first_password()
        await self._people.set_password(account.username, await hash_password(password), must_change=True)
        await self._people.set_second_factor(account.username, None)
        await self._people.end_sessions(account.username)
        return password

    async def change_password(self, account: Account, session_id: str, old: str, new: str) -> list[str]:
        """Take a password of the owner's own; all other sessions end, and are returned."""
        if not await self._sessions.is_password(account, old, session_id):
            raise WrongPasswordError
        if new == old:
            raise PasswordFaultError(PasswordFault.PRESENT)
        if fault := password_fault(new, account):
            raise PasswordFaultError(fault)
        await self._people.set_password(account.username, await hash_password(new), must_change=False)
        return await self._people.end_sessions(account.username, but=session_id)

    async def begin_second_factor(self, account: Account) -> dict[str, str]:
        """Return a new secret, its `otpauth:` address and QR code; it counts once a code of it is given."""
        secret, address = self._second_factor.create(account.username)
        await self._people.set_pending_second_factor(account.username, secret)
        picture = self._second_factor.picture(address)
        return {"totp_secret": secret, "totp_uri": address, "totp_picture": picture}

    async def finish_second_factor(self, account: Account, code: str) -> bool:
        """Take the new secret into use if `code` is one of it; the code is used by that."""
        if account.totp_pending is None:
            return False
        step = self._second_factor.matching_step(account.totp_pending, code)
        if step is None:
            return False
        await self._people.set_second_factor(account.username, account.totp_pending, step)
        return True

    async def disable(self, account: Account, *, disabled: bool) -> None:
        """Close an account, which ends its sessions, or open it again."""
        await self._people.set_disabled(account.username, disabled=disabled)
        if disabled:
            await self._people.end_sessions(account.username)
