"""The nouns of notifying: what is told, to whom, by which way."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Topic = Literal["alert", "order", "enforcement"]
Priority = Literal["P1", "P2", "P3", "P4"]
Language = Literal["zh-CN", "en"]
OWN_CONTACTS = "push-"
"""How the ids of contacts begin that only notification itself makes."""
Mark = Literal["", "test", "drill"]
State = Literal["pending", "delivered", "failed"]


@dataclass(frozen=True, slots=True)
class Address:
    """One way to reach somebody: the name of a configured channel, and the address there."""

    channel: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody who is told; without operator they stand for an area (regulators, administrators)."""

    contact_id: str
    role: str
    area_code: str
    operator_id: str | None = None
    name: str = ""
    person: str | None = None
    crew_id: str | None = None
    language: Language = "zh-CN"
    addresses: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Who is told of what; an empty set of rules, whats or channels means all of them.

    `level` 0 is told at once, 1 and 2 by escalation. Without operator a route is the default of its area.
    """

    route_id: str
    topic: Topic
    priorities: frozenset[str]
    roles: frozenset[str]
    level: int = 0
    rules: frozenset[str] = frozenset()
    whats: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    operator_id: str | None = None
    area_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to tell: `subject` is what it is about, `what` the kind of its change, times in Unix ms.

    `flood` tells of an operator's alarm flood whether it lasts; None for everything else. `over` is an alert
    that has returned to normal. `reason` is why, in the words of the event; `device` whom it is about.
    """

    event_id: str
    topic: Topic
    subject: str
    what: str
    priority: Priority
    site_id: str
    operator_id: str
    area_code: str
    at_ms: int
    rule: str = ""
    level: int = 0
    mark: Mark = ""
    site_name: str = ""
    zone: str = ""
    gas: str = ""
    value: float | None = None
    unit: str = ""
    text: str = ""
    crew_id: str | None = None
    members: tuple[str, ...] = ()
    site_phones: tuple[tuple[str, str], ...] = ()
    flood: bool | None = None
    over: bool = False
    reason: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A delivery to make; its key is the same however often the same event is taken in."""

    idempotency_key: str
    recipient: str
    channel: str
    address: str
    language: Language
    title: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The contacts and routes that may concern a notice."""

    contacts: tuple[Contact, ...] = ()
    routes: tuple[Route, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A delivery that is being made, the `attempts`-th time; priorities 1 (first) to 4."""

    delivery_id: str
    idempotency_key: str
    subject: str
    topic: str
    site_id: str
    operator_id: str
    area_code: str
    priority: str
    recipient: str
    channel: str
    address: str
    language: str
    title: str
    body: str
    mark: str
    attempts: int
    created_at_ms: int


@dataclass(frozen=True, slots=True)
class Result:
    """How an attempt ended; `final` failures are not tried again."""

    delivered: bool
    detail: str = ""
    final: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What an event leads to: deliveries now, escalations later, escalations that are off."""

    planned: tuple[Planned, ...] = ()
    escalate_after_s: Mapping[int, int] = field(default_factory=dict)
    answered: bool = False
    over: bool = False

    @property
    def empty(self) -> bool:
        """Whether it leads to nothing."""
        return not (self.planned or self.escalate_after_s or self.answered or self.over)
