"""What the registry's use cases need of the outside."""

import datetime as dt
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from services.registry.domain import areas
from services.registry.domain.history import Version
from services.registry.domain.kinds import Kind
from shared.chassis.database import Connection
from shared.chassis.outbox import Message
from shared.chassis.principal import Principal

# An object's columns by name; dates and times as ISO text, as the database gives and takes them in JSON.
Row: TypeAlias = dict[str, Any]


class Exists(Exception):  # noqa: N818 - a fact, not an error
    """An object with this id is already registered, by whomever."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The database's clock: an instant (UTC) and the day it is in Asia/Shanghai."""

    at: dt.datetime
    day: dt.date


@dataclass(frozen=True, slots=True)
class AsOf:
    """Which day is asked about, and by what knowledge; None = as it is known now."""

    day: dt.date | None = None
    known_at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shows, as of two times; the platform's own objects only if `reserved`.

    `words` are searched. Of licences: `state` on a day, and those that run on the first day of `expiring` and
    end by its last, in the order of their end.
    """

    as_of: AsOf = AsOf()
    filters: Mapping[str, str] = field(default_factory=dict)
    area: str | None = None
    words: tuple[str, ...] = ()
    reserved: bool = False
    state: tuple[str, dt.date] | None = None
    expiring: tuple[dt.date, dt.date] | None = None

    def sort_key(self, kind: Kind, row: Row) -> tuple[str, ...]:
        """Return by what the list goes on after this object."""
        return (row["valid_to"], row[kind.id]) if self.expiring else (row[kind.id],)


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as it is stored, beside the PEM texts that are shown once."""

    device_id: str
    serial: str
    fingerprint: str
    not_before: dt.datetime
    not_after: dt.datetime
    certificate: str
    key: str


class Oversight(Protocol):
    """What `unlicensed` and `coverage` are computed from; part of a unit."""

    async def activities(self, area: str, day: dt.date, known_at: dt.datetime) -> list[Row]:
        """Return who has sites in an area (by operator, area, kind, gas), and whose seat is there."""

    async def licences_of(
        self, operator_ids: Sequence[str], day: dt.date, known_at: dt.datetime
    ) -> list[Row]:
        """Return these operators' licences, each with the operator it was issued to first."""

    def sites_with_devices(
        self, area: str, day: dt.date, known_at: dt.datetime, after: str, words: Sequence[str] = ()
    ) -> AsyncIterator[Row]:
        """Give obliged and residential sites with their detectors and valves, in the order of their ids."""


class Lists(Protocol):
    """Lists of objects; part of a unit."""

    async def page(self, kind: Kind, wanted: Wanted, after: Sequence[str], limit: int) -> list[Row]:
        """Return objects in their order, after the sort key `after` (empty = from the first on)."""

    def each(self, kind: Kind, wanted: Wanted, limit: int) -> AsyncIterator[Row]:
        """Give the same objects one by one."""

    async def names(self, kind: Kind, ids: Iterable[str], as_of: AsOf) -> dict[str, str]:
        """Return the names of objects that are visible, by id."""


class Unit(Oversight, Lists, Protocol):
    """One transaction in the name of who asks (or of the service itself)."""

    @property
    def connection(self) -> Connection:
        """Return the transaction's connection, for the plumbing that joins it."""

    async def moment(self) -> Moment:
        """Return the database's time now."""

    async def get(self, kind: Kind, id_: str, as_of: AsOf | None = None) -> Row | None:
        """Return an object, as of a day and a knowledge."""

    async def many(self, kind: Kind, ids: Iterable[str], *, hold: bool = False) -> dict[str, Row]:
        """Return the objects of these ids that are visible; `hold` keeps others from changing them."""

    async def taken(self, kind: Kind, ids: Sequence[str]) -> set[str]:
        """Return which of these ids exist, whoever owns them."""

    async def insert(self, kind: Kind, rows: Sequence[Row], since: dt.date | None) -> None:
        """Store new objects, true from `since` on (None = always); raise Exists."""

    async def lock(self, kind: Kind, ids: Iterable[str]) -> None:
        """Let nobody else change these objects until the end of the transaction."""

    async def believed(self, kind: Kind, ids: Iterable[str]) -> dict[str, list[Version]]:
        """Return all versions that are believed now."""

    async def rewrite(
        self, kind: Kind, versions: Mapping[str, Sequence[Version]], since: dt.date | None
    ) -> None:
        """End the belief in what was said of the days from `since` on, and store these versions for them."""

    async def devices_of(self, site_id: str) -> list[Row]:
        """Return the devices of a site."""

    async def publish(self, messages: Sequence[Message]) -> None:
        """Publish when the transaction commits."""

    async def open_findings(self, rule: str, device_ids: Sequence[str]) -> dict[str, Row]:
        """Return the open findings of a rule by device."""

    async def record_findings(self, rows: Sequence[Row]) -> None:
        """Store findings."""

    async def end_findings(self, finding_ids: Sequence[str]) -> None:
        """End findings."""

    async def record_test(self, row: Row) -> None:
        """Store a check or test of a device."""

    async def record_certificates(self, issued: Sequence[Row]) -> None:
        """Store what certificates were issued."""

    async def revoke_certificates(self, device_id: str, by: str) -> int:
        """Revoke all certificates of a device and return how many were valid."""

    async def heard(self, filters: Mapping[str, str], after: tuple[str, str], limit: int) -> list[Row]:
        """Return devices that were heard but never registered, by client and id."""

    async def hear(self, client: str, device_id: str, at: dt.datetime, message_id: str) -> bool:
        """Count a message of a device that nobody registered; False when it is not kept."""

    async def forget_heard(self, days: int) -> int:
        """Delete what was registered since, or not heard for some days."""

    async def maintenance_over(self, limit: int) -> list[str]:
        """Return devices whose maintenance has ended by the database's clock."""

    async def fill_searched(self, limit: int) -> int:
        """Fill what is searched where a former version of the service left it out; return how many."""

    async def behind(self, controller_id: str) -> str | None:
        """Return a device in use that a controller speaks for, if there is one."""


class Store(Protocol):
    """Where the registry's objects live."""

    @property
    def areas(self) -> Mapping[str, areas.Area]:
        """Return the table of areas by code."""

    def unit(self, asking: Principal) -> AbstractAsyncContextManager[Unit]:
        """Begin a transaction in which only the rows of `asking` are visible."""

    def worker(self) -> AbstractAsyncContextManager[Unit]:
        """Begin a transaction of the service itself."""


class CertificateAuthority(Protocol):
    """Issues client certificates and keeps the list of those revoked."""

    def issue(self, device_ids: Sequence[str], now: dt.datetime) -> list[Issued]:
        """Return a new certificate and key for each device; takes about a millisecond each."""

    @property
    def certificate(self) -> str:
        """Return the authority's own certificate, PEM."""


class BrokerAway(Exception):  # noqa: N818 - an answer, not an error of ours
    """The broker did not let us in."""


class Takeover(Protocol):
    """Ends the connection that a client has at the broker."""

    async def __call__(self, fresh: Issued) -> None:
        """Take the place of a client with its new certificate, and leave; BrokerAway."""


class CommandKeys(Protocol):
    """The public keys by which valves check commands."""

    def jwks(self) -> dict[str, Any]:
        """Return the JWKS; without keys it is empty."""
