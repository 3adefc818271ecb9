"""The rules of gas detectors: G01, G02, G03 (family gas), G04 (zone), G05 (rise), G06 (carbon monoxide)."""

from services.alerting.domain.context import CONTINUE_MS, Context
from services.alerting.domain.items import EventData, Item
from services.alerting.domain.primitives import (
    Condition,
    Turn,
    Verdict,
    above,
    dose,
    due,
    looked_back,
    per_minute,
    sample,
    step,
)
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.spec import Kind, Spec
from services.alerting.domain.track import EPISODES_MAX, FIRST, Episode, Order, Track, Zone

BITS = {"alarm_low": 1, "alarm_high": 2, "alarm": 2}
RISE_WINDOW_MS = 120_000
_VALUES = frozenset({"lel_percent", "ppm"})
DOSE_KEYS = ("G06.long", "G06.medium", "G06.high")
STATUS_ONLY_LEL_PERCENT = 100.0  # stands in for the concentration of a detector that tells a status only


def concentration(spec: Spec, lel_percent: float | None, ppm: float | None) -> float | None:
    """Return %LEL; ppm counts only where the detector's LEL basis is known."""
    if lel_percent is None and ppm is not None and spec.ppm_to_lel is not None:
        return ppm * spec.ppm_to_lel
    return lel_percent


def on_reading(ctx: Context, spec: Spec, track: Track, item: Item, order: Order) -> None:
    """Take a detector's reading: its own alarm bit and what it measured."""
    bit = BITS.get(item.status, 0)
    if item.status == "preheat":
        return  # it measures nothing yet, so it can neither raise nor clear
    value = item.ppm if spec.kind == Kind.CO_DETECTOR else concentration(spec, item.lel_percent, item.ppm)
    # A faulty sensor may still raise, but its silence about gas clears nothing. Nor does a muted or shielded
    # detector's that measures nothing, nor a value that could not be read.
    unmeasured = value is None and (item.status != "normal" or not _VALUES.isdisjoint(item.dropped))
    _word(ctx, spec, track, order, bit, value, blind=item.status == "fault" or unmeasured)


def on_event(ctx: Context, spec: Spec, track: Track, item: Item, data: EventData, order: Order) -> None:
    """Take `alarm_raised` or `alarm_cleared`: either the event or the status opens the episode."""
    before = track.newest_alarm_word()
    co = spec.kind == Kind.CO_DETECTOR
    if item.type == "alarm_raised":
        value = data.ppm if co else concentration(spec, data.lel_percent, data.ppm)
        _word(ctx, spec, track, order, 1 if data.level == "low" else 2, value)
    else:
        # A clear whatever was measured before, or the outcome would depend on the order of arrival; if the
        # concentration is still high, the next reading says so long before the off-delay has passed.
        _word(ctx, spec, track, order, 0, None)
    if order > before:
        track.events["alarm"] = order


def _word(
    ctx: Context,
    spec: Spec,
    track: Track,
    order: Order,
    bit: int,
    value: float | None,
    *,
    blind: bool = False,
) -> None:
    limit = spec.limits.get("G02")
    high = bit >= 2 or (limit is not None and value is not None and value >= limit.value)
    raises = bit > 0 or high
    if order <= track.newest_alarm_word():
        if raises:
            _late(ctx, spec, track, order, value, high=high)
        return
    if blind and not raises:
        return
    _episode(track, order, raises=raises, high=high)
    track.informed = max(track.informed, order)
    track.alarm = bit
    track.lel_percent = value
    if spec.kind == Kind.CO_DETECTOR:
        _carbon_monoxide(ctx, spec, track, bit, value)
    else:
        _combustible(ctx, spec, track, bit, value)


def _combustible(ctx: Context, spec: Spec, track: Track, bit: int, value: float | None) -> None:
    low_key = "G03" if spec.station else "G01"
    low, high = (_verdict(spec, key, value, bit, n) for key, n in ((low_key, 1), ("G02", 2)))
    _zone_member(ctx, spec, low, value, bit)
    ctx.judge(spec, track, "G02", high, value, _why(bit >= 2))
    ctx.judge(spec, track, low_key, low, value, _why(bit >= 1))
    if value is not None and not track.stale:
        _rise(ctx, spec, track, value)
    _zone_judge(ctx, spec, track)


def _why(bit: bool) -> str:
    return "device_alarm" if bit else "set_point"


def _verdict(spec: Spec, key: str, value: float | None, bit: int, level: int) -> Verdict:
    if bit >= level:
        return Verdict.ON_NOW
    limit = spec.limits[key]
    return Verdict.OFF if value is None else above(value, limit.value, limit.deadband)


def _rise(ctx: Context, spec: Spec, track: Track, value: float) -> None:
    before = looked_back(track.samples, ctx.now_ms, RISE_WINDOW_MS)
    rate = per_minute(before, ctx.now_ms, value) if before else 0.0
    sample(track.samples, ctx.now_ms, value, 0.0, RISE_WINDOW_MS)
    limit = spec.points["G05"].value or 5.0
    ctx.judge(spec, track, "G05", Verdict.ON if rate >= limit else Verdict.OFF, round(rate, 1))


