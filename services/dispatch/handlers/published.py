"""Between the domain's orders and the events of `gas.order.v1`."""

import msgspec

from services.dispatch.domain import model
from shared.chassis.outbox import Message
from shared.contracts import events
from shared.contracts import topic_names as names


def order_event(order: model.Order) -> events.Order:
    """Return the order as other services see it."""
    return events.Order(
        order_id=order.order_id,
        site_id=order.site_id,
        operator_id=order.operator_id,
        area_code=order.area_code,
        kind=order.kind,
        priority=order.priority,
        state=order.state,
        text=order.text,
        alert_ids=list(order.alert_ids),
        crew_id=order.crew_id,
        lead=order.lead,
        members=list(order.members),
        opened_at_ms=order.opened_at_ms,
        updated_at_ms=order.updated_at_ms,
        accept_by_ms=order.accept_by_ms,
        arrive_by_ms=order.arrive_by_ms,
        accepted_at_ms=order.accepted_at_ms,
        departed_at_ms=order.departed_at_ms,
        arrived_at_ms=order.arrived_at_ms,
        closed_at_ms=order.closed_at_ms,
        holds_site=order.holds_site,
        test=order.test,
        reserved=order.reserved,
        revision=order.revision,
    )


def message(order: model.Order, item: model.Item) -> Message:
    """Return the event that tells one change of an order."""
    changed = events.OrderChanged(
        order=order_event(order),
        item=events.OrderItem(
            at_ms=item.at_ms,
            kind=item.kind,
            actor=item.actor,
            reason=item.reason,
            crew_id=item.crew_id,
            alert_id=item.alert_id,
            step=item.step,
            device_time_ms=item.device_time_ms,
            former_crew_id=item.former_crew_id,
        ),
    )
    return Message(
        topic=names.ORDER,
        key=order.site_id,
        value=msgspec.json.encode(changed),
        type=f"cn.gas.order.{item.kind}.v1",
    )
