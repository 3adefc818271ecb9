"""What the use cases need from outside."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Protocol

from services.notification.domain.model import Book, Delivery, Intake, Notice, Planned, Result
from shared.chassis.database import Connection


class Ledger(Protocol):
    """The ledger of deliveries: a row before anything is sent, marked after."""

    async def take_in(
        self, notice: Notice, message_id: str, decide: Callable[[Book], Intake]
    ) -> Intake | None:
        """Decide about an event; store once what it leads to; None when that was stored before."""
        ...

    async def escalate(self, decide: Callable[[Notice, Book], Sequence[Planned]]) -> bool:
        """Take one escalation that is due and store its deliveries; False when none is due."""
        ...

    async def claim(self, limit: int, busy: Sequence[str]) -> list[Delivery]:
        """Take deliveries that are due, urgent first, not in the `busy` lanes; each is ours for a while."""
        ...

    async def keep(self, deliveries: Collection[Delivery]) -> None:
        """Have deliveries for a while longer: they are still on their way."""
        ...

    async def mark(self, delivery: Delivery, result: Result, delay_s: int | None) -> None:
        """Record how an attempt ended; a failed one comes again after `delay_s`, or never with None."""
        ...

    async def clean(self) -> None:
        """Forget message ids that nobody will send again; the ledger itself is kept."""
        ...


class Channels(Protocol):
    """The ways to people."""

    @property
    def names(self) -> frozenset[str]:
        """Return the names of the channels there are."""
        ...

    def lane(self, channel: str, address: str) -> str:
        """Return what a slow receiver at this address would hold up."""
        ...

    def check(self, channel: str, address: str) -> None:
        """Raise ValueError when nothing can or may be sent there."""
        ...

    async def send(self, delivery: Delivery) -> Result:
        """Try once; never raises."""
        ...


class TakenError(Exception):
    """The id is in use."""


class Rows(Protocol):
    """Contacts, routes and deliveries as the API shows them, in the transaction of who asks."""

    async def one(self, connection: Connection, table: str, id_: str) -> dict[str, Any] | None:
        """Return a `contact`, `route` or `delivery`."""
        ...

    async def many(
        self,
        connection: Connection,
        table: str,
        filters: Mapping[str, str | None],
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Return a page: contacts and routes by id, deliveries the newest first."""
        ...

    async def add(self, connection: Connection, table: str, values: Mapping[str, Any]) -> None:
        """Add a `contact` or `route`; TakenError when its id is in use."""
        ...

    async def change(
        self, connection: Connection, table: str, id_: str, revision: int, values: Mapping[str, Any]
    ) -> bool:
        """Change a `contact` or `route` of this revision; return False when it has another by now."""
        ...


class Browsers(Protocol):
    """Browsers that are rung, in the transaction of who asks."""

    @property
    def public_key(self) -> str:
        """Return the key that a browser subscribes with."""
        ...

    def fault(self, endpoint: str, p256dh: str, auth: str) -> tuple[str, str] | None:
        """Return which field of a subscription cannot be, and why."""
        ...

    async def add(self, connection: Connection, values: dict[str, Any]) -> str:
        """Keep a browser of somebody and return its id."""
        ...

    async def remove(self, connection: Connection, subscription_id: str) -> bool:
        """Forget one's own browser; False when there is none of this id."""
        ...

    async def silence(self, connection: Connection, person: str, session_ids: list[str]) -> None:
        """Forget the browsers that asked in these sessions of somebody."""
        ...

    async def forget(self, connection: Connection, person: str) -> None:
        """Forget all browsers of somebody, and the contacts that name them."""
        ...

    async def ring(self, connection: Connection, person: dict[str, Any]) -> None:
        """Have the contact of somebody name all browsers that are left."""
        ...
