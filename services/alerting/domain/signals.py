"""What the fold over telemetry says: transitions only, never a quiet reading."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias


class Sign(StrEnum):
    """What happened to a condition."""

    RAISED = "raised"
    CONTINUES = "continues"
    EASED = "eased"  # below the set-point, the off-delay runs
    CLEARED = "cleared"
    LATE = "late"  # a raise that arrived below a seen clear: the episode is over already


@dataclass(frozen=True, slots=True)
class Signal:
    """A condition of a family of rules at a subject began, lasts, or ended.

    `record_ms` is when ingestion took the message that says so; `device_ms` is the device's own time less
    its known skew (None without a clock); `buffered` counts replayed and late ones. `zone_lel_percent` is
    the highest concentration among the detectors of the zone.
    """

    sign: Sign
    rule: str
    family: str
    subject: str
    site_id: str
    record_ms: int
    zone: str = ""
    device_ids: tuple[str, ...] = ()
    priority: str = "P2"
    value: float | None = None
    set_point: float | None = None
    unit: str = ""
    rule_version: int = 1
    latched: bool = False
    test: bool = False
    buffered: bool = False
    unregistered: bool = False
    device_ms: int | None = None
    zone_lel_percent: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class PositionSeen:
    """A valve's limit switches said something new; `order` is `(boot_id, seq)`."""

    site_id: str
    valve_id: str
    zone: str
    position: str
    before: str
    cause: str | None
    command_id: str | None
    order: tuple[int, int]
    record_ms: int
    device_ms: int | None = None
    buffered: bool = False
    test: bool = False


@dataclass(frozen=True, slots=True)
class ResultSeen:
    """A valve answered a command."""

    site_id: str
    valve_id: str
    command_id: str | None
    result: str
    reason: str | None
    record_ms: int


@dataclass(frozen=True, slots=True)
class SupplySeen:
    """What feeds a valve's motor changed."""

    site_id: str
    valve_id: str
    supply: str
    record_ms: int


@dataclass(frozen=True, slots=True)
class OnlineSeen:
    """The client that speaks for a valve came or went."""

    site_id: str
    valve_id: str
    online: bool
    boot_id: int
    record_ms: int


@dataclass(frozen=True, slots=True)
class Moved:
    """A valve moved and the on-delay of V02 passed: the decision looks for a command or an alarm."""

    site_id: str
    valve_id: str
    zone: str
    position: str
    cause: str | None
    command_id: str | None
    moved_ms: int
    record_ms: int
    test: bool = False
    buffered: bool = False


AnySignal: TypeAlias = Signal | PositionSeen | ResultSeen | SupplySeen | OnlineSeen | Moved
