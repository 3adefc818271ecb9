"""An alert as a row and as an event: the same fields, so both are made from the dataclass itself."""

from dataclasses import fields
from typing import Any

import msgspec

from services.alerting.domain.site import Alert, Change
from shared.chassis.outbox import Message
from shared.contracts import events
from shared.contracts.topic_names import ALERT

COLUMNS = tuple(field.name for field in fields(Alert))
_EVENT_FIELDS = frozenset(events.Alert.__struct_fields__)


def to_row(alert: Alert) -> dict[str, Any]:
    """Return an alert's columns."""
    return {name: getattr(alert, name) for name in COLUMNS}


def from_row(row: Any) -> Alert:
    """Return the alert of a row."""
    found = {name: row[name] for name in COLUMNS}
    found["alert_id"] = str(found["alert_id"])
    found["device_ids"] = tuple(found["device_ids"])
    return Alert(**found)


def event(change: Change) -> events.AlertChanged:
    """Return the event of a change that has a line of the timeline."""
    alert, item = change.alert, change.item
    if item is None:
        raise ValueError("a change without a line of the timeline has no event")
    data = {name: value for name, value in to_row(alert).items() if name in _EVENT_FIELDS}
    line = {
        "at_ms": item.at_ms,
        "kind": item.kind,
        "actor": item.actor,
        "command_id": item.command_id,
        "reason": item.reason,
    }
    return msgspec.convert({"alert": data, "item": line}, events.AlertChanged)


def message(change: Change) -> Message:
    """Return the outbox message of a change."""
    said = event(change)
    return Message(
        ALERT,
        change.alert.site_id,
        msgspec.json.encode(said),
        type=f"cn.gas.alert.{said.item.kind}.v1",
    )
