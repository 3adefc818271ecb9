"""People: the watch acknowledges, shelves and closes valves; crews accept late or never, reset and open."""

from collections.abc import Callable

from services.alerting.domain import loops
from services.alerting.domain.acts import Act, Asked, Refusal, do
from services.alerting.domain.site import SiteState
from services.alerting.domain.valve_loop import on_manual_close
from services.dispatch.domain.model import Order
from tests.simulation.dispatching import Dispatch
from tests.simulation.kernel import Kernel, at_once
from tests.simulation.platform import Platform

NEXT = {"assigned": "accept", "accepted": "depart", "en_route": "arrive"}


class People:
    """What they did stands in `acknowledged` and `reset`: nobody else may do either."""

    def __init__(self, kernel: Kernel, platform: Platform, dispatch: Dispatch) -> None:
        self.kernel = kernel
        self.platform = platform
        self.dispatch = dispatch
        self.home = False
        self.acknowledged: set[str] = set()
        self.reset: set[str] = set()
        self.resets_at: list[tuple[int, str]] = []
        self._seen: set[tuple[str, str | None, str]] = set()
        chance = kernel.chance
        kernel.every(lambda: chance.randrange(5_000, 40_000), self.watch)
        kernel.every(lambda: chance.randrange(1_000, 8_000), self.crews)

    def _at_site(self, site_id: str, what: Callable[[SiteState, int], None]) -> None:
        async def act() -> None:
            async with self.platform.database.unit() as unit:
                listed = list(self.platform.database.tables.alerts)  # people see what ended, too
                state = (await unit.load([self.platform.town.facts(site_id)], listed))[site_id]
                what(state, unit.now_ms)
                await unit.save([state])

        at_once(act())

    def watch(self) -> None:
        """Look at one site: acknowledge, shelve, or close a valve."""
        if self.home:
            return
        chance = self.kernel.chance
        self._at_site(chance.choice(sorted(self.platform.town.sites)), self._look)

    def _look(self, state: SiteState, now_ms: int) -> None:
        chance = self.kernel.chance
        for alert in list(state.alerts.values()):
            if chance.random() < 0.3:
                self.acknowledged.add(alert.alert_id)
                do(state, alert, Asked(Act.ACKNOWLEDGE, "li", now_ms, "seen"))
            elif chance.random() < 0.1:
                until_ms = now_ms + chance.randrange(5_000, 60_000)
                do(state, alert, Asked(Act.SHELVE, "li", now_ms, "works", until_ms))
        if chance.random() < 0.05 and not self.kernel.fair:
            valve_id = chance.choice(sorted(state.facts.clients))
            at = loops.moment(state, valve_id, now_ms, self.platform.new_id)
            step = on_manual_close(loops.valve_of(state, valve_id), "li", "smell", (), at)
            self.kernel.say("li", f"closes {valve_id}: {step.reason}")
            loops.apply(state, step, now_ms, self.platform.new_id)

    def crews(self) -> None:
        """Each order's crew: one in four never answers, the others when they like."""
        if self.home:
            return
        for order in list(self.dispatch.store.orders.values()):
            before = (order.order_id, order.crew_id, order.state)
            if before in self._seen:
                continue
            if order.state in NEXT:
                self._seen.add(before)
                if order.state == "assigned" and self.kernel.chance.random() < 0.25:
                    continue
                after_ms = self.kernel.chance.choice((2_000, 10_000, 50_000, 58_000, 62_000, 90_000))
                self.kernel.later(after_ms, lambda order=order: self._goes_on(order))  # type: ignore[misc]
            elif order.state == "on_site":
                self._works(order)

    def _goes_on(self, order: Order) -> None:
        now = self.dispatch.store.orders[order.order_id]
        if (now.crew_id, now.state) == (order.crew_id, order.state):
            self.kernel.say(order.crew_id or "", f"{NEXT[order.state]} {order.order_id}")
            self.dispatch.act(now, NEXT[order.state])

    def _works(self, order: Order) -> None:
        chance = self.kernel.chance
        if chance.random() < 0.5:
            return
        self._at_site(order.site_id, lambda state, now_ms: self._reset(order, state, now_ms))
        valves = [v for v in self.platform.valves.values() if v.facts.site_id == order.site_id]
        if chance.random() < 0.5:
            for valve in valves:
                valve.open_by_hand()
        if chance.random() < 0.4:
            self.kernel.say(order.crew_id or "", f"closes {order.order_id}")
            # Some leave although an alert lasts, and say why: the gas may come back then.
            self.dispatch.act(order, "close", chance.choice((None, "detector burnt")))

    def _reset(self, order: Order, state: SiteState, now_ms: int) -> None:
        for alert_id in list(state.alerts):
            alert = state.alerts[alert_id]
            asked = Asked(Act.RESET, order.lead or "", now_ms, "aired", order_id=order.order_id)
            if not isinstance(do(state, alert, asked), Refusal):
                self.kernel.say(order.crew_id or "", f"resets {alert.rule} {alert.subject}")
                self.reset.add(alert.alert_id)
                self.resets_at.append((now_ms, state.facts.site_id))
