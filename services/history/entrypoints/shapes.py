"""What history's answers hold: the wire's names; what a device did not say is absent."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct, UnsetType

from services.history.domain.items import QUANTITIES
from shared.chassis.openapi import page_of
from shared.contracts.resources import Shape, Time
from shared.contracts.wire import DeviceKind, GasKind, Position, Supply

_WORDS: dict[str, Any] = {
    "boot_id": int,
    "seq": int,
    "time_ms": int,
    "buffered": bool,
    "gas": GasKind,
    "position": Position,
    "supply": Supply,
    "dropped": list[str],
    "unregistered": bool,
    "replayed": bool,
    "client": str,
    **dict.fromkeys(QUANTITIES, float),
}
_FOUND: dict[str, Any] = {"buffered": bool, "ingested_at": Time, "late": bool, "odd": bool}


class Rolled(Shape):
    """A quantity within a bucket."""

    min: float
    max: float
    avg: float
    count: int


def _struct(name: str, about: str, always: dict[str, Any], maybe: dict[str, Any]) -> type[Struct]:
    fields: list[Any] = list(always.items())
    fields += [(field, type_ | UnsetType, UNSET) for field, type_ in maybe.items() if field not in always]
    return msgspec.defstruct(name, fields, namespace={"__doc__": about}, forbid_unknown_fields=True)


Reading = _struct(
    "Reading",
    "A reading as it came; `late` = it came a minute after its time, `odd` = its time is not believed.",
    {"device_id": str, "status": str, **_FOUND},
    _WORDS | {"skew_ms": int},
)
DeviceEvent = _struct(
    "DeviceEvent",
    "An event as it came; those of ingestion itself (`connection`, `alarm_rejected`) have no `seq`.",
    {"device_id": str, "type": str, "data": dict[str, Any], **_FOUND},
    {
        name: _WORDS[name]
        for name in ("boot_id", "seq", "time_ms", "dropped", "unregistered", "replayed", "client")
    }
    | {"skew_ms": int},
)
Bucket = _struct(
    "Bucket",
    "What was measured in one bucket, which begins at `time`; `alarm_s` = seconds in an alarm status.",
    {"device_id": str, "time": Time, "count": int, "alarm_s": float},
    dict.fromkeys(QUANTITIES, Rolled),
)
LatestReading = _struct(
    "LatestReading",
    "A device's newest reading, as it said it.",
    {"device_id": str, "boot_id": int, "seq": int, "status": str},
    _WORDS,
)


class LatestEvent(Shape):
    """A device's newest event."""

    type: str
    data: dict[str, Any]
    at: Time


class DeviceLatest(Shape):
    """The newest of a device; `online` is what its client's connection said last."""

    device_id: str
    site_id: str | None
    zone: str | None
    kind: DeviceKind | None
    online: bool | None
    online_at: Time | None
    ingested_at: Time | None
    reading: LatestReading | None  # type: ignore[valid-type]
    event: LatestEvent | UnsetType = UNSET


ReadingPage = page_of(Reading, ("bucket", Literal["raw"]))
BucketPage = page_of(Bucket, ("bucket", str))
DeviceEventPage = page_of(DeviceEvent)
DeviceLatestPage = page_of(DeviceLatest)
