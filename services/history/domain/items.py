"""Items of `gas.telemetry.v1` as history reads them: one struct for readings and events of all kinds.

Ingestion has checked what a device says; here only types matter, so that a row can be written. What other
kinds' fields hold is nobody's promise: a field that does not fit is left out, never the reading.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

Whole = Annotated[int, Meta(ge=0, le=2**53 - 1)]

QUANTITIES = (
    "lel_percent",
    "ppm",
    "temperature_c",
    "humidity_percent",
    "battery_v",
    "rssi_dbm",
    "life_days_left",
    "inlet_pressure_kpa",
    "outlet_pressure_kpa",
    "flow_m3h",
    "pressure_kpa",
    "level_percent",
    "outlet_temperature_c",
    "total_m3",
    "odorant_mg_m3",
)  # what is measured, unit last: these have roll-ups


class Item(Struct, gc=False, omit_defaults=True):
    """A reading, or an event when it has `type`; the order of the fields is that of the stored columns."""

    device_id: str
    boot_id: Whole | None = None
    seq: Whole | None = None
    status: str | None = None
    time_ms: Whole | None = None
    buffered: bool | None = None
    gas: str | None = None
    lel_percent: float | None = None
    ppm: float | None = None
    temperature_c: float | None = None
    humidity_percent: float | None = None
    battery_v: float | None = None
    rssi_dbm: float | None = None
    life_days_left: float | None = None
    position: str | None = None
    supply: str | None = None
    inlet_pressure_kpa: float | None = None
    outlet_pressure_kpa: float | None = None
    flow_m3h: float | None = None
    pressure_kpa: float | None = None
    level_percent: float | None = None
    outlet_temperature_c: float | None = None
    total_m3: float | None = None
    odorant_mg_m3: float | None = None
    dropped: list[str] | None = None
    unregistered: bool | None = None
    replayed: bool | None = None
    client: str | None = None
    type: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"{}")


READING_FIELDS = 28  # `device_id` to `client`: these are the columns of a reading
_FIELDS = {field.name: field.type for field in msgspec.structs.fields(Item)}
_DECODER = msgspec.json.Decoder(list[Item])
_ONE = msgspec.json.Decoder(Item)
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_LOOSE = msgspec.json.Decoder(dict[str, msgspec.Raw])


class BadItemError(ValueError):
    """An item from which no row can be made; its text says why."""


def decode(value: bytes) -> list[Item]:
    """Return the items of a record; raise ValueError when one of them does not fit as it is."""
    return _DECODER.decode(value)


def split(value: bytes) -> list[bytes]:
    """Return the items of a record as bytes; raise ValueError when the record is no JSON array."""
    return [bytes(raw) for raw in _RAWS.decode(value)]


def salvage(raw: bytes) -> Item:
    """Return one item without the fields that do not fit; raise BadItemError when its ids are among those."""
    try:
        return _ONE.decode(raw)
    except ValueError:
        pass
    try:
        loose = _LOOSE.decode(raw)
    except ValueError as error:
        raise BadItemError(str(error)) from error
    # An event has no `status`: what stands there is an unknown field, and the event is kept without it.
    needed = {"device_id", "boot_id", "seq", "type"} | (set() if "type" in loose else {"status"})
    kept: dict[str, Any] = {}
    for name, wanted in _FIELDS.items():
        if name in loose:
            try:
                kept[name] = msgspec.json.decode(loose[name], type=wanted)
            except ValueError as error:
                if name in needed:
                    raise BadItemError(f"{name}: {error}") from error
    if "device_id" not in kept:
        raise BadItemError("device_id is missing")
    return Item(**kept)
