"""A close command: what it says, how long it lives, and from which messages one may follow."""

from dataclasses import dataclass

LIFE_MS = 30_000  # WIRE section 1, "Command": expires at most 30 s after it was issued
FRESH_MS = 30_000  # DESIGN 2.7: record time and skew-corrected device time at most 30 s old
RESEND_MS = (5_000, 10_000, 20_000)  # the same id goes out again while nothing came back (default)


@dataclass(frozen=True, slots=True)
class Command:
    """A close command, live until `expires_ms`; closing is the only thing a command can ask for.

    `results` are the distinct answers so far; `ended` is set when the limit switch said closed.
    """

    command_id: str
    seq: int
    issued_ms: int
    expires_ms: int
    alert_ids: tuple[str, ...]
    actors: tuple[str, ...]
    automatic: bool
    reason: str
    attempt: int = 1
    results: tuple[str, ...] = ()
    ended: bool = False

    def live(self, now_ms: int) -> bool:
        """Tell whether the valve may still execute it, so that no other may be issued beside it."""
        return not self.ended and now_ms < self.expires_ms

    def resend_ms(self) -> int | None:
        """Return when the same id goes out again, or None: after an answer, or when the attempts are used up.

        A valve answers the id it executed last without moving, so that repeating an accepted one is vain;
        `clock_unset` is the one refusal that time heals.
        """
        heals = not self.results or self.results == ("refused:clock_unset",)
        if self.ended or not heals or self.attempt > len(RESEND_MS):
            return None
        return self.issued_ms + RESEND_MS[self.attempt - 1]


@dataclass(frozen=True, slots=True)
class AlarmSignal:
    """A message by which `rule` (G02, G04 or V03) wants the zone's valve closed.

    `record_ms` is when ingestion wrote it, `device_ms` the device's own time less its known skew, None
    for a device without a clock. What was replayed from the dead letters counts as buffered.
    """

    alert_id: str
    rule: str
    record_ms: int
    device_ms: int | None = None
    buffered: bool = False


def next_seq(last_seq: int, issued_ms: int) -> int:
    """Return the `seq` of a new command; by time, so that a restored database cannot fall behind."""
    return max(last_seq + 1, issued_ms)


def fresh_since_ms(signal: AlarmSignal) -> int:
    """Return the older of the signal's two times, from which its freshness is counted."""
    return signal.record_ms if signal.device_ms is None else min(signal.record_ms, signal.device_ms)


def is_fresh(signal: AlarmSignal, now_ms: int) -> bool:
    """Tell whether the signal may move a valve at `now_ms`, the database's clock in the same transaction."""
    return not signal.buffered and now_ms - fresh_since_ms(signal) <= FRESH_MS
