"""The fold over one partition's telemetry: record after record in, transitions out.

Pure and replayable: the same records, devices and set-points give the same signals, whatever the clock.
A quiet reading costs a look-up and a few comparisons; everything else goes the slow way.
"""

import zlib
from collections.abc import Sequence
from heapq import heapify, heappop

import msgspec

from services.alerting.domain import gas, health, stations, valves
from services.alerting.domain.context import Context
from services.alerting.domain.fire import fire
from services.alerting.domain.items import Item, event_data
from services.alerting.domain.marks import Marks
from services.alerting.domain.signals import AnySignal, OnlineSeen
from services.alerting.domain.silence import Silence
from services.alerting.domain.spec import Kind, Spec
from services.alerting.domain.strangers import Strangers
from services.alerting.domain.track import FIRST, Order, Track, Zone, freshen

SAMPLE_MS = 20_000
SNAPSHOT_FORM = 1
# One item that no rule can make sense of must not stop the alarms of a whole partition.
UNREADABLE = (msgspec.MsgspecError, ValueError, TypeError, ArithmeticError, LookupError)


class Snapshot(msgspec.Struct):
    """All that a partition's state is, so that folding can go on from here."""

    form: int
    now_ms: int
    tracks: dict[str, Track]
    zones: list[tuple[str, str, Zone]]
    timers: list[tuple[int, str, str]]
    strangers: dict[str, tuple[int, str]]
    marks: Marks
    ahead_ms: int = 0


