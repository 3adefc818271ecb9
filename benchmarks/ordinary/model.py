"""What a device says, checked by pydantic, and what each process is told."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

TOPIC = "ordinary.telemetry"
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Number = Annotated[int, Field(ge=0, lt=2**53)]


class Config(BaseModel):
    """Addresses, files, and the port for metrics."""

    kafka: str
    dsn: str
    mqtt_host: str
    mqtt_port: int
    ca_file: str
    cert_file: str
    key_file: str
    metrics_port: int


def config() -> Config:
    """Read the file named on the command line."""
    return Config.model_validate(json.loads(Path(sys.argv[1]).read_text()))


class Message(BaseModel):
    """What readings and events share."""

    model_config = ConfigDict(extra="ignore")

    device_id: Id
    boot_id: Number
    seq: Number
    time_ms: Number
    buffered: bool = False


class Reading(Message):
    """A detector's reading."""

    status: Literal[
        "normal", "alarm_low", "alarm_high", "fault", "preheat", "muted", "shielded", "end_of_life"
    ]
    gas: Literal["CH4", "LPG", "C3H8", "C4H10", "CO"] | None = None
    lel_percent: Annotated[float, Field(ge=0)] | None = None
    ppm: Annotated[float, Field(ge=0, le=1e6)] | None = None
    temperature_c: Annotated[float, Field(ge=-60, le=125)] | None = None
    humidity_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    battery_v: Annotated[float, Field(ge=0, le=60)] | None = None
    rssi_dbm: Annotated[float, Field(ge=-150, le=0)] | None = None
    life_days_left: Annotated[float, Field(ge=0)] | None = None


class Event(Message):
    """An event."""

    type: str
    data: dict[str, Any]


READING: TypeAdapter[Reading] = TypeAdapter(Reading)
EVENT: TypeAdapter[Event] = TypeAdapter(Event)


def parse(value: bytes) -> Reading | Event:
    """Return what a record says; ValidationError."""
    return EVENT.validate_json(value) if b'"type":' in value else READING.validate_json(value)
