"""Drives the fold of one partition as Kafka would: readings, events and marks at record times."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.alerting.domain.fold import PartitionState
from services.alerting.domain.items import Item
from services.alerting.domain.setpoints import SetPoints
from services.alerting.domain.signals import AnySignal, Signal
from services.alerting.domain.spec import DeviceFacts, make_spec

T0 = 1_700_000_000_000
POINTS = SetPoints().at(T0)


def facts(device_id: str = "d1", kind: str = "detector", **fields: Any) -> DeviceFacts:
    return DeviceFacts(device_id, fields.pop("site_id", "s1"), fields.pop("zone", "z1"), kind, **fields)


class Drive:
    """Seconds since `T0` everywhere; every signal is kept in `signals`."""

    def __init__(self, *devices: DeviceFacts, marks: bool = True, poisoned: bool = False) -> None:
        self.state = PartitionState()
        for device in devices or (facts(),):
            self.state.put(make_spec(device, POINTS))
        self.seq: dict[str, int] = {}
        self.signals: list[AnySignal] = []
        self.poisoned = poisoned
        if marks:
            self.mark(0)

    def item(self, device_id: str = "d1", **fields: Any) -> Item:
        if "seq" not in fields:
            self.seq[device_id] = self.seq.get(device_id, -1) + 1
            fields["seq"] = self.seq[device_id]
        data = fields.pop("data", None)
        raw = {"device_id": device_id, "boot_id": 1} | fields | ({"data": data} if data is not None else {})
        return msgspec.json.decode(msgspec.json.encode(raw), type=Item)

    def fold(self, at_s: float, items: Sequence[Item]) -> list[str]:
        found = self.state.fold(T0 + int(at_s * 1000), items)
        self.signals += found
        # What a rule cannot read is caught and set aside: a fault of a rule must not hide there.
        assert self.poisoned or not self.state.poison, self.state.poison
        return said(found)

    @property
    def poison(self) -> list[str]:
        return [item.device_id for item, _ in self.state.poison]

    def read(self, at_s: float, device_id: str = "d1", status: str = "normal", **fields: Any) -> list[str]:
        return self.fold(at_s, [self.item(device_id, status=status, **fields)])

    def event(self, at_s: float, type_: str, device_id: str = "d1", **data: Any) -> list[str]:
        return self.fold(at_s, [self.item(device_id, type=type_, data=data)])

    def mark(self, at_s: float, name: str = "ingestion-1") -> list[str]:
        found = self.state.fold(T0 + int(at_s * 1000), [], name)
        self.signals += found
        return said(found)

    def marks_until(self, begin_s: int, end_s: int, step_s: int = 5) -> list[str]:
        return [word for at_s in range(begin_s, end_s + 1, step_s) for word in self.mark(at_s)]

    def last(self) -> Signal:
        found = [signal for signal in self.signals if isinstance(signal, Signal)]
        return found[-1]


def said(signals: Sequence[AnySignal]) -> list[str]:
    """Return signals as words such as "raised G02", repeats left out."""
    words = []
    for signal in signals:
        if isinstance(signal, Signal):
            if signal.sign not in {"continues", "eased"}:
                words.append(f"{signal.sign} {signal.rule}")
        else:
            words.append(type(signal).__name__)
    return words
