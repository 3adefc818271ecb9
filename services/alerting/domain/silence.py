"""D03: who has not been heard, judged only up to the horizon of the marks; beyond it nobody knows."""

from heapq import heapify, heappop, heappush

from services.alerting.domain.context import Context
from services.alerting.domain.marks import Marks
from services.alerting.domain.signals import Sign
from services.alerting.domain.spec import Spec
from services.alerting.domain.track import Track

HEARD, SILENT, IN_ALARM, LONG = 0, 1, 2, 3
_KEYS = {SILENT: "D03", IN_ALARM: "D03.alarm", LONG: "D03.long"}
Cells = dict[str, tuple[Spec, Track]]


class Silence:
    """When to look at which device next; each device has one entry that counts, `Track.check_ms`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._checks: list[tuple[int, str]] = []
        self.marks = Marks()

    def restore(self, marks: Marks, cells: Cells) -> None:
        """Go on from a snapshot."""
        self.marks = marks
        self._checks = [
            (track.check_ms, device_id) for device_id, (_, track) in cells.items() if track.check_ms
        ]
        heapify(self._checks)

    def heard(self, spec: Spec, track: Track) -> None:
        """Note that a device said something; the first word after a silence ends it."""
        now = self._ctx.now_ms
        track.heard_ms = now
        if track.silence:
            self._ctx.say(Sign.CLEARED, spec, track, _KEYS[track.silence], reason="heard_again")
            track.silence = HEARD
            track.check_ms = 0
        if not track.check_ms:
            self._look(spec, track, now + spec.silent_ms)

    def alarmed(self, spec: Spec, track: Track) -> None:
        """Watch a device in alarm closely: it has to speak every 10 s."""
        at_ms = track.heard_ms + _limit_ms(spec, IN_ALARM)
        if track.check_ms > at_ms:
            self._look(spec, track, at_ms)

    def lost(self, spec: Spec, track: Track) -> None:
        """Take the end of a device's connection: with an active alarm that is P1 at once."""
        if track.alarmed and track.silence in {HEARD, SILENT}:
            self._begin(spec, track, IN_ALARM, "connection_lost")

    def judge(self, cells: Cells) -> None:
        """Raise what is due at the horizon."""
        horizon_ms = self.marks.horizon_ms
        while self._checks and self._checks[0][0] <= horizon_ms:
            at_ms, device_id = heappop(self._checks)
            cell = cells.get(device_id)
            if cell is None or cell[1].check_ms != at_ms:
                continue
            spec, track = cell
            level = LONG if track.silence else IN_ALARM if track.alarmed else SILENT
            due_ms = max(track.heard_ms, self.marks.resumed_ms if level != LONG else 0) + _limit_ms(
                spec, level
            )
            if due_ms > horizon_ms:
                self._look(spec, track, due_ms)
            elif spec.facts.active:
                self._begin(spec, track, level, "not_heard")
            else:
                track.check_ms = 0

    def _begin(self, spec: Spec, track: Track, level: int, reason: str) -> None:
        track.disturb()
        track.silence = level
        minutes = round((self._ctx.now_ms - track.heard_ms) / 60_000, 1)
        self._ctx.say(Sign.RAISED, spec, track, _KEYS[level], minutes, reason)
        track.check_ms = 0
        if level == SILENT:
            self._look(spec, track, track.heard_ms + _limit_ms(spec, LONG))

    def _look(self, spec: Spec, track: Track, at_ms: int) -> None:
        track.check_ms = at_ms
        heappush(self._checks, (at_ms, spec.facts.device_id))


def _limit_ms(spec: Spec, level: int) -> int:
    if level == SILENT:
        return spec.silent_ms
    factor = 1_000 if level == IN_ALARM else 3_600_000
    return int((spec.points[_KEYS[level]].value or 0.0) * factor)
