"""What the portal needs of the world."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from services.portal.domain.audit import Entry, Head, Link
from services.portal.domain.people import Account
from shared.chassis.database import Connection
from shared.chassis.principal import Principal


class Audit(Protocol):
    """The audit chain."""

    async def add(self, entry: Entry) -> int:
        """Add an entry behind the last one; return its place once it is on disk."""
        ...

    async def add_automatic(self, entry: Entry) -> None:
        """Add what alerting did by itself, unless it stands there already."""
        ...

    async def page(
        self, asking: Principal, filters: Mapping[str, Any], before: int | None, limit: int
    ) -> list[tuple[int, str]]:
        """Return places and texts, the newest first."""
        ...

    async def unsigned(self) -> Head | None:
        """Return the last entry when no signed head covers it yet."""
        ...

    async def add_head(self, seq: int, signed: str) -> None:
        """Keep a signed head."""
        ...

    async def heads(self) -> list[str]:
        """Return all signed heads."""
        ...

    def links(self) -> AsyncIterator[Link]:
        """Give the whole chain by `seq`, without holding it."""
        ...


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo as it is kept: JPEG, turned upright, without the data that cameras add (place, owner)."""

    content: bytes
    media_type: str
    width: int
    height: int
    sha256: bytes


class Desk(Protocol):
    """Hand-over notes and photos, in the transaction of who asks."""

    async def add_handover(self, connection: Connection, values: dict[str, Any]) -> bool:
        """Add a note; False when its id is taken."""
        ...

    async def accept_handover(self, connection: Connection, handover_id: str, subject: str) -> bool:
        """Take a note over; False when somebody did so before, or when it is one's own."""
        ...

    async def handover(self, connection: Connection, handover_id: str) -> dict[str, Any] | None:
        """Return a note."""
        ...

    async def handovers(
        self, connection: Connection, before: tuple[Any, str] | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return notes, the newest first."""
        ...

    async def add_attachment(self, connection: Connection, values: dict[str, Any]) -> dict[str, Any]:
        """Add a photo and return it without its content."""
        ...

    async def attachment(self, connection: Connection, attachment_id: str) -> dict[str, Any] | None:
        """Return a photo without its content."""
        ...

    async def attachment_content(
        self, connection: Connection, attachment_id: str
    ) -> tuple[str, bytes] | None:
        """Return a photo's media type and content."""
        ...


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
        """Store a new session, a person's or a screen's, and return when its token ends.

        A person's makes the failures before it forgotten.
        """
        ...

    async def rotate(self, old: bytes, new: bytes) -> datetime | None:
        """Replace a live token by a new one; None when it does not live."""
        ...

    async def end_session(self, digest: bytes) -> None:
        """End the session of a token."""
        ...

    async def who(self, digest: bytes) -> "tuple[Account, str] | None":
        """Return account and session id of a live token."""
        ...

    async def sessions(self, username: str) -> list[dict[str, Any]]:
        """Return somebody's live sessions, the newest first."""
        ...

    async def end_one(self, username: str, session_id: str) -> bool:
        """End a live session of somebody; False when there is none."""
        ...

    async def end_sessions(self, username: str, but: str | None = None) -> list[str]:
        """End all sessions of somebody, but perhaps one; return which."""
        ...

    async def set_password(self, username: str, password_hash: str, *, must_change: bool) -> None:
        """Store a password's hash."""
        ...

    async def set_pending_second_factor(self, username: str, secret: str) -> None:
        """Keep a secret of which no code was given yet."""
        ...

    async def set_second_factor(self, username: str, secret: str | None, step: int = 0) -> None:
        """Take a secret into use, or away; `step` is the time step that is used by now."""
        ...

    async def set_disabled(self, username: str, *, disabled: bool) -> None:
        """Close an account or open it again."""
        ...

    async def change(self, username: str, revision: int, values: Mapping[str, Any]) -> bool:
        """Change name, role or scope of the revision that was read; False when it is another by now."""
        ...

    async def person(self, username: str) -> dict[str, Any] | None:
        """Return somebody without the secrets, disabled or not."""
        ...

    async def everybody(self, after: str, limit: int) -> list[dict[str, Any]]:
        """Return people without their secrets, by user name."""
        ...

    async def create(self, account: Account) -> bool:
        """Create an account; False when the name is taken."""
        ...


class SecondFactor(Protocol):
    """Makes secrets and checks one-time codes."""

    def create(self, username: str) -> tuple[str, str]:
        """Return a new secret and the address that an authenticator app reads from a QR code."""
        ...

    def picture(self, address: str) -> str:
        """Return that address as a QR code, a `data:` address of an image."""
        ...

    def matching_step(self, secret: str, code: str) -> int | None:
        """Return the time step whose code it is, or None."""
        ...
