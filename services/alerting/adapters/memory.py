"""The store in memory, for the deterministic simulation: the same promises as the one in PostgreSQL.

A transaction works on a copy that replaces the whole when it commits; a crash is leaving it by an exception.
The contract suite in tests/contract/alerting runs against both.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from services.alerting.domain.command import Command
from services.alerting.domain.site import Alert, Change, SiteFacts, SiteState, explains_movement
from services.alerting.domain.valve import Valve
from services.alerting.ports import Advance, Claim, Fenced


class DuplicateActive(Exception):  # noqa: N818 - a fact that the store refuses
    """A second active alert of the same family and subject: the database's unique index refuses it."""


@dataclass(slots=True)
class Tables:
    """Everything that is committed. `events` and `commands` are the outbox in order of commit."""

    partitions: dict[int, Claim] = field(default_factory=dict)
    holders: dict[str, str | None] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    valves: dict[str, dict[str, tuple[Valve, int | None]]] = field(default_factory=dict)
    events: list[Change] = field(default_factory=list)
    commands: list[tuple[str, Command]] = field(default_factory=list)
    inbox: set[tuple[str, str]] = field(default_factory=set)

    def copy(self) -> "Tables":
        """Return a copy that may be changed; what is in it is frozen."""
        valves = {site_id: dict(valves) for site_id, valves in self.valves.items()}
        return Tables(
            dict(self.partitions),
            dict(self.holders),
            dict(self.alerts),
            valves,
            list(self.events),
            list(self.commands),
            set(self.inbox),
        )


class MemoryUnit:
    """One transaction."""

    def __init__(self, tables: Tables, now_ms: int) -> None:
        self.tables = tables
        self.now_ms = now_ms

    def advance(self, advances: Sequence[Advance]) -> None:
        """Compare and set the offsets of partitions; raise Fenced when one is not as it was left."""
        for step in advances:
            row = self.tables.partitions.get(step.partition)
            if row is None or (row.owner_epoch, row.offset) != (step.owner_epoch, step.offset):
                raise Fenced(f"partition {step.partition} has another owner")
            self.tables.partitions[step.partition] = replace(row, offset=step.new_offset)

    async def load(self, facts: Sequence[SiteFacts], named: Iterable[str] = ()) -> dict[str, SiteState]:
        """Return what is open at the sites and counts."""
        states = {f.site_id: SiteState(f) for f in sorted(facts, key=lambda f: f.site_id)}
        for site_id, state in states.items():
            state.holder_order_id = self.tables.holders.get(site_id)
            state.valves = {v: valve for v, (valve, _) in self.tables.valves.get(site_id, {}).items()}
        wanted = {*named, *(name for state in states.values() for name in state.alerts_of_loops)}
        for alert_id, alert in sorted(self.tables.alerts.items()):
            if not alert.open or alert.site_id not in states:
                continue
            home = states[alert.site_id]
            if alert.active or alert.shelved_until_ms is not None or alert_id in wanted:
                home.alerts[alert_id] = alert
            if explains_movement(alert.rule):
                home.alarmed |= {alert.zone}
        return states

    async def save(self, states: Sequence[SiteState]) -> None:
        """Keep what changed, its timeline and the commands."""
        for state in states:
            for change in state.changed:
                self.tables.alerts[change.alert.alert_id] = change.alert
            self.tables.events += [change for change in state.changed if change.item is not None]
            valves = self.tables.valves.setdefault(state.facts.site_id, {})
            for valve_id, deadline_ms in state.valves_changed.items():
                valves[valve_id] = (state.valves[valve_id], deadline_ms)
            self.tables.commands += state.commands
            state.changed, state.valves_changed, state.commands = [], {}, []
        self._check_active()

    def _check_active(self) -> None:
        active = [(a.site_id, a.family, a.subject) for a in self.tables.alerts.values() if a.active]
        if len(active) != len(set(active)):
            raise DuplicateActive(f"twice active in {sorted(active)}")

    async def unlinked(self, order_id: str, site_id: str, alert_ids: Sequence[str]) -> list[str]:
        """Return which of a site's open alerts do not name the order yet."""
        found = (self.tables.alerts[alert_id] for alert_id in alert_ids if alert_id in self.tables.alerts)
        return [a.alert_id for a in found if a.open and a.site_id == site_id and a.order_id != order_id]

    async def hold(self, site_id: str, order_id: str | None, crew_id: str | None = None) -> None:  # noqa: ARG002
        """Note which order's crew holds a site."""
        self.tables.holders[site_id] = order_id

    async def first_time(self, consumer: str, message_id: str) -> bool:
        """Tell whether this message is handled for the first time, and remember it."""
        before = len(self.tables.inbox)
        self.tables.inbox.add((consumer, message_id))
        return len(self.tables.inbox) > before


class MemoryStore:
    """Decisions in memory; `tables` is what survives a crash of whoever uses it."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._lock = asyncio.Lock()
        self.tables = Tables()

    async def claim(self, partition: int) -> Claim:
        """Take a partition over."""
        async with self._lock:
            before = self.tables.partitions.get(partition, Claim(partition, 0, 0, None, 0))
            claim = replace(before, owner_epoch=before.owner_epoch + 1)
            self.tables.partitions[partition] = claim
            return claim

    async def snapshot(self, claim: Claim, offset: int, data: bytes) -> None:
        """Keep a snapshot; nothing happens when the claim is outdated."""
        async with self._lock:
            row = self.tables.partitions[claim.partition]
            if row.owner_epoch == claim.owner_epoch and row.snapshot_offset <= offset <= row.offset:
                kept = replace(row, snapshot=data, snapshot_offset=offset)
                self.tables.partitions[claim.partition] = kept

    async def quarantined(self) -> list[str]:
        """Return the devices about which an alert of quarantine (S02) is active."""
        active = (a for a in self.tables.alerts.values() if a.active and a.rule == "S02")
        return [a.device_ids[0] for a in active if a.reason == "quarantined"]

    @asynccontextmanager
    async def unit(self, advances: Sequence[Advance] = ()) -> AsyncIterator[MemoryUnit]:
        """Begin a transaction and set offsets in it, or raise Fenced; one after another."""
        async with self._lock:
            unit = MemoryUnit(self.tables.copy(), self._now_ms())
            unit.advance(advances)
            yield unit
            self.tables = unit.tables
