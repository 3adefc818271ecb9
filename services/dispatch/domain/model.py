"""The nouns of dispatching: orders, crews, what a decision sees and what it says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

Priority = Literal["P1", "P2", "P3", "P4"]
Kind = Literal["response", "repair", "inspection"]
State = Literal["open", "assigned", "accepted", "en_route", "on_site", "closed", "cancelled"]
ItemKind = Literal[
    "opened",
    "alert_joined",
    "recommended",
    "assigned",
    "accepted",
    "departed",
    "arrived",
    "step",
    "reassigned",
    "escalated",
    "closed",
    "cancelled",
]

TERMINAL: frozenset[State] = frozenset({"closed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A dispatch order (抢修派单); times are Unix milliseconds of the database's clock.

    `tried` are crews that let the present round lapse, `crews_before` all who held the order earlier;
    `retry_at_ms` is when a crew is looked for again; `waiting` is true once nobody could be found and
    that was said; `late_said` is true once a missed arrival was said.
    """

    order_id: str
    site_id: str
    operator_id: str
    area_code: str
    kind: Kind
    priority: Priority
    text: str
    opened_at_ms: int
    updated_at_ms: int
    state: State = "open"
    alert_ids: tuple[str, ...] = ()
    skills: tuple[str, ...] = ()
    crew_id: str | None = None
    lead: str | None = None
    members: tuple[str, ...] = ()
    tried: tuple[str, ...] = ()
    crews_before: tuple[str, ...] = ()
    accept_by_ms: int | None = None
    arrive_by_ms: int | None = None
    retry_at_ms: int | None = None
    accepted_at_ms: int | None = None
    departed_at_ms: int | None = None
    arrived_at_ms: int | None = None
    closed_at_ms: int | None = None
    waiting: bool = False
    late_said: bool = False
    holds_site: bool = False
    test: bool = False
    reserved: bool = False
    revision: int = 1

    @property
    def is_open(self) -> bool:
        """Whether work on it goes on."""
        return self.state not in TERMINAL

    @property
    def seeks_crew(self) -> bool:
        """Whether it waits for a crew that is free."""
        return self.waiting and self.state == "open"

    def arrival_missed(self, now_ms: int) -> bool:
        """Whether the crew should have been there by now and nobody has said so."""
        return self.arrive_by_ms is not None and self.arrive_by_ms <= now_ms and not self.late_said

    def overdue(self, now_ms: int, accept_ms: int) -> bool:
        """Whether nobody is there by the deadline, or nobody accepted in time (`accept_ms` after opening)."""
        if self.state in {"on_site", *TERMINAL}:
            return False
        if self.arrive_by_ms is not None and self.arrive_by_ms <= now_ms:
            return True
        if self.state not in {"open", "assigned"}:
            return False
        lapsed = bool(self.tried) or (self.accept_by_ms is not None and self.accept_by_ms <= now_ms)
        return lapsed or (self.waiting and self.opened_at_ms + accept_ms <= now_ms)

    @property
    def due_ms(self) -> int | None:
        """When the order's timer rings next, or None."""
        times: list[int] = []
        if self.state == "assigned" and self.accept_by_ms is not None:
            times.append(self.accept_by_ms)
        if self.state == "open" and self.retry_at_ms is not None:
            times.append(self.retry_at_ms)
        if self.is_open and self.state != "on_site" and self.arrive_by_ms is not None and not self.late_said:
            times.append(self.arrive_by_ms)
        return min(times, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One change of an order, as its timeline keeps it; `former_crew_id` lost it by that and is only told."""

    order_id: str
    at_ms: int
    kind: ItemKind
    actor: str | None = None
    reason: str | None = None
    crew_id: str | None = None
    alert_id: str | None = None
    step: str | None = None
    device_time_ms: int | None = None
    former_crew_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """A crew (抢修班组) as it stands now: position in degrees WGS-84, `load` = orders it holds."""

    crew_id: str
    name: str = ""
    lead: str | None = None
    members: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()
    longitude: float | None = None
    latitude: float | None = None
    on_shift: bool = False
    load: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a site is and whose; position in degrees WGS-84, None when the registry has not said yet."""

    site_id: str
    operator_id: str
    area_code: str
    name: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What a decision sees of one site, locked: its open orders, the order asked for, its operator's crews.

    `served` names the alerts that stand in any order of the site, closed ones too; `binding` those of the
    site that last and keep a crew there.
    """

    now_ms: int
    orders: tuple[Order, ...] = ()
    crews: tuple[Crew, ...] = ()
    served: frozenset[str] = frozenset()
    binding: frozenset[str] = frozenset()

    def open_order(self, kind: Kind) -> Order | None:
        """Return the site's oldest open order of `kind`."""
        found = [order for order in self.orders if order.kind == kind and order.is_open]
        return min(found, key=lambda order: (order.opened_at_ms, order.order_id), default=None)

    def order(self, order_id: str) -> Order | None:
        """Return one order of the site."""
        return next((order for order in self.orders if order.order_id == order_id), None)


class Outcome(StrEnum):
    """Why a decision is what it is."""

    OPENED = "opened"
    JOINED = "joined"
    RAISED = "raised"
    DONE = "done"
    LATE_STEP = "late_step"
    NOTHING_DUE = "nothing_due"
    ALREADY_SERVED = "already_served"
    RULE_SENDS_NOBODY = "rule_sends_nobody"
    NOT_A_TRIGGER = "not_a_trigger"
    TEST = "test"
    RESERVED = "reserved"
    NOT_ACTIVE = "not_active"
    SUPPRESSED = "suppressed"
    STATE_FORBIDS = "state_forbids"
    ANOTHER_CREW = "another_crew"
    NO_SUCH_ORDER = "no_such_order"
    NO_CREW = "no_crew"
    SITE_HAS_OPEN_ORDER = "site_has_open_order"
    ALERTS_ACTIVE = "alerts_active"


REFUSALS = frozenset(
    {
        Outcome.ANOTHER_CREW,
        Outcome.STATE_FORBIDS,
        Outcome.NO_SUCH_ORDER,
        Outcome.NO_CREW,
        Outcome.SITE_HAS_OPEN_ORDER,
        Outcome.ALERTS_ACTIVE,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What shall be stored and said: the orders as they become, and their items in order.

    `other_id` names the order, `alert_ids` the alerts that stand in the way of what is refused; `binding`
    is an alert that from now on keeps a crew at its site.
    """

    outcome: Outcome
    other_id: str | None = None
    alert_ids: tuple[str, ...] = ()
    binding: str | None = None
    orders: tuple[Order, ...] = ()
    items: tuple[Item, ...] = ()

    @property
    def order(self) -> Order | None:
        """Return the last order it changes."""
        return self.orders[-1] if self.orders else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Deadlines in seconds: acceptance and new search (DOMAIN 9, Escalation), arrival by area (DOMAIN 5).

    `arrive_s` maps a prefix of the area code to the limit; the longest prefix counts.
    """

    accept_s: int = 60
    retry_s: int = 5
    arrive_s: Mapping[str, int] = field(default_factory=lambda: {"": 3600})

    def arrive_ms(self, area_code: str) -> int | None:
        """Return the arrival limit of an area in milliseconds."""
        fitting = [prefix for prefix in self.arrive_s if area_code.startswith(prefix)]
        return self.arrive_s[max(fitting, key=len)] * 1000 if fitting else None
