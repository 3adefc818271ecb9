"""The rules of a device's own health: D01 (disabled, unplugged, muted) and D02 (faults)."""

from services.alerting.domain.context import Context
from services.alerting.domain.items import EventData, Item
from services.alerting.domain.primitives import Verdict
from services.alerting.domain.spec import Spec
from services.alerting.domain.track import FIRST, Order, Track

DISABLED_STATUS = frozenset({"muted", "shielded"})
FAULT_STATUS = frozenset({"fault", "end_of_life"})
DISABLED_CODES = frozenset({"power_lost", "tamper"})
DAY_MIN = 1440
CHINA_OFFSET_MIN = 480  # Asia/Shanghai has no summer time


def on_reading(ctx: Context, spec: Spec, track: Track, status: str) -> None:
    """Take what a reading's status says of the device itself."""
    track.status = status
    judge(ctx, spec, track)


def on_event(ctx: Context, spec: Spec, track: Track, item: Item, data: EventData, order: Order) -> None:
    """Take `fault_raised`, `fault_cleared`, `muted` or `self_check`; those of an older boot are over."""
    aspect = f"fault:{data.code}" if item.type.startswith("fault") else item.type
    if order[0] < track.boot_id or order <= track.events.get(aspect, FIRST):
        return
    track.events[aspect] = order
    if item.type == "muted":
        track.muted = data.on
    else:
        bad = not data.passed if item.type == "self_check" else item.type == "fault_raised"
        code = "self_check" if item.type == "self_check" else data.code
        track.faults = sorted({*track.faults, code} if bad else {*track.faults} - {code})
    judge(ctx, spec, track)


def on_boot(ctx: Context, spec: Spec, track: Track) -> None:
    """Forget what the device said before it started again; it says anew what still holds."""
    track.faults, track.muted = [], False
    judge(ctx, spec, track)


def judge(ctx: Context, spec: Spec, track: Track) -> None:
    """Judge both rules from all that is known; D01 begins in business hours only."""
    codes = [code for code in track.faults if code not in DISABLED_CODES]
    if track.position == "fault":
        codes.append("position_fault")
    fault = track.status in FAULT_STATUS or bool(codes)
    reason = ",".join(codes) or track.status
    ctx.judge(spec, track, "D02", Verdict.ON if fault else Verdict.OFF, reason=reason)
    causes = [code for code in track.faults if code in DISABLED_CODES]
    if track.supply == "lost":
        causes.append("supply_lost")
    disabled = track.status in DISABLED_STATUS or track.muted or bool(causes)
    if disabled and "D01" not in track.conditions:
        wait_ms = until_open_ms(spec, ctx.record_ms)
        if wait_ms:
            if track.opens_ms != ctx.now_ms + wait_ms:
                track.opens_ms = ctx.now_ms + wait_ms
                ctx.later(track.opens_ms, spec.facts.device_id, "health")
            return
    reason = ",".join(causes) or ("muted" if track.muted else track.status)
    ctx.judge(spec, track, "D01", Verdict.ON if disabled else Verdict.OFF, reason=reason)


def until_open_ms(spec: Spec, now_ms: int) -> int:
    """Return how long it is until business hours begin; 0 within them, and where there are none."""
    hours = spec.facts.business_hours
    if hours is None:
        return 0
    minute = (now_ms // 60_000 + CHINA_OFFSET_MIN) % DAY_MIN
    opens, closes = hours
    into, length = (minute - opens) % DAY_MIN, (closes - opens) % DAY_MIN or DAY_MIN
    if into < length:
        return 0
    return ((opens - minute) % DAY_MIN) * 60_000 - now_ms % 60_000
