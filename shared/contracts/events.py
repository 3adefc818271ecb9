"""Domain events: the data of every CloudEvent (alerts, valve commands, orders, notifications, enforcement).

Times are Unix milliseconds here and RFC 3339 in the HTTP API. An event carries the whole resource after
the change and the one timeline item that tells what changed, so that a consumer needs nothing else.
"""

from typing import Literal, get_args

from msgspec import Struct

Rule = Literal[
    "G01", "G02", "G03", "G04", "G05", "G06",
    "V01", "V02", "V03",
    "D01", "D02", "D03", "D08",
    "P01", "P02", "P03", "P04",
    "L01", "L02", "L03",
    "O01", "S01", "S02",
]  # fmt: skip
Priority = Literal["P1", "P2", "P3", "P4"]
AlertItemKind = Literal[
    "raised",
    "repeated",
    "acknowledged",
    "confirmed",
    "shelved",
    "unshelved",
    "silenced",
    "assigned",
    "command_sent",
    "command_result",
    "valve_moved",
    "valve_closed",
    "safe",
    "escalated",
    "order_linked",
    "cleared",
    "reset",
]


class TimelineItem(Struct, omit_defaults=True):
    """One change of an alert: what, when, by whom (user, `rule:G02`, `timer`, `device:<id>`), why."""

    at_ms: int
    kind: AlertItemKind
    actor: str | None = None
    command_id: str | None = None
    reason: str | None = None


class Alert(Struct, omit_defaults=False):
    """An alert: one episode of one rule at one device, or in one zone for G04.

    `active`, `acknowledged` and `suppressed` are independent (OPC UA Part 9). `latched` alerts stay active
    until the crew lead resets them on site. `value` and `set_point` are in `unit` (UCUM): `value` is what was
    measured when the alert got its present priority, or came back after it had gone; it neither follows the
    readings nor is it their peak, may lie below `set_point` when the device's own alarm raised the alert
    (`reason` is then `device_alarm`), and is null when that came without a measurement.
    `test` is true for devices under maintenance, `reserved` for canaries (never shown to people).
    """

    alert_id: str
    rule: Rule
    priority: Priority
    site_id: str
    operator_id: str
    area_code: str
    zone: str
    device_ids: list[str]
    active: bool
    acknowledged: bool
    suppressed: bool
    test: bool
    opened_at_ms: int
    updated_at_ms: int
    rule_version: int
    value: float | None = None
    set_point: float | None = None
    unit: str = ""
    latched: bool = False
    silenced: bool = False
    unregistered: bool = False
    reserved: bool = False
    confirmed: str | None = None
    assigned_to: str | None = None
    shelved_until_ms: int | None = None
    acknowledged_at_ms: int | None = None
    cleared_at_ms: int | None = None
    repeat_count: int = 0
    order_id: str | None = None
    reason: str = ""
    revision: int = 1


class AlertChanged(Struct):
    """`cn.gas.alert.<kind of item>.v1`, key = site id."""

    alert: Alert
    item: TimelineItem


class ValveCommandIssued(Struct):
    """`cn.gas.valve-command.issued.v1`, key = site id: actuation publishes `jws` to `client_id`.

    The same `command_id` may be issued again until `expires_at_ms`: the valve recognises it.
    """

    command_id: str
    valve_id: str
    client_id: str
    site_id: str
    operator_id: str
    area_code: str
    zone: str
    jws: str
    seq: int
    issued_at_ms: int
    expires_at_ms: int
    alert_id: str | None
    actors: list[str]
    automatic: bool
    reason: str
    attempt: int = 1


OrderState = Literal["open", "assigned", "accepted", "en_route", "on_site", "closed", "cancelled"]
OrderKind = Literal["response", "repair", "inspection"]
OrderItemKind = Literal[
    "opened",
    "alert_joined",
    "recommended",
    "assigned",
    "accepted",
    "departed",
    "arrived",
    "step",
    "reassigned",
    "escalated",
    "closed",
    "cancelled",
]


class OrderItem(Struct, omit_defaults=True):
    """One change of an order; `step` names the step of DOMAIN section 5 that was reported.

    `former_crew_id` is the crew that the change took the order from, when there is one.
    """

    at_ms: int
    kind: OrderItemKind
    actor: str | None = None
    reason: str | None = None
    crew_id: str | None = None
    alert_id: str | None = None
    step: str | None = None
    device_time_ms: int | None = None
    former_crew_id: str | None = None


class Order(Struct):
    """A dispatch order (抢修派单). At most one open response order per site.

    `holds_site` is true from arrival to closing: while a crew holds the site, V03 only calls.
    """

    order_id: str
    site_id: str
    operator_id: str
    area_code: str
    kind: OrderKind
    priority: Priority
    state: OrderState
    text: str
    alert_ids: list[str]
    crew_id: str | None
    lead: str | None
    members: list[str]
    opened_at_ms: int
    updated_at_ms: int
    accept_by_ms: int | None = None
    arrive_by_ms: int | None = None
    accepted_at_ms: int | None = None
    departed_at_ms: int | None = None
    arrived_at_ms: int | None = None
    closed_at_ms: int | None = None
    holds_site: bool = False
    test: bool = False
    reserved: bool = False
    revision: int = 1


class OrderChanged(Struct):
    """`cn.gas.order.<kind of item>.v1`, key = site id."""

    order: Order
    item: OrderItem


class NotificationResult(Struct):
    """`cn.gas.notification.<delivered|failed>.v1`, key = site id: one attempt's end on one channel."""

    delivery_id: str
    idempotency_key: str
    site_id: str
    operator_id: str
    area_code: str
    subject: str
    channel: str
    recipient: str
    result: Literal["delivered", "failed"]
    attempts: int
    at_ms: int
    detail: str = ""


class EnforcementEvent(Struct):
    """`cn.gas.enforcement.<found|ended>.v1`, key = operator id: a finding of the registry's rules."""

    finding_id: str
    rule: Literal["C01", "C02", "C03", "C04", "C05", "D04", "D05", "D06", "D07"]
    state: Literal["found", "ended"]
    operator_id: str
    area_code: str
    site_id: str | None
    device_id: str | None
    priority: Priority
    reason: str
    evidence: str
    at_ms: int


# Every CloudEvents type there is, and the struct of its data.
EVENT_TYPES: dict[str, type[Struct]] = {
    **{f"cn.gas.alert.{kind}.v1": AlertChanged for kind in get_args(AlertItemKind)},
    "cn.gas.valve-command.issued.v1": ValveCommandIssued,
    **{f"cn.gas.order.{kind}.v1": OrderChanged for kind in get_args(OrderItemKind)},
    "cn.gas.notification.delivered.v1": NotificationResult,
    "cn.gas.notification.failed.v1": NotificationResult,
    "cn.gas.enforcement.found.v1": EnforcementEvent,
    "cn.gas.enforcement.ended.v1": EnforcementEvent,
}
