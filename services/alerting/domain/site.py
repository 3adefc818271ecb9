"""What is known of one site inside a transaction: its open alerts, its valves, and who holds it.

The store loads a `SiteState` under the lock of the site's row; pure functions (`decide`, `lifecycle`,
`loops`) change it in place and note each change in it; the store then writes `changed`, `valves_changed`
and `commands`, with their timeline and outbox rows, in the same transaction.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from services.alerting.domain.command import Command
from services.alerting.domain.valve import Valve

_ALARMS = frozenset("GPV")  # rules that begin so are alarms of gas, of a station, or of a valve
PLATFORM_SITE = "platform"  # alerts about the platform itself (S02) belong to this site


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """What the registry says of a site.

    `valves` maps each zone to the valves that protect it, `clients` each valve to the client that speaks for
    it; `in_maintenance` are the devices that raise test alerts only.
    """

    site_id: str
    operator_id: str = ""
    area_code: str = ""
    kind: str = ""
    auto_close: bool = False
    reserved: bool = False
    valves: dict[str, tuple[str, ...]] = field(default_factory=dict)
    clients: dict[str, str] = field(default_factory=dict)
    in_maintenance: frozenset[str] = frozenset()
    revision: int = 0


@dataclass(frozen=True, slots=True)
class Alert:
    """One episode of a family of rules at one subject (a device, `zone:<zone>`, or a thing of the platform).

    Open = not (cleared and acknowledged). `in_condition` tells whether what raised it still holds: a latched
    alert stays `active` after that until it is reset. Times are Unix ms.
    """

    alert_id: str
    rule: str
    family: str
    subject: str
    priority: str
    site_id: str
    operator_id: str
    area_code: str
    zone: str
    device_ids: tuple[str, ...]
    opened_at_ms: int
    updated_at_ms: int
    rule_version: int = 1
    active: bool = True
    acknowledged: bool = False
    suppressed: bool = False
    test: bool = False
    in_condition: bool = True
    latched: bool = False
    value: float | None = None
    set_point: float | None = None
    unit: str = ""
    silenced: bool = False
    unregistered: bool = False
    reserved: bool = False
    confirmed: str | None = None
    assigned_to: str | None = None
    shelved_until_ms: int | None = None
    acknowledged_at_ms: int | None = None
    cleared_at_ms: int | None = None
    repeat_count: int = 0
    repeated_at_ms: int = 0
    order_id: str | None = None
    reason: str = ""
    revision: int = 0

    @property
    def open(self) -> bool:
        """Returned to normal but unacknowledged stays listed."""
        return self.active or not self.acknowledged


def explains_movement(rule: str) -> bool:
    """Tell whether a rule is an alarm of gas, a station or a valve; V02 is what nothing explained."""
    return rule[0] in _ALARMS and rule != "V02"


@dataclass(frozen=True, slots=True)
class TimelineItem:
    """One change of an alert; `kind` is one of the wire's words (WIRE.md section 3)."""

    at_ms: int
    kind: str
    actor: str | None = None
    command_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """An alert after a change, and the line of its timeline; without a line only the row is written."""

    alert: Alert
    item: TimelineItem | None


@dataclass(slots=True)
class SiteState:
    """A site under its lock. `alerts` holds the open ones that count (ports.Unit.load) by id.

    `valves` are those of the site by id; `alarmed` are the zones with an open alarm that explains
    a movement, ended ones included.
    """

    facts: SiteFacts
    holder_order_id: str | None = None
    alerts: dict[str, Alert] = field(default_factory=dict)
    alarmed: frozenset[str] = frozenset()
    valves: dict[str, Valve] = field(default_factory=dict)
    changed: list[Change] = field(default_factory=list)
    valves_changed: dict[str, int | None] = field(default_factory=dict)
    commands: list[tuple[str, Command]] = field(default_factory=list)

    @property
    def crew_holds_site(self) -> bool:
        """A crew has arrived and not left: V03 then only calls."""
        return self.holder_order_id is not None

    @property
    def alerts_of_loops(self) -> set[str]:
        """The ids of the alerts that the site's valve loops are about."""
        commands = (valve.command for valve in self.valves.values() if valve.command is not None)
        return {
            *(alert_id for valve in self.valves.values() for alert_id in valve.alerts),
            *(alert_id for command in commands for alert_id in command.alert_ids),
        }

    def alarmed_in(self, zone: str) -> bool:
        """Tell whether an alarm is open in the zone that explains why a valve moves there."""
        return zone in self.alarmed or any(explains_movement(alert.rule) for alert in self.in_zone(zone))

    def find(self, family: str, subject: str) -> Alert | None:
        """Return the open alert of a family at a subject, the active one first."""
        found = [a for a in self.alerts.values() if a.family == family and a.subject == subject]
        return max(found, key=lambda a: (a.active, a.opened_at_ms), default=None)

    def in_zone(self, zone: str) -> list[Alert]:
        """Return those of a zone."""
        return [a for a in self.alerts.values() if a.zone == zone]

    def change(self, alert: Alert, item: TimelineItem | None, **new: Any) -> Alert:
        """Set fields of an alert, count its revision, and note the change with its line of the timeline."""
        at_ms = item.at_ms if item else alert.updated_at_ms
        alert = replace(alert, **new, updated_at_ms=at_ms, revision=alert.revision + 1)
        self.alerts[alert.alert_id] = alert
        self.changed.append(Change(alert, item))
        return alert

    def put_valve(self, valve: Valve, deadline_ms: int | None) -> None:
        """Keep a valve's new state and when time alone changes it next."""
        self.valves[valve.valve_id] = valve
        self.valves_changed[valve.valve_id] = deadline_ms