def _carbon_monoxide(ctx: Context, spec: Spec, track: Track, bit: int, ppm: float | None) -> None:
    """Exposure counts: the time over each level is added up and decays as fast when below it."""
    elapsed = min(ctx.now_ms - track.dose_at_ms, spec.silent_ms) if track.dose_at_ms else 0
    track.dose_at_ms = ctx.now_ms
    for key in DOSE_KEYS:
        point = spec.points[key]
        over = ppm is not None and ppm >= (point.value or 0.0)
        if not track.stale:
            track.doses[key] = dose(track.doses.get(key, 0), over, elapsed)
            if not track.doses[key] and not over:
                track.doses.pop(key)
        reached = over and track.doses.get(key, 0) >= point.on_ms
        by_bit = (bit == 2 and key == "G06.high") or (bit == 1 and key == "G06.long")
        verdict = Verdict.ON_NOW if reached or by_bit else Verdict.HOLD if over else Verdict.OFF
        ctx.judge(spec, track, key, verdict, ppm, _why(by_bit))


def _episode(track: Track, order: Order, *, raises: bool, high: bool) -> None:
    lasting = track.episodes[-1] if track.episodes and track.episodes[-1].clear is None else None
    if raises and lasting is None:
        track.episodes.append(Episode(track.newest_alarm_word(), high=high))
        del track.episodes[:-EPISODES_MAX]
    elif raises and lasting is not None:
        lasting.high = lasting.high or high
    elif not raises and lasting is not None:
        lasting.clear = order


def _late(ctx: Context, spec: Spec, track: Track, order: Order, value: float | None, *, high: bool) -> None:
    """A raise below a newer word: part of a known episode, or one that is already over (DESIGN 2.6).

    A high alarm is never lost in an episode of which only the low level is known: it is told, once, as over.
    """
    known = track.episodes
    part = next((e for e in known if e.after < order and (e.clear is None or order <= e.clear)), None)
    if part is not None and (part.high or not high):
        return
    if part is not None:
        part.high = True
    elif not _insert(track, order, high=high):
        return
    if spec.kind == Kind.CO_DETECTOR:
        key = "G06.high" if high else "G06.long"
    else:
        key = "G02" if high else "G03" if spec.station else "G01"
    ctx.say(Sign.LATE, spec, track, key, value, "arrived_after_its_clear")


def _insert(track: Track, order: Order, *, high: bool) -> bool:
    """Remember an episode that came late; False for one older than all that is remembered."""
    known = track.episodes
    place = sum(e.clear is not None and e.clear < order for e in known)
    after = known[place - 1].clear or FIRST if place else FIRST
    if place == 0 and len(known) == EPISODES_MAX:
        return False  # seen or not, it is long over
    end = known[place].after if place < len(known) else track.newest_alarm_word()
    known.insert(place, Episode(after, end, high))
    return True


def _zone_member(ctx: Context, spec: Spec, low: Verdict, value: float | None, bit: int) -> None:
    facts = spec.facts
    place = (facts.site_id, facts.zone)
    zone = ctx.zones.get(place)
    if low >= Verdict.ON:
        if zone is None:
            zone = ctx.zones[place] = Zone(Condition())
        zone.low[facts.device_id] = spec.test(ctx.record_ms)
    elif zone is None:
        return
    elif low == Verdict.OFF:
        zone.low.pop(facts.device_id, None)
    known = value if value is not None else STATUS_ONLY_LEL_PERCENT if bit else 0.0
    zone.lel_percent[facts.device_id] = known


def _zone_judge(ctx: Context, spec: Spec, track: Track) -> None:
    zone = ctx.zones.get((spec.facts.site_id, spec.facts.zone))
    if zone is None:
        return
    needed = int(spec.points["G04"].value or 2)
    point = spec.points["G04"]
    real = sum(not test for test in zone.low.values()) >= needed
    verdict = Verdict.ON if len(zone.low) >= needed else Verdict.OFF
    turn = step(zone.condition, verdict, ctx.now_ms, point.on_ms, point.off_ms)
    if turn == Turn.PENDING:
        ctx.later(ctx.now_ms + point.off_ms, spec.facts.device_id, "zone")
    if turn == Turn.RAISED or (verdict == Verdict.ON and real and not zone.real):
        zone.continued_ms, zone.real = ctx.now_ms, real
        _zone_say(ctx, spec, track, zone, Sign.RAISED)
    elif turn == Turn.CLEARED:
        zone.real = False
        _zone_say(ctx, spec, track, zone, Sign.CLEARED)
    elif verdict == Verdict.ON and not track.stale and ctx.now_ms - zone.continued_ms >= CONTINUE_MS:
        zone.continued_ms = ctx.now_ms
        _zone_say(ctx, spec, track, zone, Sign.CONTINUES)


def fire_zone(ctx: Context, spec: Spec, track: Track) -> None:
    """Do what a passed off-delay brings to the zone of a detector."""
    zone = ctx.zones.get((spec.facts.site_id, spec.facts.zone))
    point = spec.points["G04"]
    if zone and due(zone.condition, ctx.now_ms, point.on_ms, point.off_ms) == Turn.CLEARED:
        zone.real = False
        _zone_say(ctx, spec, track, zone, Sign.CLEARED)


def _zone_say(ctx: Context, spec: Spec, track: Track, zone: Zone, sign: Sign) -> None:
    facts, point = spec.facts, spec.points["G04"]
    ctx.signals.append(
        Signal(
            sign=sign,
            rule="G04",
            family="zone",
            subject=f"zone:{facts.zone}",
            site_id=facts.site_id,
            record_ms=ctx.record_ms,
            zone=facts.zone,
            device_ids=tuple(sorted(zone.low)),
            priority=point.priority,
            value=float(len(zone.low)),
            set_point=point.value,
            unit=point.unit,
            rule_version=point.version,
            latched=point.latched,
            test=not zone.real,
            buffered=track.stale,
            device_ms=track.device_ms,
            zone_lel_percent=ctx.zone_lel(facts.site_id, facts.zone),
            reason="two_detectors" if sign == Sign.RAISED else "",
        )
    )