class PartitionState:
    """The devices of one partition; `fold` is the only way in."""

    def __init__(self) -> None:
        self._ctx = Context()
        self._cells: dict[str, tuple[Spec, Track]] = {}
        self._waiting: dict[str, Track] = {}
        self._clients: dict[str, set[str]] = {}
        self._silence = Silence(self._ctx)
        self._strangers = Strangers(self._ctx)
        self.unknown = 0
        self.poison: list[tuple[Item, str]] = []

    @property
    def now_ms(self) -> int:
        """The time of the newest record."""
        return self._ctx.now_ms

    @property
    def mark_ms(self) -> int:
        """The record time up to which every ingestion has marked, 0 without any."""
        return min(self.marks.last.values(), default=0) - self._ctx.ahead_ms

    @property
    def marks(self) -> Marks:
        """The marks of the ingestions."""
        return self._silence.marks

    def put(self, spec: Spec) -> None:
        """Take a device, or a new version of it; what is known of it stays while it stays in its zone."""
        facts = spec.facts
        cell = self._cells.get(facts.device_id)
        if cell is not None and (cell[0].facts.site_id, cell[0].facts.zone) != (facts.site_id, facts.zone):
            self.drop(facts.device_id)
            cell = None
        track = cell[1] if cell else self._waiting.pop(facts.device_id, Track())
        if cell is not None:
            track.sample_due_ms = 0  # a new version is looked at in full
            self._clients.get(cell[0].facts.client_id or facts.device_id, set()).discard(facts.device_id)
        self._cells[facts.device_id] = (spec, track)
        self._clients.setdefault(facts.client_id or facts.device_id, set()).add(facts.device_id)

    def drop(self, device_id: str) -> None:
        """Forget a device that is gone or has moved elsewhere; the next record says what ends with it."""
        cell = self._cells.pop(device_id, None)
        if cell is None:
            return
        self._ctx.gone(*cell)
        self._silence.left(*cell, self._cells)
        facts = cell[0].facts
        self._clients.get(facts.client_id or device_id, set()).discard(device_id)
        zone = self._ctx.zones.get((facts.site_id, facts.zone))
        if zone:
            zone.low.pop(device_id, None)
            zone.lel_percent.pop(device_id, None)

    def track(self, device_id: str) -> Track | None:
        """Return what is known of a device."""
        cell = self._cells.get(device_id)
        return cell[1] if cell else None

    def snapshot(self) -> bytes:
        """Return the whole state, compressed."""
        heard = {device_id: track for device_id, (_, track) in self._cells.items() if track.heard_ms}
        whole = Snapshot(
            SNAPSHOT_FORM,
            self._ctx.now_ms,
            heard,
            [(site, name, zone) for (site, name), zone in self._ctx.zones.items()],
            self._ctx.timers,
            self._strangers.open,
            self.marks,
            self._ctx.ahead_ms,
        )
        return zlib.compress(msgspec.msgpack.encode(whole), 1)

    def restore(self, data: bytes, specs: Sequence[Spec]) -> None:
        """Go on from a snapshot with the devices of today; raise `DecodeError` when it is unreadable."""
        try:
            whole = msgspec.msgpack.decode(zlib.decompress(data), type=Snapshot)
        except zlib.error as error:
            raise msgspec.DecodeError(str(error)) from error
        self._ctx.now_ms, self._ctx.ahead_ms = whole.now_ms, whole.ahead_ms
        self._ctx.zones = {(site, name): zone for site, name, zone in whole.zones}
        self._ctx.timers = whole.timers
        heapify(self._ctx.timers)
        self._strangers.open = whole.strangers
        self._waiting = whole.tracks
        for spec in specs:
            self.put(spec)
        self._waiting = {}
        self._silence.restore(whole.marks, self._cells)

    def fold(self, record_ms: int, items: Sequence[Item], mark: str | None = None) -> list[AnySignal]:
        """Take one record: its items in order, or a mark (no items) of the ingestion named `mark`."""
        ctx = self._ctx
        now = ctx.begin(record_ms)
        if ctx.timers and ctx.timers[0][0] <= now:
            self._fire(now)
        cells = self._cells
        for item in items:
            cell = cells.get(item.device_id)
            if cell is not None and item.status == "normal":
                spec, track = cell
                if (
                    track.quiet
                    and item.boot_id == track.boot_id
                    and item.seq > track.seq
                    and now < track.sample_due_ms
                    and not item.type
                ):
                    # Plain detectors are judged here: a call for each reading would cost as much again.
                    value = item.lel_percent
                    plain = value is not None and spec.kind == 0
                    if value < spec.quiet_max if plain else _calm_value(spec, track, item):  # type: ignore[operator]
                        track.seq, track.heard_ms = item.seq, now
                        continue
            try:
                self._slow(item, now)
            except UNREADABLE as error:
                self.poison.append((item, str(error)))
        if mark is not None:
            self.marks.seen(mark, now)
            self._silence.judge(cells)
        signals, ctx.signals = ctx.signals, []
        return signals

    def _slow(self, item: Item, now: int) -> None:
        if item.unregistered or item.type in _WITHOUT_DEVICE:
            self._about_client(item)
            return
        cell = self._cells.get(item.device_id)
        if cell is None:
            self.unknown += 1
            return
        spec, track = cell
        order = (item.boot_id, item.seq)
        newer = order > (track.boot_id, track.seq)
        self._silence.heard(spec, track, self._cells)
        track.disturb()
        if newer:
            started = item.boot_id > track.boot_id >= 0
            track.boot_id, track.seq = order
            if started:
                health.on_boot(self._ctx, spec, track)
        freshen(track, self._ctx.record_ms, item.time_ms, item.buffered, newer)
        if item.type:
            self._event(spec, track, item, order)
        else:
            self._reading(spec, track, item, order)
        if track.alarmed:
            self._silence.alarmed(spec, track)
        elif newer and item.status == "normal" and not item.type:
            track.sample_due_ms = now + SAMPLE_MS
            track.quiet = _is_quiet(track) and _calm_value(spec, track, item)

    def _reading(self, spec: Spec, track: Track, item: Item, order: Order) -> None:
        ctx, kind = self._ctx, spec.kind
        detector = kind <= Kind.CO_DETECTOR
        if detector:
            gas.on_reading(ctx, spec, track, item, order)
        if order <= track.reading:
            return
        if kind == Kind.VALVE:
            valves.on_reading(ctx, spec, track, item, order)
        elif not detector and order > track.events.get("alarm", FIRST):
            stations.on_reading(ctx, spec, track, item)
        health.on_reading(ctx, spec, track, item.status)
        track.reading = order

    def _event(self, spec: Spec, track: Track, item: Item, order: Order) -> None:
        ctx, data, type_ = self._ctx, event_data(item), item.type
        if type_ in {"alarm_raised", "alarm_cleared"}:
            handle = gas.on_event if spec.kind <= Kind.CO_DETECTOR else stations.on_alarm
            handle(ctx, spec, track, item, data, order)
        elif type_ == "position_changed":
            valves.on_position(ctx, spec, track, data, order)
            health.judge(ctx, spec, track)
        elif type_ == "command_result":
            valves.on_result(ctx, spec, data)
        elif type_ == "trip":
            stations.on_trip(ctx, spec, track, data, order)
        elif type_ != "boot":
            health.on_event(ctx, spec, track, item, data, order)

    def _about_client(self, item: Item) -> None:
        """Take what is not the word of a registered device: its client's connection, a stranger's alarm."""
        client = item.client or item.device_id
        spoken_for = sorted(self._clients.get(client, ()))
        if item.type == "connection":
            self._connection(item, spoken_for)
            return
        known = self._cells.get(client) or (self._cells[spoken_for[0]] if spoken_for else None)
        if known is None:
            self.unknown += 1
            return
        self._strangers.heard(known[0], client, item)

    def _connection(self, item: Item, spoken_for: list[str]) -> None:
        online = event_data(item).online
        for device_id in spoken_for:
            spec, track = self._cells[device_id]
            if item.boot_id < track.online_boot:
                continue
            track.online_boot, track.online = item.boot_id, online
            if spec.kind == Kind.VALVE:
                site = spec.facts.site_id
                self._ctx.signals.append(
                    OnlineSeen(site, device_id, online, item.boot_id, self._ctx.record_ms)
                )
            if online:
                self._silence.back(track, self._cells)
            else:
                self._silence.lost(spec, track)

    def _fire(self, now: int) -> None:
        timers = self._ctx.timers
        while timers and timers[0][0] <= now:
            at_ms, device_id, what = heappop(timers)
            if what == "stranger":
                self._strangers.fire(device_id, at_ms, self._cells)
                continue
            cell = self._cells.get(device_id)
            if cell is not None:
                fire(self._ctx, *cell, what)


def _is_quiet(track: Track) -> bool:
    lasting = bool(track.episodes) and track.episodes[-1].clear is None
    disturbed = track.conditions or track.faults or track.muted or track.doses
    return not (disturbed or lasting or track.silence)


def _calm_value(spec: Spec, track: Track, item: Item) -> bool:
    kind = spec.kind
    if kind == Kind.DETECTOR:
        value = gas.concentration(spec, item.lel_percent, item.ppm)
        return value is None or value < spec.quiet_max
    if kind == Kind.CO_DETECTOR:
        return item.ppm is None or item.ppm < spec.quiet_max
    if kind == Kind.VALVE:
        same = item.position is None or item.position == track.position
        return same and (item.supply is None or item.supply == track.supply)
    return kind == Kind.CONTROLLER


_WITHOUT_DEVICE = frozenset({"connection", "alarm_rejected"})
