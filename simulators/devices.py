"""Simulated devices: what they measure, when they speak by themselves, how they misbehave."""

import random
from dataclasses import dataclass, field
from typing import Any

from simulators.physics import Line, Room

Fields = dict[str, Any]
Said = tuple[str, Fields]  # (type of event, its data)
LOW_LEL = 10.0
HIGH_LEL = 50.0
DEADBAND_LEL = 3.0
ALARM_READING_S = 8.0


@dataclass
class Device:
    """What all devices share; `wants_reading` asks to speak before the next heartbeat."""

    device_id: str
    kind: str
    heartbeat_s: float = 60.0
    wants_reading: bool = False
    unplugged: bool = False
    rng: random.Random = field(default_factory=lambda: random.Random(1))

    def fields(self) -> Fields:
        """Return status and measured fields of a reading."""
        return {"status": "normal"}

    def step(self, _seconds: float) -> list[Said]:
        """Advance and return the events it says."""
        return []

    @property
    def period_s(self) -> float:
        """Return after how many seconds the next reading is due."""
        return self.heartbeat_s


@dataclass
class Detector(Device):
    """A combustible-gas detector: first-order response, noise, two alarm levels with a deadband."""

    room: Room = field(default_factory=Room)
    response_s: float = 5.0
    noise_lel: float = 0.15
    level: str = ""
    muted: bool = False
    _shown: float = 0.0

    def step(self, seconds: float) -> list[Said]:
        """Follow the room and say when an alarm begins, rises or ends."""
        target = min(100.0, self.room.lel_percent)
        self._shown += (target - self._shown) * min(1.0, seconds / self.response_s)
        before = self.level
        if self._shown >= HIGH_LEL:
            self.level = "high"
        elif self._shown >= LOW_LEL and before != "high":
            self.level = "low"
        elif self._shown < LOW_LEL - DEADBAND_LEL:
            self.level = ""
        if self.level == before or self.muted:
            return []
        self.wants_reading = True
        if not self.level:
            return [("alarm_cleared", {})]
        return [("alarm_raised", {"level": self.level, "lel_percent": round(self._shown, 1)})]

    def fields(self) -> Fields:
        """Return the concentration as the device shows it."""
        value = max(0.0, min(100.0, self._shown + self.rng.gauss(0, self.noise_lel)))
        status = f"alarm_{self.level}" if self.level else "normal"
        return {
            "status": "muted" if self.muted else status,
            "gas": self.room.gas,
            "lel_percent": round(value, 2),
            "temperature_c": round(24 + self.rng.gauss(0, 0.3), 1),
            "rssi_dbm": round(-62 + self.rng.gauss(0, 2)),
            "life_days_left": 800,
        }

    @property
    def period_s(self) -> float:
        """Return the heartbeat, or the short period of an alarm."""
        return min(self.heartbeat_s, ALARM_READING_S) if self.level else self.heartbeat_s


@dataclass
class Valve(Device):
    """A cutoff valve: closes in `motor_s` once told, opens only by hand on site.

    Misbehaviours: `stuck` acknowledges and does not move, `deaf` hears nothing.
    """

    motor_s: float = 2.0
    position: str = "open"
    stuck: bool = False
    deaf: bool = False
    _closing_s: float = 0.0
    _cause: str = "unknown"
    _command_id: str | None = None

    def close(self, cause: str, command_id: str | None = None) -> list[Said]:
        """Start closing; saying so is the first movement."""
        if self.position in {"closing", "closed"} or self.stuck:
            return []
        self.position = "closing"
        self._closing_s = 0.0
        self._cause, self._command_id = cause, command_id
        return [("position_changed", self._moved())]

    def open_by_hand(self) -> list[Said]:
        """Somebody on site turns it open."""
        self.position, self._cause, self._command_id = "open", "by_hand", None
        return [("position_changed", self._moved())]

    def _moved(self) -> Fields:
        moved: Fields = {"position": self.position, "cause": self._cause}
        if self._command_id is not None:
            moved["command_id"] = self._command_id
        return moved

    def step(self, seconds: float) -> list[Said]:
        """Let the motor run; the limit switch says closed."""
        if self.position != "closing":
            return []
        self._closing_s += seconds
        if self._closing_s < self.motor_s:
            return []
        self.position = "closed"
        self.wants_reading = True
        return [("position_changed", self._moved())]

    def fields(self) -> Fields:
        """Return what the limit switches say."""
        return {"status": "normal", "position": self.position, "supply": "mains"}


@dataclass
class Regulator(Device):
    """A pressure regulator; its own cutoff trips at `trip_kpa`."""

    line: Line = field(default_factory=Line)
    trip_kpa: float = 4.5
    tripped: bool = False

    def step(self, seconds: float) -> list[Said]:
        """Follow the line and say when the cutoff trips."""
        self.line.step(seconds)
        if self.tripped or self.line.outlet_kpa < self.trip_kpa:
            return []
        self.tripped = True
        self.wants_reading = True
        return [("trip", {"kind": "over_pressure"})]

    def fields(self) -> Fields:
        """Return pressures and flow; the cutoff feels what is shown, so it trips before that."""
        outlet_kpa = max(0.0, self.line.outlet_kpa + self.rng.gauss(0, 0.01))
        if not self.tripped:
            outlet_kpa = min(outlet_kpa, self.trip_kpa - 0.01)
        return {
            "status": "alarm" if self.tripped else "normal",
            "inlet_pressure_kpa": round(self.line.inlet_kpa + self.rng.gauss(0, 0.5), 2),
            "outlet_pressure_kpa": round(outlet_kpa, 3),
            "flow_m3h": round(max(0.0, self.line.flow_m3h + self.rng.gauss(0, 0.5)), 2),
            "temperature_c": 16.0,
        }


@dataclass
class Instrument(Device):
    """A tank, vaporizer, flow meter, odorizer or controller: steady values with a little noise."""

    values: Fields = field(default_factory=dict)

    def fields(self) -> Fields:
        """Return its values with noise."""
        shown: Fields = {"status": "normal"}
        for name, value in self.values.items():
            noisy = isinstance(value, float)
            shown[name] = round(value * (1 + self.rng.gauss(0, 0.002)), 3) if noisy else value
        return shown


INSTRUMENT_VALUES: dict[str, Fields] = {
    "tank": {"pressure_kpa": 420.0, "level_percent": 61.0, "temperature_c": -32.0},
    "vaporizer": {"outlet_temperature_c": 14.0, "pressure_kpa": 400.0},
    "flow_meter": {"flow_m3h": 920.0, "pressure_kpa": 380.0, "temperature_c": 12.0, "total_m3": 1_250_000.0},
    "odorizer": {"odorant_mg_m3": 24.0},
    "controller": {"supply": "mains", "battery_v": 13.1, "rssi_dbm": -58},
}
