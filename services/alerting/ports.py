"""What the handlers need of the world outside."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.site import SiteFacts, SiteState
from services.alerting.domain.spec import Spec


class Fenced(Exception):  # noqa: N818 - a fact about ownership, not a fault
    """Somebody else owns the partition now, or went on from another offset: drop it, decide nothing."""


class Unavailable(Exception):  # noqa: N818 - a fact about the store, not a fault of the caller
    """The store does not answer or gave up; the same may be asked again, nothing was decided."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A partition as its row says: all below `offset` is decided; the snapshot stands at its own."""

    partition: int
    offset: int
    owner_epoch: int
    snapshot: bytes | None
    snapshot_offset: int


@dataclass(frozen=True, slots=True)
class Advance:
    """Compare `(offset, owner_epoch)` of a partition's row and set the new offset."""

    partition: int
    owner_epoch: int
    offset: int
    new_offset: int


class Unit(Protocol):
    """One transaction. `now_ms` is the database's clock."""

    now_ms: int

    async def load(self, facts: Sequence[SiteFacts], named: Iterable[str] = ()) -> dict[str, SiteState]:
        """Lock the sites (in the order of their ids) and return their alerts, valves and holder.

        Of the open alerts come the active ones, the shelved ones, those that a valve's loop is about, and
        those `named` by their ids: what ended and waits for an acknowledgement may be thousands.
        """
        ...

    async def save(self, states: Sequence[SiteState]) -> None:
        """Write what changed in the states: alerts, timeline, valves, commands, and the outbox."""
        ...

    async def first_time(self, consumer: str, message_id: str) -> bool:
        """Tell whether this message is handled for the first time, and remember it."""
        ...

    async def unlinked(self, order_id: str, site_id: str, alert_ids: Sequence[str]) -> list[str]:
        """Return which of a site's open alerts do not name the order yet; an order may be about thousands."""
        ...

    async def hold(self, site_id: str, order_id: str | None, crew_id: str | None = None) -> None:
        """Note which order's crew holds a site; None when nobody does."""
        ...


class AlertStore(Protocol):
    """Where decisions are durable."""

    async def claim(self, partition: int) -> Claim:
        """Take a partition over: count `owner_epoch` up, so that the owner before is fenced."""
        ...

    async def snapshot(self, claim: Claim, offset: int, data: bytes) -> None:
        """Keep a snapshot of the tracks as of `offset`; nothing happens when the claim is outdated."""
        ...

    async def quarantined(self) -> list[str]:
        """Return the devices about which an alert of quarantine (S02) is active."""
        ...

    def unit(self, advances: Sequence[Advance] = ()) -> AbstractAsyncContextManager[Unit]:
        """Begin a transaction and set offsets in it, or raise Fenced.

        Leaving it commits; an exception rolls everything back, the offsets too.
        """
        ...


class Registry(Protocol):
    """What the registry's topics said last."""

    def facts(self, site_id: str) -> SiteFacts:
        """Return a site's facts, bare ones for a site that is not known."""
        ...

    def specs(self, partition: int) -> list[Spec]:
        """Return the devices of a partition."""
        ...

    def site_of(self, device_id: str) -> str:
        """Return the site of a device, the platform's own for one that nobody knows."""
        ...

    @property
    def points(self) -> dict[str, SetPoint]:
        """The set-points that hold where nothing else is said."""
        ...

    def spec(self, device_id: str) -> Spec | None:
        """Return a device worked out for the rules, None when it is gone."""
        ...

    def partition(self, site_id: str) -> int:
        """Return the telemetry partition of a site."""
        ...

    def listen(self, listener: Callable[[int, str], None]) -> None:
        """Call `listener(partition, device_id)` when a device came, changed, or went."""
        ...


class DeadLetters(Protocol):
    """Where items go that cannot be read."""

    async def put(self, partition: int, offset: int, value: bytes, reason: str, detail: str) -> None:
        """Keep one item; returns when it is durable."""
        ...
