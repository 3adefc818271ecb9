"""What devices say by MQTT (WIRE.md section 1): shapes, vocabularies, ranges, reason codes."""

from typing import Annotated, Literal, get_args

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

INTEGER_MAX = 2**53 - 1
PAYLOAD_BYTES_MAX = 16 * 1024
DEPTH_MAX = 4
LIST_MAX = 50
ID_PATTERN = r"^[A-Za-z0-9_-]{1,64}$"

Reason = Literal[
    "not_json",
    "too_large",
    "too_deep",
    "missing_field",
    "bad_field",
    "out_of_range",
    "bad_id",
    "unknown_device",
    "wrong_client",
    "too_many",
]
CommandReason = Literal[
    "bad_signature", "expired", "replayed", "wrong_valve", "unknown_action", "clock_unset"
]
DeviceKind = Literal[
    "detector", "valve", "regulator", "tank", "vaporizer", "flow_meter", "odorizer", "controller"
]
GasKind = Literal["CH4", "LPG", "C3H8", "C4H10", "CO"]
Position = Literal["open", "closing", "closed", "opening", "fault", "unknown"]
Supply = Literal["mains", "battery", "lost"]
FaultCode = Literal["power_lost", "sensor_failed", "sensor_failing", "end_of_life", "tamper", "low_battery"]

STATUSES: dict[DeviceKind, frozenset[str]] = {
    "detector": frozenset(
        {"normal", "alarm_low", "alarm_high", "fault", "preheat", "muted", "shielded", "end_of_life"}
    ),
    "valve": frozenset({"normal", "fault", "muted"}),
    "regulator": frozenset({"normal", "alarm", "fault"}),
    "tank": frozenset({"normal", "alarm", "fault"}),
    "vaporizer": frozenset({"normal", "alarm", "fault"}),
    "flow_meter": frozenset({"normal", "fault"}),
    "odorizer": frozenset({"normal", "fault"}),
    "controller": frozenset({"normal", "fault"}),
}
FIELDS: dict[DeviceKind, frozenset[str]] = {
    "detector": frozenset(
        {
            "gas",
            "lel_percent",
            "ppm",
            "temperature_c",
            "humidity_percent",
            "battery_v",
            "rssi_dbm",
            "life_days_left",
        }
    ),
    "valve": frozenset({"position", "supply"}),
    "regulator": frozenset({"inlet_pressure_kpa", "outlet_pressure_kpa", "flow_m3h", "temperature_c"}),
    "tank": frozenset({"pressure_kpa", "level_percent", "temperature_c"}),
    "vaporizer": frozenset({"outlet_temperature_c", "pressure_kpa"}),
    "flow_meter": frozenset({"flow_m3h", "pressure_kpa", "temperature_c", "total_m3"}),
    "odorizer": frozenset({"odorant_mg_m3"}),
    "controller": frozenset({"supply", "battery_v", "rssi_dbm"}),
}
KINDS: tuple[DeviceKind, ...] = get_args(DeviceKind)

Counter = Annotated[int, Meta(ge=0, le=INTEGER_MAX)]
Celsius = Annotated[float, Meta(ge=-60, le=125)]
Percent = Annotated[float, Meta(ge=0, le=100)]
Kilopascal = Annotated[float, Meta(ge=0, le=100_000)]
Flow = Annotated[float, Meta(ge=0, le=1_000_000)]
NotNegative = Annotated[float, Meta(ge=0)]


class Reading(Struct, omit_defaults=True):
    """One reading of any kind of device; every unit stands in its field's name, absent is not measured.

    The hot decoder: decoding with it checks types and ranges of all kinds at once. A reading that it
    takes, whose status fits the device's kind, is accepted as it is; everything else goes the slow way.
    """

    device_id: str
    boot_id: Counter
    seq: Counter
    status: str
    time_ms: Counter | UnsetType = UNSET
    buffered: bool | UnsetType = UNSET
    gas: GasKind | UnsetType = UNSET
    lel_percent: Percent | UnsetType = UNSET
    ppm: Annotated[float, Meta(ge=0, le=1_000_000)] | UnsetType = UNSET
    temperature_c: Celsius | UnsetType = UNSET
    humidity_percent: Percent | UnsetType = UNSET
    battery_v: Annotated[float, Meta(ge=0, le=60)] | UnsetType = UNSET
    rssi_dbm: Annotated[float, Meta(ge=-150, le=0)] | UnsetType = UNSET
    life_days_left: NotNegative | UnsetType = UNSET
    position: Position | UnsetType = UNSET
    supply: Supply | UnsetType = UNSET
    inlet_pressure_kpa: Kilopascal | UnsetType = UNSET
    outlet_pressure_kpa: Kilopascal | UnsetType = UNSET
    flow_m3h: Flow | UnsetType = UNSET
    pressure_kpa: Kilopascal | UnsetType = UNSET
    level_percent: Percent | UnsetType = UNSET
    outlet_temperature_c: Celsius | UnsetType = UNSET
    total_m3: NotNegative | UnsetType = UNSET
    odorant_mg_m3: NotNegative | UnsetType = UNSET


