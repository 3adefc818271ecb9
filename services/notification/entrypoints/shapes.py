"""What notification's answers hold."""

from services.notification.domain.model import Language, Mark, Priority, State, Topic
from shared.chassis.openapi import page_of
from shared.contracts.resources import Shape, Time


class Address(Shape):
    """One way to reach somebody: the name of a configured channel, and the address there."""

    channel: str
    address: str


class Contact(Shape):
    """Somebody who is told; without operator they stand for an area."""

    contact_id: str
    operator_id: str | None
    area_code: str
    name: str
    role: str
    person: str | None
    crew_id: str | None
    language: Language
    addresses: list[Address]
    active: bool
    revision: int


class Route(Shape):
    """Who is told of what; an empty list of rules, whats or channels means all of them."""

    route_id: str
    operator_id: str | None
    area_code: str
    topic: Topic
    priorities: list[Priority]
    roles: list[str]
    level: int
    rules: list[str]
    whats: list[str]
    channels: list[str]
    active: bool
    revision: int


class Delivery(Shape):
    """A message to one person by one channel."""

    delivery_id: str
    idempotency_key: str
    subject: str
    topic: Topic
    site_id: str
    operator_id: str
    area_code: str
    priority: Priority
    recipient: str
    channel: str
    language: Language
    title: str
    body: str
    mark: Mark
    state: State
    attempts: int
    detail: str
    created_at: Time
    ended_at: Time | None


ContactPage = page_of(Contact)
RoutePage = page_of(Route)
DeliveryPage = page_of(Delivery)


class PushKey(Shape):
    """The key that a browser subscribes with."""

    key: str


class PushSubscription(Shape):
    """A browser that is rung."""

    subscription_id: str
