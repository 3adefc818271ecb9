"""What alerting's answers hold."""

from typing import Literal

from msgspec import UNSET, UnsetType

from shared.chassis.openapi import page_of
from shared.contracts import events, resources
from shared.contracts.events import AlertItemKind, Priority, Rule
from shared.contracts.resources import Shape, Time
from shared.contracts.wire import Position

Alert = resources.shape(events.Alert, "reserved")
Result = Literal["accepted", "done", "failed", "refused"]


class TimelineItem(Shape):
    """One change of an alert: what, when, by whom (user, `rule:G02`, `timer`, `device:<id>`), why."""

    at: Time
    kind: AlertItemKind
    actor: str | UnsetType = UNSET
    command_id: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class CommandAnswer(Shape):
    """What the valve answered."""

    result: Result
    reason: str | None


class ValveCommand(Shape):
    """A close command; `closed` by the limit switch, before that the valve's last answer, if there is one."""

    command_id: str
    valve_id: str
    site_id: str
    zone: str
    action: Literal["close"]
    seq: int
    issued_at: Time
    expires_at: Time
    alert_id: str | None
    alert_ids: list[str]
    actors: list[str]
    automatic: bool
    reason: str
    attempt: int
    state: Literal["closed", "sent", "expired"] | Result
    results: list[CommandAnswer]


class IssuedCommand(Shape):
    """A close command that a person has just given."""

    command_id: str
    valve_id: str
    action: Literal["close"]
    seq: int
    issued_at: Time
    expires_at: Time
    actors: list[str]
    reason: str


class Affected(Shape):
    """What closing a valve cuts off, and the active alerts of its zone."""

    valve_id: str
    site_id: str
    site_name: str
    kind: str
    zone: str
    position: Position
    alert_ids: list[str]


class Arming(Shape):
    """Leave to close one valve within 60 s; the token is told once, not when the request comes again."""

    expires_at: Time
    affected: Affected
    arm_token: str | UnsetType = UNSET


class CommandKey(Shape):
    """A public key (RFC 7517) by which valves check commands."""

    kty: str
    crv: str
    x: str
    use: str
    alg: str
    kid: str


class CommandKeys(Shape):
    """The public keys of commands."""

    keys: list[CommandKey]


class SetPoint(Shape):
    """A version of a set-point; the value in `unit`, delays in seconds."""

    rule: Rule
    key: str
    scope: str
    version: int
    value: float | None
    unit: str
    on_s: float
    off_s: float
    deadband: float
    priority: Priority
    latched: bool
    standard: str
    clause: str
    verified: bool
    effective_from: Time
    effective_to: Time | None
    in_force: bool


class RuleChanges(Shape):
    """What a proposal changes of a set-point."""

    value: float | UnsetType = UNSET
    on_s: float | UnsetType = UNSET
    off_s: float | UnsetType = UNSET
    deadband: float | UnsetType = UNSET
    standard: str | UnsetType = UNSET
    clause: str | UnsetType = UNSET
    verified: bool | UnsetType = UNSET


class RuleProposal(Shape):
    """A change of a set-point that waits for, or has, a second person."""

    proposal_id: str
    rule: Rule
    key: str
    scope: str
    changes: RuleChanges
    reason: str
    effective_from: Time
    proposed_by: str
    proposed_at: Time
    state: Literal["proposed", "approved"]
    approved_by: str | None
    approved_at: Time | None


class AlarmWindow(Shape):
    """How many alarms came in ten minutes."""

    at: Time
    count: int


class AlarmFlood(Shape, rename={"from_": "from"}):
    """A flood at an operator's position; `count` includes the ten minutes that began it."""

    operator_id: str
    from_: Time
    to: Time
    count: int


class ChatteringDevice(Shape, rename={"from_": "from"}):
    """A device that alarmed three times or more within a minute; `count` is the most of any minute."""

    device_id: str
    site_id: str
    count: int
    from_: Time
    to: Time


class StaleAlert(Shape):
    """An alert that had been active for more than a day."""

    alert_id: str
    rule: Rule
    priority: Priority
    site_id: str
    device_ids: list[str]
    opened_at: Time
    hours: float


class PriorityShare(Shape):
    """How many alarms had a priority; P3's target is that of all low ones."""

    priority: Priority
    count: int
    percent: float
    target_percent: float | None


class BadActor(Shape):
    """A device and how many alarms were its."""

    device_id: str
    site_id: str
    count: int


class AcknowledgeTime(Shape):
    """How long people took to acknowledge, in seconds."""

    priority: Priority
    count: int
    median: float
    p95: float


class AlertFigures(Shape, rename={"from_": "from"}):
    """How much of people's attention alarms took; `positions` = operators that had any."""

    from_: Time
    to: Time
    total: int
    positions: int
    per_10_min: list[AlarmWindow]
    in_flood_percent: float
    floods: list[AlarmFlood]
    chattering: list[ChatteringDevice]
    stale: list[StaleAlert]
    priorities: list[PriorityShare]
    worst: list[BadActor]
    acknowledged_s: list[AcknowledgeTime]


AlertPage = page_of(Alert)
TimelineItemPage = page_of(TimelineItem)
ValveCommandPage = page_of(ValveCommand)
SetPointPage = page_of(SetPoint)
RuleProposalPage = page_of(RuleProposal)
