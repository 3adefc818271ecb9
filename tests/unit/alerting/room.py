"""A room with one valve, decided step by step, and signals for it."""

import itertools
from collections.abc import Callable
from dataclasses import replace

from services.alerting.domain.decide import decide
from services.alerting.domain.episodes import Reason
from services.alerting.domain.signals import AnySignal, PositionSeen, Sign, Signal
from services.alerting.domain.site import Alert, SiteFacts, SiteState

NOW = 1_700_000_000_000
FACTS = SiteFacts("s1", "op-1", "530602", "restaurant", True, valves={"z1": ("v1",)})


def ids() -> Callable[[], str]:
    numbers = itertools.count(1)
    return lambda: f"id-{next(numbers)}"


def gas(rule: str = "G02", sign: Sign = Sign.RAISED, at_ms: int = NOW, **fields: object) -> Signal:
    found = Signal(
        sign,
        rule,
        "gas",
        "d1",
        "s1",
        at_ms,
        zone="z1",
        device_ids=("d1",),
        priority="P2" if rule == "G01" else "P1",
        latched=rule == "G02",
        value=60.0,
        zone_lel_percent=60.0,
    )
    return replace(found, **fields)  # type: ignore[arg-type]


def moved(position: str, before: str = "open", seq: int = 1, **fields: object) -> PositionSeen:
    found = PositionSeen("s1", "v1", "z1", position, before, "by_hand", None, (1, seq), NOW)
    return replace(found, **fields)  # type: ignore[arg-type]


class Room:
    """A site with one valve, decided step by step."""

    def __init__(self, facts: SiteFacts = FACTS, holder: str | None = None) -> None:
        self.state = SiteState(facts, holder)
        self.new_id = ids()

    def take(self, *signals: AnySignal, at_ms: int = NOW) -> list[Reason]:
        return [d.reason for d in decide(self.state, signals, at_ms, self.new_id)]

    def alert(self, rule: str) -> Alert:
        (found,) = [a for a in self.state.alerts.values() if a.rule == rule]
        return found

    def lines(self, rule: str) -> list[str]:
        alert = self.alert(rule)
        changes = [c for c in self.state.changed if c.alert.alert_id == alert.alert_id and c.item]
        return [c.item.kind for c in changes if c.item]

    @property
    def commands(self) -> int:
        return len(self.state.commands)
