"""Alert, order and enforcement events in: bytes → event → notice."""

import asyncio
from dataclasses import replace
from typing import Protocol

import msgspec

from services.notification.domain.escalation import ANSWERS
from services.notification.domain.model import Mark, Notice
from services.notification.handlers import Notifying
from shared.chassis.cloudevents import event_id
from shared.chassis.consumer import Reject, Retry
from shared.chassis.database import AWAY
from shared.chassis.kafka import Record
from shared.contracts import topic_names as names
from shared.contracts.events import Alert, AlertChanged, EnforcementEvent, OrderChanged
from shared.contracts.objects import Site

TOPICS = (names.ALERT, names.ORDER, names.ENFORCEMENT)


class Sites(Protocol):
    """Knows sites."""

    def get(self, key: str) -> Site | None:
        """Return a site."""
        ...


class Consumer:
    """Handles one record at a time; sets `woken` when there may be something to deliver."""

    def __init__(self, notifying: Notifying, sites: Sites, woken: asyncio.Event) -> None:
        self._notifying = notifying
        self._sites = sites
        self._woken = woken
        self._alerts = msgspec.json.Decoder(AlertChanged)
        self._orders = msgspec.json.Decoder(OrderChanged)
        self._findings = msgspec.json.Decoder(EnforcementEvent)

    async def handle(self, record: Record) -> None:
        """Reject what cannot be read; wait while the database is away."""
        if record.value is None:
            raise Reject("not_json", "an event without data")
        message_id = event_id(record.headers) or f"{record.topic}/{record.partition}/{record.offset}"
        try:
            notices, acknowledged = self._notices(record.topic, message_id, record.value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Reject("not_json", str(error)) from error
        for notice in notices:
            # Each is taken in once; their deliveries share the event's keys, so nobody is told twice.
            once = message_id if notice is notices[0] else f"{message_id}:{notice.what}"
            try:
                intake = await self._notifying.take_in(notice, once, acknowledged=acknowledged)
            except AWAY as error:
                raise Retry(f"{type(error).__name__}: {error}") from error
            if intake is not None and intake.planned:
                self._woken.set()

    def _notices(self, topic: str, event: str, value: bytes) -> tuple[tuple[Notice, ...], bool]:
        """Return what to tell, and whether somebody has answered; canaries never reach people."""
        if topic == names.ALERT:
            changed = self._alerts.decode(value)
            if changed.alert.reserved:
                return (), False
            answered = changed.alert.acknowledged or changed.item.kind in ANSWERS
            return (self._alert(event, changed.alert, changed.item.kind, changed.item.at_ms),), answered
        if topic == names.ORDER:
            told = self._orders.decode(value)
            return (() if told.order.reserved else self._orders_of(event, told)), False
        return (self._finding(event, self._findings.decode(value)),), False

    def _orders_of(self, event: str, told: OrderChanged) -> tuple[Notice, ...]:
        """Return what to tell of an order: who has it now first, then the crew that lost it by that."""
        notice = self._order(event, told)
        former = told.item.former_crew_id
        if former is None or former == notice.crew_id:
            return (notice,)
        return notice, replace(notice, what="taken_over", crew_id=former, members=())

    def _alert(self, event: str, alert: Alert, what: str, at_ms: int) -> Notice:
        site = self._sites.get(alert.site_id)
        return Notice(
            event_id=event,
            topic="alert",
            subject=f"alert:{alert.alert_id}",
            what=what if not alert.suppressed else "suppressed",
            rule=alert.rule,
            priority=alert.priority,
            site_id=alert.site_id,
            operator_id=alert.operator_id,
            area_code=alert.area_code,
            at_ms=at_ms,
            mark=_mark(alert),
            site_name=site.name if site else "",
            zone=alert.zone,
            gas=(site.gas or "") if site else "",
            value=alert.value,
            unit=alert.unit,
            site_phones=tuple((one.name, one.phone) for one in site.contacts) if site else (),
            flood=alert.active if alert.rule == "S01" and alert.reason == "flood" else None,
            over=not alert.active,
            reason=alert.reason,
            device=alert.device_ids[0] if alert.device_ids else "",
        )

    def _order(self, event: str, told: OrderChanged) -> Notice:
        order = told.order
        site = self._sites.get(order.site_id)
        waits = order.crew_id is None and order.priority != "P1" and order.kind == "response"
        return Notice(
            event_id=event,
            topic="order",
            subject=f"order:{order.order_id}",
            # A P1 that nobody takes says so by itself (`escalated`).
            what="unassigned" if told.item.kind == "opened" and waits else told.item.kind,
            rule=(told.item.actor or "").removeprefix("rule:") if told.item.kind == "alert_joined" else "",
            priority=order.priority,
            site_id=order.site_id,
            operator_id=order.operator_id,
            area_code=order.area_code,
            at_ms=told.item.at_ms,
            mark="test" if order.test else "",
            site_name=site.name if site else "",
            text=order.text,
            reason=told.item.reason or "",
            crew_id=order.crew_id,
            members=tuple(order.members),
        )

    def _finding(self, event: str, finding: EnforcementEvent) -> Notice:
        site = self._sites.get(finding.site_id) if finding.site_id else None
        return Notice(
            event_id=event,
            topic="enforcement",
            subject=f"finding:{finding.finding_id}",
            what=finding.state,
            rule=finding.rule,
            priority=finding.priority,
            site_id=finding.site_id or "",
            operator_id=finding.operator_id,
            area_code=finding.area_code,
            at_ms=finding.at_ms,
            site_name=site.name if site else "",
            text=finding.reason,
        )


def _mark(alert: Alert) -> Mark:
    """Return how an alert is marked everywhere: 测试 or 演练."""
    if alert.reason.startswith("drill"):
        return "drill"
    return "test" if alert.test else ""
