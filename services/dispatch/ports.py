"""What the use cases need from outside."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from services.dispatch.domain.model import Decision, Order, Place, Situation
from services.dispatch.domain.steps import Step
from shared.chassis.database import Connection

Decide = Callable[[Situation], Decision]


class OpenOrderExistsError(Exception):
    """The guard of last resort: a site would have had two open response orders."""


class OrderStore(Protocol):
    """Keeps orders; `change` is the only way to alter them.

    The site is locked while `decide` runs; its orders, items, steps and events become durable together or
    not at all. Of two changes of one site the second sees what the first did.
    """

    async def change(
        self,
        place: Place,
        decide: Decide,
        *,
        order_id: str | None = None,
        message_id: str | None = None,
        step: Step | None = None,
    ) -> Decision | None:
        """Decide about the site's open orders (and `order_id`) and store what was decided.

        Returns None when `message_id` was handled before. `step` is stored unless the decision refuses.
        """
        ...

    async def ended(self, alert_id: str) -> None:
        """Forget an alert that kept a crew at its site."""
        ...

    async def places_due(self, limit: int) -> list[Place]:
        """Return places with an order whose timer has rung by the store's clock, the longest due first.

        One that only waits for a crew counts while its operator has a free one: on shift, two people or
        more, no order.
        """
        ...

    async def clean(self) -> None:
        """Forget message ids that nobody will send again."""
        ...


class Places(Protocol):
    """Knows where sites are."""

    def get(self, site_id: str) -> Place | None:
        """Return a site, or None when the registry has not named it."""
        ...


class OrderReads(Protocol):
    """What people read of orders, in the transaction of who asks, under row-level security."""

    async def orders(
        self,
        connection: Connection,
        filters: Mapping[str, Any],
        after: Sequence[Any] | None,
        limit: int,
    ) -> list[Order]:
        """Return orders, the newest first, after the sort key `(opened_at_ms, order_id)`."""
        ...

    async def order(self, connection: Connection, order_id: str) -> Order | None:
        """Return one order."""
        ...

    async def timeline(self, connection: Connection, order_id: str) -> list[dict[str, Any]]:
        """Return an order's changes as the API shows them."""
        ...

    async def steps(self, connection: Connection, order_id: str) -> list[dict[str, Any]]:
        """Return the reported steps in the order in which they were done."""
        ...


class TakenError(Exception):
    """The id is in use."""


class CrewRows(Protocol):
    """Crews and shifts as the API shows them, in the transaction of who asks."""

    async def crew(self, connection: Connection, crew_id: str) -> dict[str, Any] | None:
        """Return a crew with whether it is on shift and how many orders it holds."""
        ...

    async def crews(
        self, connection: Connection, operator_id: str | None, after: str, limit: int
    ) -> list[dict[str, Any]]:
        """Return crews by id."""
        ...

    async def shift(self, connection: Connection, shift_id: str) -> dict[str, Any] | None:
        """Return a shift."""
        ...

    async def shifts(
        self, connection: Connection, crew_id: str | None, after: str, limit: int
    ) -> list[dict[str, Any]]:
        """Return shifts by id."""
        ...

    async def add(self, connection: Connection, table: str, values: Mapping[str, Any]) -> None:
        """Add a `crew` or `shift`; TakenError when its id is in use."""
        ...

    async def change(
        self, connection: Connection, table: str, id_: str, revision: int, values: Mapping[str, Any]
    ) -> bool:
        """Change a `crew` or `shift` of this revision; return False when it has another by now."""
        ...

    async def move_crew(
        self, connection: Connection, crew_id: str, longitude: float, latitude: float, at_ms: int
    ) -> None:
        """Record where a crew is, unless something newer is known."""
        ...

    async def lock_crew(self, connection: Connection, crew_id: str) -> dict[str, Any] | None:
        """Return a crew that nobody is sent with until the end of the transaction."""
        ...

    async def set_duty(self, connection: Connection, crew_id: str, *, on: bool) -> bool:
        """Put a crew's present shifts on or off duty; return whether there is one."""
        ...

    async def begin_shift(
        self, connection: Connection, shift_id: str, crew: Mapping[str, Any], length_ms: int
    ) -> None:
        """Begin a shift of a crew now, on duty."""
        ...
