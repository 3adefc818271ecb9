"""What the API and the timers are wired with."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from services.alerting.domain.site import SiteFacts, SiteState
from services.alerting.ports import Unit
from shared.chassis.database import Connection, Pool
from shared.contracts.objects import Device, Site


class ActingUnit(Unit, Protocol):
    """A transaction in which a request is also remembered by its Idempotency-Key."""

    @property
    def connection(self) -> Connection:
        """The transaction's connection."""
        ...


class Registry(Protocol):
    """What the registry's topics said last."""

    def facts(self, site_id: str) -> SiteFacts | None:
        """Return a site's facts."""
        ...

    def site(self, site_id: str) -> Site | None:
        """Return a site."""
        ...

    def device(self, device_id: str) -> Device | None:
        """Return a device."""
        ...


@dataclass(frozen=True, slots=True)
class Deps:
    """`woken` is called after a commit that the relay and the timers should look at."""

    api_pool: Pool
    unit: Callable[[], AbstractAsyncContextManager[ActingUnit]]
    registry: Registry
    jwks: Callable[[], dict[str, Any]]
    woken: Callable[[], None]


async def one_site(unit: Unit, registry: Registry, site_id: str) -> SiteState | None:
    """Lock one site and return its state, or None when the registry no longer knows it."""
    facts = registry.facts(site_id)
    if facts is None:
        return None
    return (await unit.load([facts]))[site_id]


Act = Callable[[], Awaitable[tuple[int, dict[str, Any]]]]
