"""What happens when a delay has passed, by what was waiting."""

from collections.abc import Callable

from services.alerting.domain import gas, health, valves
from services.alerting.domain.context import Context
from services.alerting.domain.signals import Sign
from services.alerting.domain.spec import Spec
from services.alerting.domain.track import Track


def fire(ctx: Context, spec: Spec, track: Track, what: str) -> None:
    """Look again at what waited; nothing happens when it waits no longer."""
    _FIRE.get(what, _fire_condition)(ctx, spec, track, what)


def _fire_condition(ctx: Context, spec: Spec, track: Track, what: str) -> None:
    ctx.fire(spec, track, what)


def _fire_zone(ctx: Context, spec: Spec, track: Track, _what: str) -> None:
    gas.fire_zone(ctx, spec, track)


def _fire_moved(ctx: Context, spec: Spec, track: Track, _what: str) -> None:
    valves.fire_moved(ctx, spec, track)


def _fire_settled(ctx: Context, spec: Spec, track: Track, _what: str) -> None:
    ctx.say(Sign.CLEARED, spec, track, "V02", reason="settled")


def _fire_health(ctx: Context, spec: Spec, track: Track, _what: str) -> None:
    health.judge(ctx, spec, track)


_FIRE: dict[str, Callable[[Context, Spec, Track, str], None]] = {
    "zone": _fire_zone,
    "moved": _fire_moved,
    "settled": _fire_settled,
    "health": _fire_health,
}
