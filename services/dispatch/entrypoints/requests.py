"""What the routes of orders share: finding, refusing, acting once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import Request, Response

from services.dispatch.domain.model import REFUSALS, Decision, Limits, Order, Outcome
from services.dispatch.entrypoints.access import sees
from services.dispatch.handlers.published import order_event
from services.dispatch.handlers.use_cases import Dispatching
from services.dispatch.ports import OrderReads, OrderStore, Places
from shared.chassis.database import Connection, Pool, transaction
from shared.chassis.http import check_if_match, not_found, problem
from shared.chassis.idempotency import once
from shared.chassis.ids import uuid7
from shared.chassis.principal import Principal
from shared.contracts.resources import resource

Answer = tuple[int, dict[str, Any]]


_CONFLICTS = {
    Outcome.STATE_FORBIDS: "The order's state does not allow this.",
    Outcome.ANOTHER_CREW: "Another crew holds this order now.",
    Outcome.ALERTS_ACTIVE: "Alerts of this site last that need somebody there: reset them on site, or close"
    " with a reason. Cancelling is not possible; another crew can be sent.",
    Outcome.NO_CREW: "No crew can take this order.",
    Outcome.SITE_HAS_OPEN_ORDER: "The site has an open response order; join that one.",
}


def shown(order: Order) -> dict[str, Any]:
    """Return an order as GET gives it."""
    return resource(order_event(order))


def refuse(decision: Decision, order: Order | None = None) -> None:
    """Raise the problem of a decision that refuses."""
    if decision.outcome in _CONFLICTS:
        state = order.state if order is not None else None
        extra: dict[str, Any] = {"state": state} if state else {}
        if decision.other_id is not None:
            extra["order_id"] = decision.other_id
        if decision.alert_ids:
            extra["alert_ids"] = list(decision.alert_ids)
        raise problem(409, decision.outcome.value.replace("_", "-"), _CONFLICTS[decision.outcome], **extra)
    if decision.outcome in REFUSALS:
        raise not_found("order")


@dataclass(frozen=True, slots=True)
class Orders:
    """What the routes share."""

    pool: Pool
    store: Callable[[Connection], OrderStore]
    reads: OrderReads
    places: Places
    limits: Limits

    def dispatching(self, connection: Connection) -> Dispatching:
        """Return the use cases inside a request's transaction."""
        return Dispatching(self.store(connection), self.places, self.limits, uuid7)

    async def find(self, connection: Connection, order_id: str, asking: Principal) -> Order:
        """Return an order that this person may see; 404 otherwise."""
        order = await self.reads.order(connection, order_id)
        if order is None or not sees(asking, order):
            raise not_found("order")
        return order

    async def act(
        self,
        request: Request,
        asking: Principal,
        order_id: str,
        decide: Callable[[Dispatching, Order], Awaitable[Decision | None]],
    ) -> Response:
        """Run one action once, and answer with the order."""
        async with transaction(self.pool, asking) as connection:

            async def doing() -> Answer:
                order = await self.find(connection, order_id, asking)
                check_if_match(request, order.revision)
                decision = await decide(self.dispatching(connection), order)
                if decision is None or decision.order is None:
                    refuse(decision or Decision(outcome=Outcome.NO_SUCH_ORDER), order)
                    raise not_found("order")
                # Decided under the site's lock: somebody may have been quicker since it was found.
                check_if_match(request, decision.order.revision - 1)
                return 200, shown(decision.order)

            return await once(request, asking, connection, doing)
