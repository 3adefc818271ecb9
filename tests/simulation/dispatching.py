"""Dispatch with its timers, its consumer and its relay, and the crews that it sends."""

from collections.abc import Callable
from typing import Any

from services.dispatch.adapters.memory import MemoryOrders
from services.dispatch.domain.model import Crew, Decision, Limits, Order, Place
from services.dispatch.entrypoints.consumer import Consumer
from services.dispatch.handlers.published import message
from services.dispatch.handlers.use_cases import Dispatching
from shared.chassis import cloudevents
from tests.simulation.bus import Log
from tests.simulation.kernel import Kernel, at_once
from tests.simulation.town import AREA, OPERATOR, Town

CREWS = tuple(
    Crew(
        crew_id=f"crew-{n}",
        lead=f"lead-{n}",
        members=(f"lead-{n}", f"mate-{n}") if n else (f"lead-{n}",),
        skills=frozenset({"leak", "valve"}) if n % 2 else frozenset({"leak", "detector"}),
        on_shift=True,
    )
    for n in range(4)
)


class Orders(MemoryOrders):
    """The store in memory; `on_change` sees every decision that was stored."""

    def __init__(self, kernel: Kernel, on_change: Callable[[Decision], None]) -> None:
        super().__init__(lambda: kernel.now)
        self._on_change = on_change

    async def change(self, *args: Any, **named: Any) -> Decision | None:
        decision = await super().change(*args, **named)
        if decision is not None:
            self._on_change(decision)
        return decision


class Places:
    """The sites, all at one place."""

    def get(self, site_id: str) -> Place | None:
        return Place(site_id=site_id, operator_id=OPERATOR, area_code=AREA, name=site_id)


class Dispatch:
    """The service; `log` is the topic of its events."""

    def __init__(
        self, kernel: Kernel, town: Town, alerts: Log, bad: float, on_change: Callable[[Decision], None]
    ) -> None:
        self.kernel = kernel
        self.town = town
        self.log = Log(1)
        self.store = Orders(kernel, on_change)
        self.store.crews[OPERATOR] = list(CREWS)
        self._alerts = alerts
        self._bad = bad
        self._ids = 0
        self._at = 0
        self._sent: set[int] = set()
        self.use = Dispatching(self.store, Places(), Limits(), self._new_id)
        self._consumer = Consumer(self.use)
        chance = kernel.chance
        kernel.every(lambda: chance.randrange(50, 600), self.consume)
        kernel.every(lambda: chance.randrange(300, 1_000), self.ring)
        kernel.every(lambda: chance.randrange(20, 300), self.relay)

    def _new_id(self) -> str:
        self._ids += 1
        return f"order-{self._ids}"

    def consume(self) -> None:
        """Take alerts; a crash before the offset is committed reads them again."""
        records = self._alerts.rows[0][self._at : self._at + self.kernel.chance.randrange(1, 20)]
        for record in records:
            at_once(self._consumer.handle(record))
            if self.kernel.happens(self._bad / 10):
                self.kernel.say("dispatch", "is killed before it commits its offset")
                return
        self._at += len(records)

    def ring(self) -> None:
        if not self.kernel.happens(0.1):
            at_once(self.use.ring())

    def relay(self) -> None:
        now = self.kernel.now
        unsent = [n for n in range(len(self.store.events)) if n not in self._sent]
        for number in unsent:
            said = message(*self.store.events[number])
            headers = cloudevents.headers(said.type, "/", said.key or "", now, id_=f"o{number}")
            self.log.publish(said.topic, 0, said.value or b"", headers, now)
        if not self.kernel.happens(self._bad / 4):
            self._sent.update(unsent)

    def act(self, order: Order, action: Any, reason: str | None = None) -> bool:
        """Do what a crew says; tell whether the order's state allowed it."""
        decision = at_once(self.use.act(order, action, order.lead or "dispatcher", reason=reason))
        return bool(decision and decision.orders)
