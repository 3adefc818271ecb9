"""What alerting reads of a telemetry item: only the fields that a rule needs (WIRE.md section 1).

Ingestion has checked what a message may hold by its kind. What else stands in it is nobody's promise: a field
that does not fit is left out, never the message.
"""

from collections.abc import Collection
from typing import Any, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)


class Item(msgspec.Struct, gc=False):
    """A reading or an event (it has `type`); units stand in the names, absent is None."""

    device_id: str
    boot_id: int = 0
    seq: int = -1
    status: str = ""
    type: str = ""
    time_ms: int | None = None
    buffered: bool = False
    lel_percent: float | None = None
    ppm: float | None = None
    position: str | None = None
    supply: str | None = None
    outlet_pressure_kpa: float | None = None
    flow_m3h: float | None = None
    pressure_kpa: float | None = None
    level_percent: float | None = None
    outlet_temperature_c: float | None = None
    odorant_mg_m3: float | None = None
    unregistered: bool = False
    client: str | None = None
    dropped: list[str] = []
    data: msgspec.Raw = msgspec.Raw(b"{}")


class EventData(msgspec.Struct, gc=False):
    """The data of all events in one; which fields count depends on the item's type."""

    level: str = "high"
    lel_percent: float | None = None
    ppm: float | None = None
    position: str = ""
    cause: str = ""
    command_id: str | None = None
    result: str = ""
    reason: str | None = None
    code: str = ""
    on: bool = True
    passed: bool = True
    kind: str = ""
    online: bool = True


_DATA = msgspec.json.Decoder(EventData)
_LOOSE = msgspec.json.Decoder(dict[str, msgspec.Raw])


def event_data(item: Item) -> EventData:
    """Decode an event's data without what does not fit; raise `msgspec.DecodeError` when it is no object."""
    try:
        return _DATA.decode(item.data)
    except msgspec.ValidationError:
        return fitting(bytes(item.data), EventData)


def fitting(raw: bytes, struct: type[T], needed: Collection[str] = ()) -> T:
    """Decode an object without the fields that do not fit; raise `msgspec.DecodeError` for a needed one."""
    loose = _LOOSE.decode(raw)
    kept: dict[str, Any] = {}
    for field in msgspec.structs.fields(struct):
        name = field.encode_name
        if name not in loose:
            if field.required:
                raise msgspec.ValidationError(f"{name} is missing")
            continue
        try:
            kept[name] = msgspec.json.decode(loose[name], type=field.type)
        except msgspec.ValidationError as error:
            if name in needed:
                raise msgspec.ValidationError(f"{name}: {error}") from error
    return struct(**kept)
