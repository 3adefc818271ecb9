"""The rules of stations: P01–P04 (regulators, flow meters), L01–L03 (LNG, LPG), O01 (odorant)."""

from services.alerting.domain.context import Context
from services.alerting.domain.items import EventData, Item
from services.alerting.domain.primitives import Verdict, above, below, looked_back, sample
from services.alerting.domain.spec import Kind, Limit, Spec
from services.alerting.domain.track import FIRST, Order, Track

SURGE_WINDOW_MS = 60_000
ODORANT_SAMPLES = 2


def on_reading(ctx: Context, spec: Spec, track: Track, item: Item) -> None:
    """Take a station instrument's reading."""
    alarm = item.status == "alarm"
    if spec.kind == Kind.REGULATOR:
        _regulator(ctx, spec, track, item.outlet_pressure_kpa, alarm)
        _surge(ctx, spec, track, item.outlet_pressure_kpa, item.flow_m3h)
    elif spec.kind == Kind.FLOW_METER:
        _surge(ctx, spec, track, item.pressure_kpa, item.flow_m3h)
    elif spec.kind == Kind.TANK:
        _tank(ctx, spec, track, item, alarm)
    elif spec.kind == Kind.VAPORIZER:
        cold = _settled(track, "L03", _low(spec, "L03", item.outlet_temperature_c, alarm))
        ctx.judge(spec, track, "L03", cold, item.outlet_temperature_c)
    elif spec.kind == Kind.ODORIZER and item.odorant_mg_m3 is not None:
        _odorant(ctx, spec, track, item.odorant_mg_m3)


def on_alarm(ctx: Context, spec: Spec, track: Track, item: Item, data: EventData, order: Order) -> None:
    """Take the alarm event of an instrument that has no better word for it."""
    if order <= max(track.events.get("alarm", FIRST), track.newest_reading()):
        return
    track.events["alarm"] = order
    raised = item.type == "alarm_raised"
    key = {Kind.TANK: "L01", Kind.VAPORIZER: "L03"}.get(spec.kind, "P01" if data.level == "low" else "P02")
    keys = (key,) if raised else tuple(k for k in track.conditions if k[0] in "PL")
    for each in keys:
        ctx.judge(spec, track, each, Verdict.ON_NOW if raised else Verdict.OFF, reason="device_alarm")


def on_trip(ctx: Context, spec: Spec, track: Track, data: EventData, order: Order) -> None:
    """Take a regulator's own cutoff: P02 until it is reset on site."""
    if order <= track.events.get("trip", FIRST):
        return
    track.events["trip"] = order
    ctx.judge(spec, track, "P02", Verdict.ON_NOW, reason=data.kind)


def _regulator(ctx: Context, spec: Spec, track: Track, outlet_kpa: float | None, alarm: bool) -> None:
    verdicts = {key: _high(spec, key, outlet_kpa) for key in ("P02", "P01")}
    verdicts["P03"] = _low(spec, "P03", outlet_kpa, alarm=False)
    if alarm:
        # The value tells which alarm it is; without one the worst is assumed.
        shown = [key for key, verdict in verdicts.items() if verdict >= Verdict.ON]
        verdicts[shown[0] if shown else "P02"] = Verdict.ON_NOW
    for key, verdict in verdicts.items():
        ctx.judge(
            spec,
            track,
            key,
            _settled(track, key, verdict),
            outlet_kpa,
            "device_alarm" if alarm else "set_point",
        )


def _surge(
    ctx: Context, spec: Spec, track: Track, pressure_kpa: float | None, flow_m3h: float | None
) -> None:
    """Pressure falls while flow rises: a main cut by somebody digging."""
    if pressure_kpa is None or flow_m3h is None or track.stale:
        return
    before = looked_back(track.samples, ctx.now_ms, SURGE_WINDOW_MS)
    verdict = Verdict.OFF
    if before is not None and before[1] > 0:
        minutes = (ctx.now_ms - before[0]) / 60_000
        fall = (1 - pressure_kpa / before[1]) * 100 / minutes
        rise = (flow_m3h / before[2] - 1) * 100 if before[2] > 0 else 0.0
        falls = fall >= (spec.points["P04"].value or 10.0)
        verdict = Verdict.ON if falls and rise >= (spec.points["P04.flow"].value or 30.0) else Verdict.OFF
    sample(track.samples, ctx.now_ms, pressure_kpa, flow_m3h, SURGE_WINDOW_MS)
    ctx.judge(spec, track, "P04", verdict, pressure_kpa)


def _tank(ctx: Context, spec: Spec, track: Track, item: Item, alarm: bool) -> None:
    pressure = _high(spec, "L01", item.pressure_kpa)
    high, low = _high(spec, "L02.high", item.level_percent), _low(spec, "L02.low", item.level_percent, False)
    if alarm and max(high, low) < Verdict.ON:
        pressure = Verdict.ON_NOW
    ctx.judge(spec, track, "L01", _settled(track, "L01", pressure), item.pressure_kpa)
    for key, verdict in (("L02.high", high), ("L02.low", low)):
        at_once = alarm and verdict >= Verdict.ON
        if key in spec.limits:
            ctx.judge(spec, track, key, Verdict.ON_NOW if at_once else verdict, item.level_percent)


def _settled(track: Track, key: str, verdict: Verdict) -> Verdict:
    """A reading that says nothing of what an own alarm bit or event had raised ends that."""
    return Verdict.OFF if verdict == Verdict.UNKNOWN and key in track.conditions else verdict


def _odorant(ctx: Context, spec: Spec, track: Track, odorant_mg_m3: float) -> None:
    limit = spec.limits["O01"]
    low = odorant_mg_m3 < limit.value
    track.low_samples = track.low_samples + 1 if low else 0
    enough = track.low_samples >= ODORANT_SAMPLES
    verdict = Verdict.ON if enough else Verdict.HOLD if low else Verdict.OFF
    ctx.judge(spec, track, "O01", verdict, odorant_mg_m3)


def _limit(spec: Spec, key: str) -> Limit | None:
    return spec.limits.get(key)


def _high(spec: Spec, key: str, value: float | None) -> Verdict:
    limit = _limit(spec, key)
    return above(value, limit.value, limit.deadband) if limit else Verdict.UNKNOWN


def _low(spec: Spec, key: str, value: float | None, alarm: bool) -> Verdict:
    if alarm:
        return Verdict.ON_NOW
    limit = _limit(spec, key)
    if limit is None or value is None:
        return Verdict.UNKNOWN
    return below(value, limit.value, limit.deadband)
