"""D03: who has not been heard, judged only up to the horizon of the marks; beyond it nobody knows.

Devices that fall silent after their controller lost its connection are one alert at the controller, not one
each. A device with an active alarm is its own alert, whoever speaks for it.
"""

from dataclasses import replace
from heapq import heapify, heappop, heappush

from services.alerting.domain.context import Context
from services.alerting.domain.marks import Marks
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.spec import Kind, Spec
from services.alerting.domain.track import Track

HEARD, SILENT, IN_ALARM, LONG = 0, 1, 2, 3
_KEYS = {SILENT: "D03", IN_ALARM: "D03.alarm", LONG: "D03.long"}
Cells = dict[str, tuple[Spec, Track]]


class Silence:
    """When to look at which device next; each device has one entry that counts, `Track.check_ms`."""

    def __init__(self, ctx: Context) -> None:
        self._ctx = ctx
        self._checks: list[tuple[int, str]] = []
        self._groups: dict[str, set[str]] = {}
        self.marks = Marks()

    def restore(self, marks: Marks, cells: Cells) -> None:
        """Go on from a snapshot."""
        self.marks = marks
        self._checks = [
            (track.check_ms, device_id) for device_id, (_, track) in cells.items() if track.check_ms
        ]
        heapify(self._checks)
        self._groups = {}
        for device_id, (_, track) in cells.items():
            if track.grouped:
                self._groups.setdefault(track.grouped, set()).add(device_id)

    def heard(self, spec: Spec, track: Track, cells: Cells) -> None:
        """Note that a device said something; the first word after a silence ends it, and its group's."""
        now = self._ctx.now_ms
        track.heard_ms = now
        self.back(track, cells)
        if track.silence:
            self._ctx.say(Sign.CLEARED, spec, track, _KEYS[track.silence], reason="heard_again")
            track.silence = HEARD
            track.check_ms = 0
        if not track.check_ms:
            self._look(spec, track, now + spec.silent_ms)

    def alarmed(self, spec: Spec, track: Track) -> None:
        """Watch a device in alarm closely: it has to speak every 10 s."""
        at_ms = track.heard_ms + _limit_ms(spec, track, IN_ALARM)
        if track.check_ms > at_ms:
            self._look(spec, track, at_ms)

    def lost(self, spec: Spec, track: Track) -> None:
        """Take the end of a device's connection: with an active alarm that is P1 at once."""
        if track.alarmed and track.silence in {HEARD, SILENT}:
            self._begin(spec, track, IN_ALARM, "connection_lost")

    def back(self, track: Track, cells: Cells) -> None:
        """Take the end of a controller's absence: whoever stays silent now is told of by itself."""
        group = track.grouped
        if not group:
            return
        sites = set()
        for device_id in sorted(self._groups.pop(group, ())):
            spec, member = cells[device_id]
            if spec.facts.site_id not in sites:
                sites.add(spec.facts.site_id)
                self._together(Sign.CLEARED, spec, member, group, "heard_again")
            member.grouped, member.silence = "", HEARD
            self._look(spec, member, self._ctx.now_ms + spec.silent_ms)

    def left(self, spec: Spec, track: Track, cells: Cells) -> None:
        """Take the end of a device: its group ends with the last of it."""
        self._groups.get(track.grouped, set()).discard(spec.facts.device_id)
        if track.grouped and not self._members(spec, track.grouped, cells):
            self._together(Sign.CLEARED, spec, track, track.grouped, "device_gone")

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
                spec, track, level
            )
            if due_ms > horizon_ms:
                self._look(spec, track, due_ms)
            elif spec.facts.active:
                self._not_heard(spec, track, level, cells)
            else:
                track.check_ms = 0

    def _not_heard(self, spec: Spec, track: Track, level: int, cells: Cells) -> None:
        """Raise a silence, at the controller when that took the device's voice away."""
        group = track.grouped or (_group(spec, track, self._ctx.record_ms) if level == SILENT else "")
        if not group:
            self._begin(spec, track, level, "not_heard")
            return
        told = any(member.silence == level for member in self._members(spec, group, cells))
        track.grouped = group
        self._groups.setdefault(group, set()).add(spec.facts.device_id)
        self._note(spec, track, level)
        if not told:
            behind = _behind(spec, group, cells, self._ctx.record_ms)
            self._together(Sign.RAISED, spec, track, group, "controller_offline", behind)

    def _begin(self, spec: Spec, track: Track, level: int, reason: str) -> None:
        self._note(spec, track, level)
        self._ctx.say(Sign.RAISED, spec, track, _KEYS[level], self._minutes(track), reason)

    def _note(self, spec: Spec, track: Track, level: int) -> None:
        track.disturb()
        track.silence = level
        track.check_ms = 0
        if level == SILENT:
            self._look(spec, track, track.heard_ms + _limit_ms(spec, track, LONG))

    def _together(
        self, sign: Sign, spec: Spec, track: Track, group: str, reason: str, behind: tuple[str, ...] = ()
    ) -> None:
        """Say at the controller what concerns all who are silent behind it."""
        self._ctx.say(sign, spec, track, _KEYS[track.silence], self._minutes(track), reason)
        said = self._ctx.signals.pop()
        if isinstance(said, Signal):
            self._ctx.signals.append(replace(said, subject=group, zone="", device_ids=behind))

    def _members(self, spec: Spec, group: str, cells: Cells) -> list[Track]:
        """Return those of a site whose silence stands at this controller already."""
        found = (cells[device_id] for device_id in self._groups.get(group, ()))
        return [track for other, track in found if other.facts.site_id == spec.facts.site_id]

    def _minutes(self, track: Track) -> float:
        return round((self._ctx.now_ms - track.heard_ms) / 60_000, 1)

    def _look(self, spec: Spec, track: Track, at_ms: int) -> None:
        track.check_ms = at_ms
        heappush(self._checks, (at_ms, spec.facts.device_id))


def _group(spec: Spec, track: Track, now_ms: int) -> str:
    """Return the controller that took a device's voice away; none for a test, and who speaks for itself."""
    facts = spec.facts
    client = facts.client_id or facts.device_id
    alone = client == facts.device_id and spec.kind != Kind.CONTROLLER
    return "" if track.online or alone or spec.test(now_ms) else client


def _behind(spec: Spec, group: str, cells: Cells, now_ms: int) -> tuple[str, ...]:
    """Return the controller, and who of the site cannot speak without it and is not told of by itself."""
    found = {
        other.facts.device_id
        for other, track in cells.values()
        if other.facts.site_id == spec.facts.site_id
        and other.facts.active
        and not track.alarmed
        and track.silence != IN_ALARM
        and (track.grouped == group or (not track.silence and _group(other, track, now_ms) == group))
    }
    return (group, *sorted(found - {group}))


def _limit_ms(spec: Spec, track: Track, level: int) -> int:
    """Return how long a device may be silent; one that says itself that it is in alarm speaks every 10 s."""
    if level == SILENT or (level == IN_ALARM and not track.alarm):
        return spec.silent_ms
    factor = 1_000 if level == IN_ALARM else 3_600_000
    return int((spec.points[_KEYS[level]].value or 0.0) * factor)
