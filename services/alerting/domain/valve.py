"""The state of one valve's loop, and what a step of it may bring about.

All times are Unix ms by the database's clock, never by the process's.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.alerting.domain.command import FRESH_MS, Command

NOTHING_BACK_MS = 30_000  # DOMAIN section 9, V01
NO_MOVEMENT_MS = 10_000  # DOMAIN section 9, V01
MOTOR_MS = 30_000  # from the first movement to the limit switch (default)
FALLING_MS = 180_000  # from the limit switch to a falling concentration (default)
FALL_SHARE = 0.9  # falling: at least a tenth below the highest value since closing (default) …
FALL_LEL_PERCENT = 1.0  # … and at least this much


class Reason(StrEnum):
    """Why a step commanded, or did not."""

    NOTHING_DUE = "nothing_due"
    NOTED = "noted"
    COMMANDED = "commanded"
    SENT_AGAIN = "sent_again"
    LIVE_COMMAND = "live_command"
    ALREADY_CLOSED = "already_closed"
    STALE = "stale"
    UNDER_MAINTENANCE = "under_maintenance"
    CREW_HOLDS_SITE = "crew_holds_site"
    OUT_OF_ORDER = "out_of_order"


class Miss(StrEnum):
    """Why V01 was raised."""

    NOTHING_BACK = "nothing_back"
    NO_MOVEMENT = "no_movement"
    NOT_CLOSED = "not_closed"
    NOT_FALLING = "not_falling"
    FAILED = "failed"
    REFUSED = "refused"


class Moment(NamedTuple):
    """What holds when a step is taken; `command_id` is a new UUIDv7, used if the step issues a command.

    `latched`: an alert of the valve's zone is latched, whether or not it may close the valve.
    """

    now_ms: int
    command_id: str
    crew_holds_site: bool = False
    under_maintenance: bool = False
    latched: bool = False


class Demand(NamedTuple):
    """An alert that wants the valve closed until it is reset; `fresh_ms` is of its latest fresh message."""

    alert_id: str
    rule: str
    fresh_ms: int


@dataclass(frozen=True, slots=True)
class Want:
    """The valve shall be closed and is not: since when, and what came back in the meantime."""

    since_ms: int
    answered_ms: int | None = None
    moved_ms: int | None = None

    def miss(self) -> tuple[int, Miss]:
        """Return when V01 is due, and why."""
        if self.moved_ms is not None:
            return self.moved_ms + MOTOR_MS, Miss.NOT_CLOSED
        if self.answered_ms is not None:
            return self.answered_ms + NO_MOVEMENT_MS, Miss.NO_MOVEMENT
        return self.since_ms + NOTHING_BACK_MS, Miss.NOTHING_BACK


@dataclass(frozen=True, slots=True)
class Valve:
    """All that is known of one valve's loop.

    `demands` are latched: they end by `on_reset` alone. `linked` are the alerts that a person's command is
    about. `reopened` is set from its opening, while latched, until it is closed again. `gas_ms` is when the
    zone's concentration was last told, since closing, without having fallen.
    """

    valve_id: str
    position: str = "unknown"
    position_order: tuple[int, int] = (-1, -1)
    supply: str | None = None
    online: bool | None = None
    boot_id: int = -1
    last_seq: int = 0
    command: Command | None = None
    demands: tuple[Demand, ...] = ()
    linked: tuple[str, ...] = ()
    want: Want | None = None
    v01: Miss | None = None
    closed_ms: int | None = None
    safe_ms: int | None = None
    reopened: bool = False
    highest_lel_percent: float | None = None
    gas_ms: int | None = None

    @property
    def latched(self) -> bool:
        """An alert that wanted it closed is not reset yet."""
        return bool(self.demands)

    @property
    def alerts(self) -> tuple[str, ...]:
        """The ids of the alerts on whose timelines stands what happens to the valve."""
        return tuple(dict.fromkeys((*(d.alert_id for d in self.demands), *self.linked)))

    @property
    def falling_due_ms(self) -> int | None:
        """When the concentration must have begun to fall, None when that is not awaited."""
        if self.closed_ms is None or self.safe_ms is not None or not self.alerts:
            return None
        return self.closed_ms + FALLING_MS

    def gas_lasts(self, now_ms: int) -> bool:
        """Tell whether gas was told of lately: an alarm that has ended says nothing more."""
        return self.fresh(now_ms) or (self.gas_ms is not None and now_ms - self.gas_ms <= FRESH_MS)

    def fresh(self, now_ms: int) -> bool:
        """Tell whether the alarm lasts: a message not older than 30 s says so."""
        return any(now_ms - d.fresh_ms <= FRESH_MS for d in self.demands)


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Sign (the first time) and send `command`, again when its `attempt` is above 1."""

    command: Command


@dataclass(frozen=True, slots=True)
class RaiseV01:
    """Raise V01, P1: call the user and send a crew."""

    miss: Miss
    alert_ids: tuple[str, ...]
    command_id: str | None


@dataclass(frozen=True, slots=True)
class ClearV01:
    """What V01 stood for is over."""


@dataclass(frozen=True, slots=True)
class Item:
    """A line for the timeline of each of `alert_ids` and of the command; `kind` is a word of the wire."""

    kind: str
    alert_ids: tuple[str, ...]
    command_id: str | None = None
    actor: str | None = None
    reason: str | None = None


Effect = SendCommand | RaiseV01 | ClearV01 | Item


class Step(NamedTuple):
    """The outcome of a step; `deadline_ms` is when `on_timer` is due, None = not at all."""

    valve: Valve
    effects: tuple[Effect, ...]
    reason: Reason
    deadline_ms: int | None


def next_deadline_ms(valve: Valve, after_ms: int = -1) -> int | None:
    """Return the first moment above `after_ms` at which time alone changes something."""
    due: list[int] = []
    command, want = valve.command, valve.want
    if want is not None:
        if valve.v01 is None:
            due.append(want.miss()[0])
        if command is not None:
            again = command.resend_ms()
            due.extend(() if again is None else (again,))
            if any(d.fresh_ms + FRESH_MS >= command.expires_ms for d in valve.demands):
                due.append(command.expires_ms)
    elif valve.falling_due_ms is not None and valve.v01 is None:
        due.append(valve.falling_due_ms)
    return min((d for d in due if d > after_ms), default=None)
