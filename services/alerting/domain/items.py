"""What alerting reads of a telemetry item: only the fields that a rule needs (WIRE.md section 1)."""

import msgspec


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


def event_data(item: Item) -> EventData:
    """Decode an event's data; raise `msgspec.DecodeError` when it cannot be read."""
    return _DATA.decode(item.data)
