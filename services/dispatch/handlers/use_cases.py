"""Use cases: what comes in becomes a decision about one site."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.dispatch.domain import decisions
from services.dispatch.domain.lifecycle import Action
from services.dispatch.domain.model import Decision, Limits, Order, Outcome, Place, Situation
from services.dispatch.domain.policy import ENDS, Cause, sends
from services.dispatch.domain.steps import Step
from services.dispatch.ports import OrderStore, Places

SITES_A_ROUND = 50


@dataclass(frozen=True, slots=True)
class Dispatching:
    """The use cases of dispatching over one store."""

    store: OrderStore
    places: Places
    limits: Limits
    new_id: Callable[[], str]

    def place(self, site_id: str, operator_id: str, area_code: str) -> Place:
        """Return where a site is; the event's own word when the registry has not named it yet."""
        return self.places.get(site_id) or Place(
            site_id=site_id, operator_id=operator_id, area_code=area_code
        )

    async def on_cause(self, cause: Cause, place: Place, message_id: str) -> Decision | None:
        """Take in an alert or finding once; without a database trip when it sends nobody."""
        if not cause.active and cause.trigger in ENDS:
            await self.store.ended(cause.cause_id)
        wanted = sends(cause)
        if isinstance(wanted, Outcome):
            return Decision(outcome=wanted)
        order_id = self.new_id()

        def decide(situation: Situation) -> Decision:
            decision = decisions.on_cause(situation, cause, place, order_id, self.limits)
            return replace(decision, binding=cause.cause_id if cause.binds else None)

        return await self.store.change(place, decide, message_id=message_id)

    async def on_time(self, place: Place) -> Decision | None:
        """Act on the deadlines of one site."""
        place = self._kept(place.site_id, place.operator_id, place.area_code)

        def decide(situation: Situation) -> Decision:
            return decisions.on_time(situation, place, self.limits)

        return await self.store.change(place, decide)

    async def open(self, order: Order, place: Place, actor: str) -> Decision | None:
        """Open an order on a person's word."""

        def decide(situation: Situation) -> Decision:
            return decisions.open_order(situation, order, place, self.limits, actor=actor)

        return await self.store.change(place, decide)

    async def act(
        self,
        order: Order,
        action: Action,
        actor: str,
        *,
        crew_id: str | None = None,
        reason: str | None = None,
        device_time_ms: int | None = None,
    ) -> Decision | None:
        """Accept, depart, arrive, close or cancel; with `crew_id` on the word of the crew that holds it."""

        def decide(situation: Situation) -> Decision:
            return decisions.act(
                situation,
                order.order_id,
                action,
                actor,
                crew_id=crew_id,
                reason=reason,
                device_time_ms=device_time_ms,
            )

        return await self.store.change(self._place(order), decide, order_id=order.order_id)

    async def reassign(
        self, order: Order, crew_id: str | None, actor: str, reason: str = ""
    ) -> Decision | None:
        """Give an order to another crew."""
        place = self._place(order)

        def decide(situation: Situation) -> Decision:
            return decisions.reassign(
                situation, order.order_id, crew_id, actor, place, self.limits, reason=reason
            )

        return await self.store.change(place, decide, order_id=order.order_id)

    async def report(self, order: Order, step: Step) -> Decision | None:
        """Take in a step of the crew's work."""

        def decide(situation: Situation) -> Decision:
            return decisions.report(situation, step)

        return await self.store.change(self._place(order), decide, order_id=order.order_id, step=step)

    async def ring(self) -> int:
        """Act on all deadlines that have passed; return how many sites were looked at."""
        places = await self.store.places_due(SITES_A_ROUND)
        for place in places:
            await self.on_time(place)
        return len(places)

    def _place(self, order: Order) -> Place:
        return self._kept(order.site_id, order.operator_id, order.area_code)

    def _kept(self, site_id: str, operator_id: str, area_code: str) -> Place:
        """Return where an order's site is: the order stays its operator's when the site changes hands."""
        found = self.place(site_id, operator_id, area_code)
        return replace(found, operator_id=operator_id, area_code=area_code)
