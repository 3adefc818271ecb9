"""What the API and the timers are wired with."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.site import SiteFacts, SiteState
from services.alerting.entrypoints.stores import Stores
from services.alerting.ports import Unavailable, Unit
from shared.chassis.database import Connection, Pool
from shared.chassis.http import decode_cursor, problem, query_problem
from shared.contracts.objects import Device, Site


class ActingUnit(Unit, Protocol):
    """A transaction in which a request is also remembered by its Idempotency-Key."""

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        ...


class Registry(Protocol):
    """What the registry's topics said last."""

    def facts(self, site_id: str) -> SiteFacts:
        """Return a site's facts, bare ones for a site that is not known."""
        ...

    def site(self, site_id: str) -> Site | None:
        """Return a site."""
        ...

    def device(self, device_id: str) -> Device | None:
        """Return a device."""
        ...

    def points_at(self, site_id: str) -> dict[str, SetPoint]:
        """Return the set-points in force at a site."""
        ...


@dataclass(frozen=True, slots=True)
class Deps:
    """`woken` is called after a commit that relay and timers should look at, `rules_changed` after others."""

    api_pool: Pool
    unit: Callable[[], AbstractAsyncContextManager[ActingUnit]]
    registry: Registry
    stores: Stores
    jwks: Callable[[], dict[str, Any]]
    woken: Callable[[], None]
    rules_changed: Callable[[], None]


@asynccontextmanager
async def acting(deps: Deps) -> AsyncIterator[ActingUnit]:
    """Begin a transaction for a request; 503 when the database does not answer."""
    try:
        async with deps.unit() as unit:
            yield unit
    except Unavailable as error:
        raise problem(503, "unavailable", "The service cannot reach what it needs.") from error


async def one_site(unit: Unit, registry: Registry, site_id: str, alert_id: str | None = None) -> SiteState:
    """Lock one site and return its state, the named alert in it if that is open."""
    return (await unit.load([registry.facts(site_id)], [alert_id] if alert_id else []))[site_id]


def as_uuid(text: object) -> str | None:
    """Return an id in its usual form, None for what is none and so names nothing."""
    try:
        return str(UUID(text)) if isinstance(text, str) else None
    except ValueError:
        return None


def place_of_cursor(cursor: str | None) -> tuple[int, str] | None:
    """Return where a list by (number, id) goes on; None for its beginning, 422 for what is no such place."""
    if cursor is None:
        return None
    number, id_ = decode_cursor(cursor, 2)
    named = as_uuid(id_)
    if named is None or not isinstance(number, int):
        raise query_problem("cursor", "not a cursor of this list")
    return number, named
