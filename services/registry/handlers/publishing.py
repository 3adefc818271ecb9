"""Objects as the compacted topics carry them, and findings as events."""

import datetime as dt
from collections.abc import Iterable

import msgspec

from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE, Kind
from services.registry.domain.licences import State, state_on
from services.registry.ports import Moment, Row
from shared.chassis.outbox import Message
from shared.chassis.times import parse_rfc3339
from shared.contracts import objects, topic_names
from shared.contracts.events import EnforcementEvent

_TOPICS = {
    OPERATOR.table: (topic_names.OPERATOR, objects.Operator),
    LICENCE.table: (topic_names.LICENCE, objects.Licence),
    SITE.table: (topic_names.SITE, objects.Site),
    DEVICE.table: (topic_names.DEVICE, objects.Device),
}


def client_of(device: Row) -> str:
    """Return who speaks for a device: its controller, else itself."""
    return str(device["controller_id"] or device["device_id"])


def licence_state(row: Row, day: dt.date) -> State:
    """Return a licence's state on a day."""
    filed = row["renewal_filed_on"]
    return state_on(
        row["state"],
        dt.date.fromisoformat(row["valid_from"]),
        dt.date.fromisoformat(row["valid_to"]),
        dt.date.fromisoformat(filed) if filed else None,
        day,
    )


def contract(kind: Kind, row: Row, moment: Moment) -> msgspec.Struct:
    """Return an object as its topic's struct."""
    fields = dict(row)
    if kind is DEVICE:
        fields["client_id"] = client_of(row)
        fields["registered_at_ms"] = parse_rfc3339(row["registered_at"])
    if kind is LICENCE:
        fields["state"] = licence_state(row, moment.day)
    _, struct = _TOPICS[kind.table]
    found: msgspec.Struct = msgspec.convert(fields, struct)
    return found


def messages(kind: Kind, rows: Iterable[Row], moment: Moment) -> list[Message]:
    """Return the messages that publish these objects."""
    topic, _ = _TOPICS[kind.table]
    type_ = f"cn.gas.{kind.table}.changed.v1"
    return [
        Message(topic, row[kind.id], msgspec.json.encode(contract(kind, row, moment)), type_) for row in rows
    ]


def finding_message(finding: Row, *, ended: bool, moment: Moment) -> Message:
    """Return the enforcement event that a finding began or ended."""
    event = EnforcementEvent(
        finding_id=finding["finding_id"],
        rule=finding["rule"],
        state="ended" if ended else "found",
        operator_id=finding["operator_id"],
        area_code=finding["area_code"],
        site_id=finding["site_id"],
        device_id=finding["device_id"],
        priority="P2",
        reason=finding["reason"],
        evidence=finding["evidence"],
        at_ms=round(moment.at.timestamp() * 1000),
    )
    type_ = f"cn.gas.enforcement.{event.state}.v1"
    return Message(topic_names.ENFORCEMENT, event.operator_id, msgspec.json.encode(event), type_)
