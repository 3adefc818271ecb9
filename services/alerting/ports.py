"""What the handlers need of the world outside."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from services.alerting.domain.site import SiteFacts, SiteState
from services.alerting.domain.spec import Spec


class Fenced(Exception):  # noqa: N818 - a fact about ownership, not a fault
    """Somebody else owns the partition now, or went on from another offset: drop it, decide nothing."""


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

    async def advance(self, advances: Sequence[Advance]) -> None:
        """Set offsets, or raise Fenced (the transaction then decides nothing)."""
        ...

    async def load(self, facts: Sequence[SiteFacts]) -> dict[str, SiteState]:
        """Lock the sites (in the order of their ids) and return their open alerts, valves and holder."""
        ...

    async def save(self, states: Sequence[SiteState]) -> None:
        """Write what changed in the states: alerts, timeline, valves, commands, and the outbox."""
        ...

    async def first_time(self, consumer: str, message_id: str) -> bool:
        """Tell whether this message is handled for the first time, and remember it."""
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

    def unit(self) -> AbstractAsyncContextManager[Unit]:
        """Begin a transaction; leaving it commits, an exception rolls it back."""
        ...


class Registry(Protocol):
    """What the registry's topics said last."""

    def facts(self, site_id: str) -> SiteFacts:
        """Return a site's facts, bare ones for a site that is not known."""
        ...

    def specs(self, partition: int) -> list[Spec]:
        """Return the devices of a partition."""
        ...


class DeadLetters(Protocol):
    """Where items go that cannot be read."""

    async def put(self, partition: int, offset: int, value: bytes, reason: str, detail: str) -> None:
        """Keep one item; returns when it is durable."""
        ...
