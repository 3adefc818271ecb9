"""What valves say: positions, answers, supply. V02 is asked for here, V01 and V03 follow in the decision."""

from services.alerting.domain.context import Context
from services.alerting.domain.items import EventData, Item
from services.alerting.domain.signals import Moved, PositionSeen, ResultSeen, SupplySeen
from services.alerting.domain.spec import Spec
from services.alerting.domain.track import FIRST, Order, Track


def on_reading(ctx: Context, spec: Spec, track: Track, item: Item, order: Order) -> None:
    """Take a valve's reading."""
    if item.position and order > track.events.get("position", FIRST):
        _position(ctx, spec, track, order, item.position, None, None)
    if item.supply and item.supply != track.supply:
        track.supply = item.supply
        facts = spec.facts
        ctx.signals.append(SupplySeen(facts.site_id, facts.device_id, item.supply, ctx.now_ms))


def on_position(ctx: Context, spec: Spec, track: Track, data: EventData, order: Order) -> None:
    """Take `position_changed`."""
    if order <= max(track.events.get("position", FIRST), track.newest_reading()):
        return
    track.events["position"] = order
    _position(ctx, spec, track, order, data.position, data.cause, data.command_id)


def on_result(ctx: Context, spec: Spec, data: EventData) -> None:
    """Take a valve's answer to a command; the valve's loop recognises a repeated one."""
    facts = spec.facts
    ctx.signals.append(
        ResultSeen(facts.site_id, facts.device_id, data.command_id, data.result, data.reason, ctx.record_ms)
    )


def _position(
    ctx: Context,
    spec: Spec,
    track: Track,
    order: Order,
    position: str,
    cause: str | None,
    command_id: str | None,
) -> None:
    before = track.position
    if position == before:
        return
    track.position = position
    facts = spec.facts
    ctx.signals.append(
        PositionSeen(
            facts.site_id,
            facts.device_id,
            facts.zone,
            position,
            before,
            cause,
            command_id,
            order,
            ctx.record_ms,
            track.device_ms,
            track.stale,
            spec.test(ctx.record_ms),
        )
    )
    if before and position in {"open", "opening", "closed", "closing"}:
        if track.moved is None:
            ctx.later(ctx.now_ms + spec.points["V02"].on_ms, facts.device_id, "moved")
            track.moved = (position, cause or "", command_id, ctx.record_ms)
        else:
            _, first_cause, first_command, since_ms = track.moved
            track.moved = (position, cause or first_cause, command_id or first_command, since_ms)


def fire_moved(ctx: Context, spec: Spec, track: Track) -> None:
    """Ask, once V02's on-delay has passed, whether the movement is explained by a command or an alarm."""
    if track.moved is None:
        return
    position, cause, command_id, moved_ms = track.moved
    track.moved = None
    facts = spec.facts
    ctx.signals.append(
        Moved(
            facts.site_id,
            facts.device_id,
            facts.zone,
            position,
            cause or None,
            command_id,
            moved_ms,
            ctx.record_ms,
            spec.test(ctx.record_ms),
            track.stale,
        )
    )
    ctx.later(ctx.now_ms + spec.points["V02"].off_ms, facts.device_id, "settled")
