"""The use cases: decide what the fold says, follow the orders, and let a crew hold its site."""

import time
from collections.abc import Callable, Sequence

from services.alerting.domain.decide import Decision, decide
from services.alerting.domain.signals import AnySignal
from services.alerting.domain.site import TimelineItem
from services.alerting.ports import Advance, AlertStore, Registry
from shared.chassis.metrics import Counter, Histogram
from shared.contracts.events import OrderChanged

DECISIONS = Counter("gas_alerting_decisions_total", "Decisions by their reason", ["reason"])
COMMIT = Histogram(
    "gas_alerting_commit_seconds",
    "How long a transaction of decisions took",
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5),
)


class Deciding:
    """Signals in, committed decisions out."""

    def __init__(self, store: AlertStore, registry: Registry, new_id: Callable[[], str]) -> None:
        self._store = store
        self._registry = registry
        self._new_id = new_id
        self._told: Callable[[], None] = lambda: None

    def on_commit(self, told: Callable[[], None]) -> None:
        """Call `told` after a commit that changed valves: a deadline may have come nearer."""
        self._told = told

    async def commit(self, advances: Sequence[Advance], signals: Sequence[AnySignal]) -> list[Decision]:
        """Decide the signals and set the offsets they were folded up to, in one transaction; Fenced."""
        begin = time.perf_counter()
        by_site: dict[str, list[AnySignal]] = {}
        for signal in signals:
            by_site.setdefault(signal.site_id, []).append(signal)
        decisions: list[Decision] = []
        loops = False
        async with self._store.unit(advances) as unit:
            if by_site:
                states = await unit.load([self._registry.facts(site_id) for site_id in sorted(by_site)])
                for site_id, said in by_site.items():
                    decisions += decide(states[site_id], said, unit.now_ms, self._new_id)
                loops = any(state.valves_changed for state in states.values())
                await unit.save(list(states.values()))
        for decision in decisions:
            DECISIONS.labels(decision.reason).inc()
        if loops:
            self._told()
        COMMIT.observe(time.perf_counter() - begin)
        return decisions

    async def order(self, event_id: str, said: OrderChanged) -> None:
        """Follow an order: who holds the site, and which alerts it is about."""
        order, item = said.order, said.item
        async with self._store.unit() as unit:
            if not await unit.first_time("orders", event_id):
                return
            site = self._registry.facts(order.site_id)
            unlinked = await unit.unlinked(order.order_id, order.site_id, order.alert_ids)
            state = (await unit.load([site], unlinked))[order.site_id]
            if order.holds_site:
                await unit.hold(order.site_id, order.order_id, order.crew_id)
            elif state.holder_order_id == order.order_id:
                await unit.hold(order.site_id, None)
            for alert_id in unlinked:
                alert = state.alerts.get(alert_id)
                if alert is not None and alert.order_id != order.order_id:
                    line = TimelineItem(unit.now_ms, "order_linked", item.actor, reason=order.order_id)
                    state.change(alert, line, order_id=order.order_id)
            await unit.save([state])
