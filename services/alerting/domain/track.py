"""The volatile state of one device and of one valve zone: what folding telemetry leaves behind.

Both are plain structs, so that a snapshot of a partition is their encoding and nothing else.
"""

from typing import TypeAlias

import msgspec

from services.alerting.domain.primitives import Condition, Phase, Sample

Order: TypeAlias = tuple[int, int]  # (boot_id, seq)
FIRST: Order = (-1, -1)
EPISODES_MAX = 16
SKEW_WINDOW_MS = 300_000
STALE_MS = 30_000  # DESIGN 2.7
ODD_PAST_MS = 30 * 24 * 3_600_000  # WIRE section 1: times outside are kept, and never believed
ODD_FUTURE_MS = 300_000


class Episode(msgspec.Struct, array_like=True, gc=False):
    """An alarm between the clear that was known below it and the clear above it (None while it lasts).

    `high` tells whether its high level was told.
    """

    after: Order
    clear: Order | None = None
    high: bool = False


class Track(msgspec.Struct, omit_defaults=True):
    """A device as its messages show it.

    `(boot_id, seq)` is the newest message. While `quiet` holds, nothing is pending or raised and the newest
    message was a normal reading: then the fold only compares and notes `seq` and `heard_ms`.
    `reading` is the newest reading that said something of every aspect, kept up to date only while not
    quiet; the newest event of an aspect stands in `events`. `grouped` is the controller at which its
    silence stands together with that of its neighbours.
    """

    boot_id: int = -1
    seq: int = -1
    heard_ms: int = 0
    quiet: bool = False
    sample_due_ms: int = 0
    reading: Order = FIRST
    informed: Order = FIRST
    events: dict[str, Order] = {}
    status: str = ""
    alarm: int = 0
    conditions: dict[str, Condition] = {}
    samples: list[Sample] = []
    episodes: list[Episode] = []
    doses: dict[str, int] = {}
    dose_at_ms: int = 0
    low_samples: int = 0
    faults: list[str] = []
    muted: bool = False
    position: str = ""
    supply: str = ""
    moved: tuple[str, str, str | None, int] | None = None
    online_boot: int = -1
    online: bool = True
    silence: int = 0
    grouped: str = ""
    check_ms: int = 0
    opens_ms: int = 0
    continued: dict[str, int] = {}
    lel_percent: float | None = None
    skew_ms: int | None = None
    skew_before_ms: int | None = None
    skew_since_ms: int = 0
    device_ms: int | None = None
    stale: bool = False

    def newest_reading(self) -> Order:
        """Return the order of the newest reading."""
        return (self.boot_id, self.seq) if self.quiet else self.reading

    def newest_alarm_word(self) -> Order:
        """Return the order of the newest message that told whether the device is in alarm."""
        said = (self.boot_id, self.seq) if self.quiet else self.informed
        return max(said, self.events.get("alarm", FIRST))

    def disturb(self) -> None:
        """Leave the quiet state: from now on the newest reading is kept apart."""
        if self.quiet:
            self.reading = self.informed = (self.boot_id, self.seq)
            self.quiet = False

    @property
    def alarmed(self) -> bool:
        """Tell whether the device's last word was an alarm (of what it measures, not of its health)."""
        return any(c.phase == Phase.ACTIVE for name, c in self.conditions.items() if name[0] in "GPLO")


class Zone(msgspec.Struct, omit_defaults=True):
    """A valve's zone: which detectors are in alarm, which of them as a test, and what they measured last."""

    condition: Condition
    low: dict[str, bool] = {}
    real: bool = False
    lel_percent: dict[str, float] = {}
    continued_ms: int = 0


def note_skew(track: Track, record_ms: int, time_ms: int | None) -> None:
    """Keep the smallest lag between a device's clock and the record, over the last five to ten minutes."""
    if time_ms is None or not -ODD_FUTURE_MS <= record_ms - time_ms <= ODD_PAST_MS:
        return
    lag = record_ms - time_ms
    if record_ms - track.skew_since_ms >= SKEW_WINDOW_MS:
        track.skew_before_ms, track.skew_ms, track.skew_since_ms = track.skew_ms, lag, record_ms
    elif track.skew_ms is None or lag < track.skew_ms:
        track.skew_ms = lag


def corrected_ms(track: Track, record_ms: int, time_ms: int | None) -> int | None:
    """Return the device's own time less its known skew, never after the record; None without a clock.

    A device's very first time cannot be told from a wrong clock: it counts as taken when recorded.
    """
    if time_ms is None or not -ODD_FUTURE_MS <= record_ms - time_ms <= ODD_PAST_MS:
        return None
    known = [skew for skew in (track.skew_ms, track.skew_before_ms) if skew is not None]
    if not known:
        return record_ms
    return min(record_ms, time_ms + min(known))


def freshen(track: Track, record_ms: int, time_ms: int | None, buffered: bool, newer: bool) -> None:
    """Note whether the message at hand may move a valve: not buffered, not late, not behind a newer one."""
    if newer:
        track.device_ms = corrected_ms(track, record_ms, time_ms)
        late = track.device_ms is not None and record_ms - track.device_ms > STALE_MS
        track.stale = buffered or late
    else:
        track.stale = True
    if not buffered:
        note_skew(track, record_ms, time_ms)
