"""Which canaries are on their way, which are late, and what is to be said about it: no clock, no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

ROUNDS_MAX = 40  # rounds that are remembered: twenty minutes at one every 30 s
SKEW_MS = 2_000  # clocks of two machines differ a little
VALUE_BASE = 60.0
VALUE_STEPS = 300


class Stage(StrEnum):
    """The stations of a canary's way that somebody waits at."""

    RECEIPT = "receipt"
    ALERT = "alert"
    CLEARED = "cleared"


class Kind(StrEnum):
    """What is said."""

    LATE = "late"
    STILL_LATE = "still_late"
    RECOVERED = "recovered"


Key = tuple[str, Stage]  # (device, stage)


@dataclass(frozen=True, slots=True)
class Round:
    """One flight of canaries: begun at `at_s` (monotonic) and `at_ms` (Unix), known by its boot id."""

    number: int
    at_s: float
    at_ms: int

    @property
    def value(self) -> float:
        """Return the concentration in %LEL by which an alert tells which round raised it."""
        return round(VALUE_BASE + self.number % VALUE_STEPS / 10, 1)


@dataclass(frozen=True, slots=True)
class Watch:
    """The pending rounds of each device and stage, oldest first; what is late, and since when."""

    pending: Mapping[Key, tuple[Round, ...]] = field(default_factory=dict)
    late_since_s: Mapping[Key, float] = field(default_factory=dict)
    said_s: float | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """Something to say: which devices wait at which stage, and for how many seconds the oldest."""

    kind: Kind
    late: Mapping[Stage, tuple[str, ...]]
    seconds: float


@dataclass(frozen=True, slots=True)
class Limits:
    """When a canary is late, and how often that is said again; seconds."""

    late_s: float = 60.0
    repeat_s: float = 60.0


def begin(watch: Watch, flight: Round, devices: Iterable[str], stages: Iterable[Stage]) -> Watch:
    """Wait for a new round at every stage; the oldest rounds are forgotten, never how late they are."""
    pending = dict(watch.pending)
    stages = tuple(stages)
    for device in devices:
        for stage in stages:
            rounds = (*pending.get((device, stage), ()), flight)
            # Drop from the second on: the first says since when nothing has come.
            pending[device, stage] = rounds if len(rounds) <= ROUNDS_MAX else (rounds[0], *rounds[2:])
    return replace(watch, pending=pending)


def arrived(watch: Watch, key: Key, upto: Round) -> Watch:
    """Note that `upto` came through; whatever was sent before it came through too, or is lost."""
    left = tuple(one for one in watch.pending.get(key, ()) if one.number > upto.number)
    return replace(watch, pending={**watch.pending, key: left})


def by_boot(watch: Watch, key: Key, boot_id: int) -> Round | None:
    """Return the pending round with this boot id (its begin in Unix ms)."""
    return next((one for one in watch.pending.get(key, ()) if one.at_ms == boot_id), None)


def by_alert(watch: Watch, key: Key, value: float | None, at_ms: int) -> Round | None:
    """Return the latest pending round that an alert event can be about.

    Its value names the round; an event without one of ours counts by its time, which a slow pipeline makes
    later than it should be: therefore the value first.
    """
    pending = watch.pending.get(key, ())
    if value is not None:
        named = [one for one in pending if abs(one.value - value) < 0.05]
        if named:
            return named[-1]
        if VALUE_BASE <= value < VALUE_BASE + VALUE_STEPS / 10:
            return None  # of a round that came through already
    older = [one for one in pending if one.at_ms <= at_ms + SKEW_MS]
    return older[-1] if older else None


def judge(watch: Watch, now_s: float, limits: Limits) -> tuple[Watch, Word | None]:
    """Return what is to be said now: something new is late, still late, or all is well again."""
    late = {
        key: rounds[0].at_s
        for key, rounds in watch.pending.items()
        if rounds and now_s - rounds[0].at_s >= limits.late_s
    }
    before = watch.late_since_s
    watch = replace(watch, late_since_s=late)
    if not late:
        if watch.said_s is None:
            return watch, None
        since = min(before.values(), default=watch.said_s)
        return replace(watch, said_s=None), Word(Kind.RECOVERED, {}, now_s - since)
    fresh = late.keys() - before.keys()
    if not fresh and watch.said_s is not None and now_s - watch.said_s < limits.repeat_s:
        return watch, None
    word = Word(
        Kind.LATE if fresh else Kind.STILL_LATE,
        {
            stage: tuple(sorted(device for device, at in late if at == stage))
            for stage in Stage
            if any(at == stage for _, at in late)
        },
        now_s - min(late.values()),
    )
    return replace(watch, said_s=now_s), word


def in_words(word: Word) -> str:
    """Return one line for people, Chinese first."""
    if word.kind is Kind.RECOVERED:
        return f"平台自检恢复正常 / canaries are on time again after {word.seconds:.0f} s"
    parts = [f"{stage}: {len(devices)} ({', '.join(devices[:3])}…)" for stage, devices in word.late.items()]
    again = "仍未恢复 / still" if word.kind is Kind.STILL_LATE else "超时 / late"
    return f"平台自检{again}: canaries late by {word.seconds:.0f} s at {'; '.join(parts)}"