EventType = Literal[
    "boot",
    "alarm_raised",
    "alarm_cleared",
    "position_changed",
    "command_result",
    "fault_raised",
    "fault_cleared",
    "muted",
    "self_check",
    "trip",
]


class Event(Struct, omit_defaults=True):
    """One event; `data` is decoded by the struct that `EVENT_DATA` names for its `type`."""

    device_id: str
    boot_id: Counter
    seq: Counter
    type: EventType
    data: msgspec.Raw
    time_ms: Counter | UnsetType = UNSET
    buffered: bool | UnsetType = UNSET


class Boot(Struct):
    """The device started."""

    firmware: str
    reason: str


class AlarmRaised(Struct, omit_defaults=True):
    """The device's own alarm bit was set."""

    level: Literal["low", "high"]
    lel_percent: Percent | UnsetType = UNSET
    ppm: Annotated[float, Meta(ge=0, le=1_000_000)] | UnsetType = UNSET


class AlarmCleared(Struct):
    """The device's own alarm bit was cleared."""


class PositionChanged(Struct, omit_defaults=True):
    """The valve's limit switches say so."""

    position: Position
    cause: Literal["command", "local_interlock", "by_hand", "unknown"]
    command_id: str | UnsetType = UNSET


class CommandResult(Struct, omit_defaults=True):
    """What a valve answers to a command; `command_id` is null when the command could not be verified."""

    command_id: str | None
    result: Literal["accepted", "done", "failed", "refused"]
    reason: str | UnsetType = UNSET


class Fault(Struct):
    """A fault began or ended."""

    code: FaultCode


class Muted(Struct):
    """Somebody muted the device, or ended that."""

    on: bool


class SelfCheck(Struct):
    """The device checked itself."""

    passed: bool


class Trip(Struct):
    """A regulator's own cutoff acted."""

    kind: Literal["over_pressure", "slam_shut"]


EVENT_DATA: dict[str, type[Struct]] = {
    "boot": Boot,
    "alarm_raised": AlarmRaised,
    "alarm_cleared": AlarmCleared,
    "position_changed": PositionChanged,
    "command_result": CommandResult,
    "fault_raised": Fault,
    "fault_cleared": Fault,
    "muted": Muted,
    "self_check": SelfCheck,
    "trip": Trip,
}


class State(Struct, omit_defaults=True):
    """The retained word of a client on whether it is connected; the will is `online: false`."""

    online: bool
    boot_id: Counter
    time_ms: Counter | UnsetType = UNSET
    firmware: str | UnsetType = UNSET


class Accepted(Struct):
    """Inclusive, additive ranges of `seq` that were accepted since the last receipt."""

    device_id: str
    boot_id: int
    ranges: list[tuple[int, int]]


class Rejected(Struct, omit_defaults=True):
    """One message that was not accepted; `sha256` (hex, of the payload) where its ids cannot be read."""

    reason: Reason
    device_id: str | UnsetType = UNSET
    boot_id: int | UnsetType = UNSET
    seq: int | UnsetType = UNSET
    sha256: str | UnsetType = UNSET


class Receipt(Struct):
    """What was accepted and what was not; sent only after Kafka has either."""

    server_time_ms: int
    accepted: list[Accepted]
    rejected: list[Rejected]


class CommandClaims(Struct):
    """The claims of a signed valve command. Closing is the only action there is."""

    command_id: str
    valve_id: str
    action: Literal["close"]
    seq: int
    issued_at_ms: int
    expires_at_ms: int
    alert_id: str | None
    actors: list[str]
