"""Who is told, and on which channels."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from services.notification.domain.model import Address, Book, Contact, Notice, Planned, Route
from services.notification.domain.texts import compose

ALL = frozenset({"P1", "P2", "P3", "P4"})
URGENT = frozenset({"P1", "P2"})
TOLD = frozenset({"raised", "escalated", "unshelved"})
CREW_ROLES = frozenset({"crew_member", "crew_lead"})
OVERSEERS = frozenset({"regulator_officer", "administrator"})
CHANNELS_MIN = 2  # push to people on two channels or more (GB/T 45839-2025, DOMAIN 8)
VOICE = "voice"
# Rules for which the site's own contact is called: people there must leave or help at once.
CALLED_RULES = frozenset({"G02", "G03", "G04", "V01", "V03", "P04"})

DEFAULT_ROUTES: tuple[Route, ...] = (
    Route(
        route_id="default-alert",
        topic="alert",
        priorities=URGENT,
        roles=frozenset({"watch", "dispatcher"}),
        whats=TOLD,
    ),
    Route(
        route_id="default-platform",
        topic="alert",
        priorities=ALL,
        roles=frozenset({"administrator", "watch"}),
        rules=frozenset({"S02"}),
        whats=TOLD,
    ),
    Route(
        route_id="default-supervisor",
        topic="alert",
        priorities=frozenset({"P1"}),
        roles=frozenset({"watch_supervisor"}),
        level=1,
    ),
    Route(
        route_id="default-duty-manager",
        topic="alert",
        priorities=frozenset({"P1"}),
        roles=frozenset({"duty_manager"}),
        level=2,
    ),
    Route(
        route_id="default-crew",
        topic="order",
        priorities=ALL,
        roles=CREW_ROLES,
        whats=frozenset({"assigned", "reassigned", "taken_over", "cancelled"}),
    ),
    # The crew on its way believes that the gas is shut off: it hears when it is not (DOMAIN 9, V01, V03).
    Route(
        route_id="default-crew-valve",
        topic="order",
        priorities=ALL,
        roles=CREW_ROLES,
        rules=frozenset({"V01", "V03"}),
        whats=frozenset({"alert_joined"}),
    ),
    Route(
        route_id="default-nobody-goes",
        topic="order",
        priorities=ALL,
        roles=frozenset({"dispatcher", "watch_supervisor"}),
        whats=frozenset({"escalated", "unassigned"}),
    ),
    Route(
        route_id="default-regulator",
        topic="enforcement",
        priorities=ALL,
        roles=frozenset({"regulator_officer"}),
        rules=frozenset({"C01", "C04", "C05"}),
        whats=frozenset({"found"}),
    ),
    Route(
        route_id="default-operator",
        topic="enforcement",
        priorities=ALL,
        roles=frozenset({"operator_admin"}),
        rules=frozenset({"C02", "C03", "D04", "D05", "D06", "D07"}),
        whats=frozenset({"found"}),
    ),
)


def area_prefix(area_code: str) -> str:
    """Return what all codes of an area (GB/T 2260) begin with."""
    if area_code.endswith("0000"):
        return area_code[:2]
    return area_code[:4] if area_code.endswith("00") else area_code


def within(area_code: str, area: str) -> bool:
    """Return whether `area_code` is `area` or lies below it; an empty code lies everywhere."""
    return not area_code or area_code.startswith(area_prefix(area))


def matches(route: Route, notice: Notice) -> bool:
    """Return whether `route` is about this notice."""
    return (
        route.topic == notice.topic
        and route.level == notice.level
        and notice.priority in route.priorities
        and (not route.rules or notice.rule in route.rules)
        and (not route.whats or notice.what in route.whats or notice.level > 0)
        and route.operator_id in {None, notice.operator_id}
        and within(notice.area_code, route.area_code)
    )


def routes_for(notice: Notice, own: Iterable[Route]) -> tuple[Route, ...]:
    """Return the routes to follow: the configured ones that match, else the defaults that match.

    So a route that somebody adds for P2 leaves the defaults for P1 as they are. A firm's own routes decide
    only who in the firm is told: what goes to those who oversee it goes there beside them.
    """
    found = tuple(route for route in own if matches(route, notice))
    defaults = tuple(route for route in DEFAULT_ROUTES if matches(route, notice))
    if not found:
        return defaults
    if any(route.operator_id is None for route in found):
        return found
    kept = [replace(route, roles=route.roles & OVERSEERS) for route in defaults]
    return found + tuple(route for route in kept if route.roles)


def concerns(contact: Contact, notice: Notice) -> bool:
    """Return whether somebody is responsible for what the notice is about."""
    if contact.role in CREW_ROLES:
        in_crew = contact.crew_id is not None and contact.crew_id == notice.crew_id
        return in_crew or (contact.person is not None and contact.person in notice.members)
    if contact.operator_id is not None:
        return contact.operator_id == notice.operator_id
    return within(notice.area_code, contact.area_code)


def addresses(contact: Contact, route: Route, notice: Notice) -> tuple[Address, ...]:
    """Return the ways to reach somebody; P1 never by fewer than two where the contact has two."""
    chosen = tuple(one for one in contact.addresses if not route.channels or one.channel in route.channels)
    if notice.priority == "P1" and len({one.channel for one in chosen}) < CHANNELS_MIN:
        return contact.addresses
    return chosen


def recipients(notice: Notice, book: Book) -> Iterator[tuple[Contact, Address]]:
    """Yield everybody who is told, with each way; somebody on two routes comes twice."""
    for route in routes_for(notice, book.routes):
        for contact in book.contacts:
            if contact.role in route.roles and concerns(contact, notice):
                for address in addresses(contact, route, notice):
                    yield contact, address
    if notice.topic == "alert" and notice.level == 0 and notice.priority == "P1" and not notice.mark:
        yield from _site_contacts(notice)


def _site_contacts(notice: Notice) -> Iterator[tuple[Contact, Address]]:
    """Yield the site's own contacts, who are called by voice (DOMAIN 9, Escalation)."""
    if notice.rule in CALLED_RULES and notice.what in TOLD:
        for name, phone in notice.site_phones:
            contact = Contact(
                contact_id=f"site-{notice.site_id}-{phone}",
                role="site",
                area_code=notice.area_code,
                name=name,
            )
            yield contact, Address(VOICE, phone)


def plan(notice: Notice, book: Book, channels: frozenset[str]) -> tuple[Planned, ...]:
    """Return the deliveries of a notice on the channels there are, each person and channel once."""
    found: dict[str, Planned] = {}
    for contact, address in recipients(notice, book):
        if address.channel not in channels:
            continue
        level = f":{notice.level}" if notice.level else ""
        key = f"{notice.event_id}{level}:{address.channel}:{contact.contact_id}"
        title, body = compose(notice, contact.language)
        found.setdefault(
            key,
            Planned(
                idempotency_key=key,
                recipient=contact.contact_id,
                channel=address.channel,
                address=address.address,
                language=contact.language,
                title=title,
                body=body,
            ),
        )
    return tuple(found.values())


def at_level(notice: Notice, level: int) -> Notice:
    """Return the notice as it goes to a higher level."""
    return replace(notice, level=level)
