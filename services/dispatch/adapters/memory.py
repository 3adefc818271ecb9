"""The store in memory, for simulations: the same promises, time from outside, no waiting anywhere."""

from collections.abc import Callable
from dataclasses import replace

from services.dispatch.domain.model import REFUSALS, Crew, Decision, Item, Order, Place, Situation
from services.dispatch.domain.recommend import is_free
from services.dispatch.domain.steps import Step
from services.dispatch.ports import Decide, OpenOrderExistsError


class MemoryOrders:
    """An OrderStore; `events` holds (order, item) as they are published, `crews` the crews by operator."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.orders: dict[str, Order] = {}
        self.items: list[Item] = []
        self.steps: list[Step] = []
        self.events: list[tuple[Order, Item]] = []
        self.crews: dict[str, list[Crew]] = {}
        self._seen: set[str] = set()
        self._binding: dict[str, str] = {}

    def situation(self, place: Place, order_id: str | None = None) -> Situation:
        """Return what a decision about a site sees now."""
        here = [order for order in self.orders.values() if order.site_id == place.site_id]
        served = frozenset(alert for order in here for alert in order.alert_ids)
        shown = tuple(order for order in here if order.is_open or order.order_id == order_id)
        loads = [order.crew_id for order in self.orders.values() if order.is_open]
        crews = tuple(
            replace(crew, load=loads.count(crew.crew_id)) for crew in self.crews.get(place.operator_id, [])
        )
        binding = frozenset(alert for alert, site in self._binding.items() if site == place.site_id)
        return Situation(now_ms=self.now_ms(), orders=shown, crews=crews, served=served, binding=binding)

    async def change(
        self,
        place: Place,
        decide: Decide,
        *,
        order_id: str | None = None,
        message_id: str | None = None,
        step: Step | None = None,
    ) -> Decision | None:
        """Decide and store in one go; nothing is stored when `decide` raises."""
        if message_id is not None and message_id in self._seen:
            return None
        decision = decide(self.situation(place, order_id))
        self._guard(decision)
        if message_id is not None:
            self._seen.add(message_id)
        for order in decision.orders:
            self.orders[order.order_id] = order
        if decision.binding is not None:
            self._binding[decision.binding] = place.site_id
        for item in decision.items:
            self.items.append(item)
            self.events.append((self.orders[item.order_id], item))
        if step is not None and decision.outcome not in REFUSALS:
            self.steps.append(replace(step, received_at_ms=self.now_ms()))
        return decision

    async def ended(self, alert_id: str) -> None:
        """Forget an alert that kept a crew at its site."""
        self._binding.pop(alert_id, None)

    async def places_due(self, limit: int) -> list[Place]:
        """Return the places of orders whose timer has rung."""
        now = self.now_ms()
        due = sorted(
            (order.due_ms, order.site_id, order.operator_id, order.area_code)
            for order in self.orders.values()
            if order.due_ms is not None and order.due_ms <= now
            if not order.seeks_crew or order.arrival_missed(now) or self._somebody_is_free(order)
        )
        found = {
            site: Place(site_id=site, operator_id=operator, area_code=area) for _, site, operator, area in due
        }
        return list(found.values())[:limit]

    def _somebody_is_free(self, order: Order) -> bool:
        place = Place(site_id=order.site_id, operator_id=order.operator_id, area_code=order.area_code)
        return any(is_free(crew) for crew in self.situation(place).crews)

    async def clean(self) -> None:
        """Keep everything: simulations are short."""

    def _guard(self, decision: Decision) -> None:
        after = self.orders | {order.order_id: order for order in decision.orders}
        sites = [order.site_id for order in after.values() if order.kind == "response" and order.is_open]
        if len(sites) != len(set(sites)):
            raise OpenOrderExistsError
