"""The few primitives from which every rule on telemetry is built.

All times are record times in Unix ms (when ingestion took the message), so that a backlog replays right.
"""

from enum import IntEnum
from typing import TypeAlias

import msgspec

Sample: TypeAlias = tuple[int, float, float]  # record time and two values


class Verdict(IntEnum):
    """What one message says of a condition."""

    UNKNOWN = 0  # the message says nothing of it: everything stays as it is
    OFF = 1
    HOLD = 2  # inside the deadband: neither over the set-point nor clear
    ON = 3
    ON_NOW = 4  # the device's own alarm bit: no on-delay


class Phase(IntEnum):
    """Where a condition stands."""

    IDLE = 0
    PENDING_ON = 1
    ACTIVE = 2
    PENDING_OFF = 3


class Turn(IntEnum):
    """What a step did to a condition."""

    NONE = 0
    RAISED = 1
    CLEARED = 2
    PENDING = 3  # a delay began: look again when it has passed


class Condition(msgspec.Struct, array_like=True, gc=False):
    """One condition of one device with its delays' begin; `value` is the last that was over the set-point."""

    phase: int = Phase.IDLE
    since_ms: int = 0
    value: float | None = None

    @property
    def active(self) -> bool:
        """Raised and not yet cleared, an off-delay included."""
        return self.phase >= Phase.ACTIVE


def step(condition: Condition, verdict: Verdict, now_ms: int, on_ms: int, off_ms: int) -> Turn:
    """Take one verdict; change the condition in place and tell what that did."""
    if verdict == Verdict.UNKNOWN:
        return Turn.NONE
    if condition.phase <= Phase.PENDING_ON:
        return _step_off(condition, verdict, now_ms, on_ms)
    return _step_on(condition, verdict, now_ms, off_ms)


def _step_off(condition: Condition, verdict: Verdict, now_ms: int, on_ms: int) -> Turn:
    if verdict < Verdict.ON:
        condition.phase = Phase.IDLE
        return Turn.NONE
    pending = condition.phase == Phase.PENDING_ON
    waited = pending and now_ms - condition.since_ms >= on_ms
    if verdict == Verdict.ON_NOW or on_ms == 0 or waited:
        condition.phase, condition.since_ms = Phase.ACTIVE, now_ms
        return Turn.RAISED
    if pending:
        return Turn.NONE
    condition.phase, condition.since_ms = Phase.PENDING_ON, now_ms
    return Turn.PENDING


def _step_on(condition: Condition, verdict: Verdict, now_ms: int, off_ms: int) -> Turn:
    if verdict != Verdict.OFF:
        condition.phase = Phase.ACTIVE
        return Turn.NONE
    if condition.phase == Phase.ACTIVE and off_ms > 0:
        condition.phase, condition.since_ms = Phase.PENDING_OFF, now_ms
        return Turn.PENDING
    if off_ms == 0 or now_ms - condition.since_ms >= off_ms:
        condition.phase, condition.since_ms = Phase.IDLE, now_ms
        return Turn.CLEARED
    return Turn.NONE


def due(condition: Condition, now_ms: int, on_ms: int, off_ms: int) -> Turn:
    """Tell (and do) what time alone brings: a delay that has passed."""
    if condition.phase == Phase.PENDING_ON and now_ms - condition.since_ms >= on_ms:
        condition.phase, condition.since_ms = Phase.ACTIVE, now_ms
        return Turn.RAISED
    if condition.phase == Phase.PENDING_OFF and now_ms - condition.since_ms >= off_ms:
        condition.phase, condition.since_ms = Phase.IDLE, now_ms
        return Turn.CLEARED
    return Turn.NONE


def above(value: float | None, set_point: float, deadband: float) -> Verdict:
    """Judge a value that must stay below `set_point`; both have the value's unit."""
    if value is None:
        return Verdict.UNKNOWN
    if value >= set_point:
        return Verdict.ON
    return Verdict.OFF if value <= set_point - deadband else Verdict.HOLD


def below(value: float | None, set_point: float, deadband: float) -> Verdict:
    """Judge a value that must stay at or above `set_point`; both have the value's unit."""
    if value is None:
        return Verdict.UNKNOWN
    if value < set_point:
        return Verdict.ON
    return Verdict.OFF if value >= set_point + deadband else Verdict.HOLD


def sample(samples: list[Sample], now_ms: int, first: float, second: float, keep_ms: int) -> None:
    """Append to a ring; drop what is not needed to look `keep_ms` back."""
    samples.append((now_ms, first, second))
    while len(samples) > 2 and now_ms - samples[1][0] >= keep_ms:
        del samples[0]


def looked_back(samples: list[Sample], now_ms: int, window_ms: int) -> Sample | None:
    """Return the newest sample that is at least `window_ms` old, or None while the history is too short."""
    found = None
    for candidate in samples:
        if now_ms - candidate[0] < window_ms:
            break
        found = candidate
    return found


def per_minute(before: Sample, now_ms: int, value: float) -> float:
    """Return how fast the first value changed since `before`, per minute."""
    return (value - before[1]) * 60_000 / (now_ms - before[0])


def dose(spent_ms: int, over: bool, elapsed_ms: int) -> int:
    """Add the time over a level, or let it decay as fast when below; milliseconds."""
    return spent_ms + elapsed_ms if over else max(0, spent_ms - elapsed_ms)
