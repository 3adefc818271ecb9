"""What the rules write to while a record is folded: signals, and delays to be looked at later."""

from heapq import heappush

from services.alerting.domain.primitives import Condition, Phase, Turn, Verdict, due, step
from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.signals import AnySignal, Sign, Signal
from services.alerting.domain.spec import Spec
from services.alerting.domain.track import Track, Zone

STEP_BACK_MS = 30_000  # more than records can be out of order: the clock was set back
CONTINUE_MS = 5_000  # gas: keeps the valve loop's alarm fresh
CONTINUE_SLOW_MS = 60_000  # everything else
# The family that a condition belongs to: one alert per device and family (WIRE section 3).
FAMILIES = {
    "G01": "gas", "G02": "gas", "G03": "gas", "G04": "zone", "G05": "rise",
    "G06.long": "co", "G06.medium": "co", "G06.high": "co",
    "D01": "disabled", "D02": "fault", "D03": "silence", "D03.alarm": "silence", "D03.long": "silence",
    "D08": "unregistered",
    "P01": "outlet_high", "P02": "outlet_high", "P03": "outlet_low", "P04": "surge",
    "L01": "tank_pressure", "L02.high": "level_high", "L02.low": "level_low", "L03": "cold", "O01": "odorant",
    "V01": "not_closed", "V02": "moved", "V03": "reopened", "S01": "load", "S02": "platform",
}  # fmt: skip
SIBLINGS = {
    "G01": ("G02",), "G03": ("G02",), "G02": ("G01", "G03"), "P01": ("P02",), "P02": ("P01",),
    "G06.long": ("G06.medium", "G06.high"), "G06.medium": ("G06.long", "G06.high"),
    "G06.high": ("G06.long", "G06.medium"),
}  # fmt: skip


class Context:
    """The record's time, the signals so far, the pending delays, and the zones of the partition.

    Delays run on `now_ms`, which never goes back; what is told, and whether it is fresh, goes by `record_ms`.
    """

    def __init__(self) -> None:
        self.now_ms = 0
        self.record_ms = 0
        self.ahead_ms = 0
        self.signals: list[AnySignal] = []
        self.timers: list[tuple[int, str, str]] = []
        self.zones: dict[tuple[str, str], Zone] = {}

    def begin(self, record_ms: int) -> int:
        """Take a record's time and return that of the delays.

        When ingestion's clock was set back they go on from where they were: held until the clock has caught
        up, an hour's step would hold back every alarm with a delay, and every closing, for an hour.
        """
        self.record_ms = record_ms
        if record_ms + self.ahead_ms < self.now_ms - STEP_BACK_MS:
            self.ahead_ms = self.now_ms - record_ms
        self.now_ms = max(record_ms + self.ahead_ms, self.now_ms)
        return self.now_ms

    def later(self, at_ms: int, device_id: str, what: str) -> None:
        """Look at a condition of a device when a record of that time or later is folded."""
        heappush(self.timers, (at_ms, device_id, what))

    def judge(
        self,
        spec: Spec,
        track: Track,
        key: str,
        verdict: Verdict,
        value: float | None = None,
        reason: str = "",
    ) -> None:
        """Take a verdict on one condition of a device, and say what that turned."""
        condition = track.conditions.get(key)
        if condition is None:
            if verdict < Verdict.ON:
                return
            condition = track.conditions[key] = Condition()
        if verdict >= Verdict.ON:
            condition.value = value
        point = point_of(spec, key)
        turn = step(condition, verdict, self.now_ms, point.on_ms, point.off_ms)
        if turn == Turn.PENDING:
            wait = point.on_ms if condition.phase == Phase.PENDING_ON else point.off_ms
            self.later(self.now_ms + wait, spec.facts.device_id, key)
        elif turn == Turn.NONE:
            self._goes_on(spec, track, key, condition, reason)
        self.turned(spec, track, key, condition, turn, reason)

    def fire(self, spec: Spec, track: Track, key: str) -> None:
        """Do what a passed delay brings to a condition, if it still waits for that."""
        condition = track.conditions.get(key)
        if condition is None:
            return
        point = point_of(spec, key)
        turn = due(condition, self.now_ms, point.on_ms, point.off_ms)
        self.turned(spec, track, key, condition, turn, "delay_passed")

    def turned(
        self, spec: Spec, track: Track, key: str, condition: Condition, turn: Turn, reason: str
    ) -> None:
        """Say that a condition was raised or cleared; a family is clear when all its conditions are."""
        if turn == Turn.RAISED:
            track.continued[key] = self.now_ms
            self.say(Sign.RAISED, spec, track, key, condition.value, reason)
        elif turn == Turn.CLEARED:
            siblings = (track.conditions.get(other) for other in SIBLINGS.get(key, ()))
            if not any(s is not None and s.active for s in siblings):
                self.say(Sign.CLEARED, spec, track, key, track.lel_percent, reason)
        if condition.phase == Phase.IDLE:
            track.conditions.pop(key, None)
            track.continued.pop(key, None)

    def _goes_on(self, spec: Spec, track: Track, key: str, condition: Condition, reason: str) -> None:
        if not condition.active or track.stale:
            return
        every = CONTINUE_MS if key[0] == "G" else CONTINUE_SLOW_MS
        if self.now_ms - track.continued.get(key, 0) >= every:
            track.continued[key] = self.now_ms
            sign = Sign.CONTINUES if condition.phase == Phase.ACTIVE else Sign.EASED
            self.say(sign, spec, track, key, condition.value, reason)

    def gone(self, spec: Spec, track: Track) -> None:
        """Say that everything ended that was raised about a device."""
        raised = [key for key, condition in track.conditions.items() if condition.active]
        for key in (*raised, *(("D03",) if track.silence and not track.grouped else ())):
            self.say(Sign.CLEARED, spec, track, key, reason="device_gone")

    def say(
        self, sign: Sign, spec: Spec, track: Track, key: str, value: float | None = None, reason: str = ""
    ) -> None:
        """Say something of a device's condition."""
        facts, point, limit = spec.facts, point_of(spec, key), spec.limits.get(key)
        self.signals.append(
            Signal(
                sign=sign,
                rule=point.rule,
                family=FAMILIES[key],
                subject=facts.device_id,
                site_id=facts.site_id,
                record_ms=self.record_ms,
                zone=facts.zone,
                device_ids=(facts.device_id,),
                priority=point.priority,
                value=value,
                set_point=limit.value if limit else point.value,
                unit=_UNITS.get(key, point.unit),
                rule_version=point.version,
                latched=point.latched,
                test=spec.test(self.record_ms),
                buffered=track.stale,
                device_ms=track.device_ms,
                zone_lel_percent=self.zone_lel(facts.site_id, facts.zone) if key[0] == "G" else None,
                reason=reason,
            )
        )

    def zone_lel(self, site_id: str, zone: str) -> float | None:
        """Return the highest concentration among a zone's detectors, as far as it is known."""
        found = self.zones.get((site_id, zone))
        return max(found.lel_percent.values(), default=None) if found else None


def point_of(spec: Spec, key: str) -> SetPoint:
    """Return the set-point of a condition; both levels of a tank share one."""
    limit = spec.limits.get(key)
    return limit.point if limit is not None else spec.points[key]


_UNITS = {
    "P01": "kPa", "P02": "kPa", "P03": "kPa", "L01": "kPa",
}  # fmt: skip
