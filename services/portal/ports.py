"""What the portal needs of the world."""

from datetime import datetime
from typing import Any, Protocol

from services.portal.domain.people import Account


class People(Protocol):
    """Accounts, sessions and failed sign-ins."""

    async def account(self, username: str) -> Account | None:
        """Return an account that is not disabled."""
        ...

    async def failures(self, username: str, address: str) -> tuple[int, float]:
        """Return how often a sign-in failed lately, and how many seconds ago the last time."""
        ...

    async def note_failure(self, username: str, address: str) -> None:
        """Record a failed sign-in."""
        ...

    async def use_totp_step(self, username: str, step: int) -> bool:
        """Take a time step; False when it, or a later one, was used before."""
        ...

    async def open_session(
        self, digest: bytes, session_id: str, account: Account, *, second_factor: bool, address: str
    ) -> datetime:
        """Store a new session, forget the failures before it and return when its token ends."""
        ...

    async def rotate(self, old: bytes, new: bytes) -> datetime | None:
        """Replace a live token by a new one; None when it does not live."""
        ...

    async def end_session(self, digest: bytes) -> None:
        """End the session of a token."""
        ...

    async def who(self, digest: bytes) -> "tuple[Account, str, bool] | None":
        """Return account, session id and second factor of a live token."""
        ...

    async def everybody(self) -> list[dict[str, Any]]:
        """Return all people without their secrets."""
        ...


class SecondFactor(Protocol):
    """Checks one-time codes."""

    def matching_step(self, secret: str, code: str) -> int | None:
        """Return the time step whose code it is, or None."""
        ...
