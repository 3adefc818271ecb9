"""Two sites, crews, and dispatching over the store in memory."""

import itertools
from typing import Any

from services.dispatch.adapters.memory import MemoryOrders
from services.dispatch.domain.lifecycle import Action
from services.dispatch.domain.model import Crew, Decision, Limits, Order, Outcome, Place
from services.dispatch.domain.policy import Cause
from services.dispatch.handlers.use_cases import Dispatching

PLACES = {
    name: Place(site_id=name, operator_id="op1", area_code="530602", longitude=103.7, latitude=27.3)
    for name in ("s1", "s2")
}


def crew(crew_id: str, longitude: float = 103.7) -> Crew:
    return Crew(
        crew_id=crew_id,
        members=("a", "b"),
        lead="a",
        skills=frozenset({"leak"}),
        longitude=longitude,
        latitude=27.3,
        on_shift=True,
    )


class World:
    """Dispatching over the store in memory, with a clock of its own."""

    def __init__(self, *crews: Crew) -> None:
        self.now = 1_000_000
        self.store = MemoryOrders(lambda: self.now)
        self.store.crews["op1"] = list(crews)
        ids = itertools.count(1)
        self.use = Dispatching(self.store, PLACES, Limits(), lambda: f"o{next(ids)}")
        self.messages = itertools.count(1)

    def run(self, work: Any) -> Any:
        """Drive a coroutine that never waits."""
        try:
            work.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("the store in memory must not wait")

    def alert(
        self, alert_id: str = "a1", rule: str = "G02", priority: str = "P1", site: str = "s1", **more: Any
    ) -> Decision:
        cause = Cause(cause_id=alert_id, rule=rule, priority=priority, **more)  # type: ignore[arg-type]
        found: Decision = self.run(self.use.on_cause(cause, PLACES[site], f"m{next(self.messages)}"))
        return found

    def act(self, action: Action, order_id: str = "o1", reason: str | None = None) -> Decision:
        found: Decision = self.run(self.use.act(self.store.orders[order_id], action, "a", reason=reason))
        return found

    def wait(self, seconds: float) -> None:
        self.now += round(seconds * 1000)
        self.run(self.use.ring())

    def order(self, order_id: str = "o1") -> Order:
        return self.store.orders[order_id]

    def said(self) -> list[str]:
        return [item.kind for item in self.store.items]


def on_site(world: World, order_id: str = "o1") -> None:
    for action in ("accept", "depart", "arrive"):
        assert world.act(action, order_id).outcome is Outcome.DONE
