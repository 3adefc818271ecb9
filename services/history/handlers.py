"""Use cases: take what telemetry says into batches, and write them so that nothing is lost or doubled."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from services.history.domain.devices import DeviceState
from services.history.domain.items import READING_FIELDS, BadItemError, Item
from services.history.domain.window import FUTURE_MS, HOUR_MS, PAST_MS, believable, hour_of
from services.history.ports import Batch, DeviceKeys, Shown

SHOWN_MAX = 1_000  # latest states refreshed in one batch; a change of status never waits for its turn
ITEMS_PER_RECORD_MAX = 1_000
Numbered = tuple[int, Item]

_astuple = msgspec.structs.astuple


class Intake:
    """Turns items into rows of the current batch.

    `now_ms` must be the clock that also decides which hours are over and rolled up.
    """

    def __init__(self, keys: DeviceKeys, now_ms: Callable[[], int]) -> None:
        self._keys = keys
        self._now_ms = now_ms
        self._devices: dict[str, DeviceState] = {}
        self._waiting: dict[DeviceState, None] = {}
        self._hurried: dict[DeviceState, None] = {}
        self._events: dict[int, Shown] = {}
        self._online: dict[int, Shown] = {}
        self._batch = Batch()

    def __len__(self) -> int:
        return len(self._batch)

    async def refresh(self) -> None:
        """Learn all devices, and whether another instance met an odd time of theirs."""
        for found in await self._keys.all():
            self._learn(found)

    async def add(
        self, items: Sequence[Item], partition: int, offset: int, ingested_ms: int
    ) -> list[tuple[int, str]]:
        """Take one record's items; return (index, why) of those from which no row can be made."""
        rest = self._fast(items, ingested_ms)
        self._batch.offsets[partition] = offset + 1
        if not rest:
            return []
        unknown = {item.device_id for _, item in rest} - self._devices.keys()
        if unknown:
            for found in await self._keys.ensure(sorted(unknown)):
                self._learn(found)
        bad = []
        for index, item in rest:
            try:
                self._slow(item, offset * ITEMS_PER_RECORD_MAX + index, ingested_ms)
            except BadItemError as error:
                bad.append((index, str(error)))
        return bad

    def seal(self) -> Batch:
        """Return what was taken since the last time, with the latest states whose turn it is."""
        batch, self._batch = self._batch, Batch()
        shown = list(self._hurried)
        for device in shown:
            self._waiting.pop(device, None)
        for device in list(self._waiting)[:SHOWN_MAX]:
            del self._waiting[device]
            shown.append(device)
        batch.latest_readings = [_shown(device) for device in shown]
        batch.latest_events = list(self._events.values())
        batch.latest_online = list(self._online.values())
        self._hurried, self._events, self._online = {}, {}, {}
        return batch

    def name_of(self, device_key: int) -> str:
        """Return the id of a device that was seen."""
        return next(name for name, device in self._devices.items() if device.key == device_key)

    def _learn(self, found: DeviceState) -> None:
        known = self._devices.setdefault(found.device_id, found)
        known.odd = known.odd or found.odd

    def _fast(self, items: Iterable[Item], ingested_ms: int) -> list[Numbered]:
        """Take ordinary readings of known devices, and return the rest; this loop is the hot path."""
        rest: list[Numbered] = []
        known = self._devices.get
        append = self._batch.readings.append
        earliest, latest = ingested_ms - PAST_MS, ingested_ms + FUTURE_MS
        open_hour = hour_of(self._now_ms())
        for index, item in enumerate(items):
            device = known(item.device_id)
            time_ms, boot_id, seq = item.time_ms, item.boot_id, item.seq
            if (
                device is None
                or device.odd
                or time_ms is None
                or not earliest <= time_ms <= latest
                or boot_id is None
                or seq is None
                or item.status is None
                or item.type is not None
            ):
                rest.append((index, item))
                continue
            hour = time_ms // HOUR_MS
            if hour != device.hour or hour < open_hour:
                self._mark(device, hour)
            if boot_id > device.boot_id or (boot_id == device.boot_id and seq > device.seq):
                self._newest(device, item, ingested_ms)
            append((ingested_ms, device.key, *_astuple(item)[1:READING_FIELDS]))
        return rest

    def _mark(self, device: DeviceState, hour: int) -> None:
        """Have the hour rolled up when it is over: once for the hour that runs, always for one before it."""
        device.hour = hour
        self._batch.marks.add((device.key, hour))

    def _newest(self, device: DeviceState, item: Item, ingested_ms: int) -> None:
        device.boot_id, device.seq = item.boot_id or 0, item.seq or 0
        device.newest = (item, ingested_ms)
        if item.status != device.status:
            device.status = item.status
            self._hurried[device] = None
        self._waiting[device] = None

    def _slow(self, item: Item, number: int, ingested_ms: int) -> None:
        device = self._devices[item.device_id]
        if item.type is not None:
            self._event(device, item, number, ingested_ms)
            return
        if item.boot_id is None or item.seq is None or item.status is None:
            raise BadItemError("boot_id, seq or status is missing")
        odd = not believable(item.time_ms, ingested_ms)
        row = [ingested_ms, device.key, *_astuple(item)[1:READING_FIELDS]]
        if odd:
            self._odd(device)
            row[5] = ingested_ms
        hour = hour_of(row[5])
        if hour != device.hour or hour < hour_of(self._now_ms()):
            self._mark(device, hour)
        if (item.boot_id, item.seq) > (device.boot_id, device.seq):
            self._newest(device, item, ingested_ms)
        if odd or device.odd:
            self._batch.staged_readings.append((*row, item.time_ms, odd))
        else:
            self._batch.readings.append(tuple(row))

    def _odd(self, device: DeviceState) -> None:
        if not device.odd:
            device.odd = True
            self._batch.odd_devices.add(device.key)

    def _event(self, device: DeviceState, item: Item, number: int, ingested_ms: int) -> None:
        boot_id, seq = item.boot_id, item.seq
        odd = not believable(item.time_ms, ingested_ms)
        time_ms = ingested_ms if odd or item.time_ms is None else item.time_ms
        data = _storable(bytes(item.data).decode())
        if seq is None:
            # Made by ingestion, which numbers nothing: the record's place makes it unique.
            seq, odd = -number - 1, False
            if item.type == "connection":
                online = Shown(device.key, boot_id or 0, 0, time_ms, ingested_ms, _is_online(item.data))
                self._online[device.key] = online
        elif boot_id is None:
            raise BadItemError("boot_id is missing")
        elif (boot_id, seq) > device.event:
            device.event = (boot_id, seq)
            self._events[device.key] = Shown(
                device.key, boot_id, seq, time_ms, ingested_ms, (item.type, data)
            )
        if odd:
            self._odd(device)
        self._batch.events.append(
            (
                ingested_ms,
                device.key,
                -1 if boot_id is None else boot_id,
                seq,
                time_ms,
                item.buffered,
                item.type,
                data,
                item.dropped,
                item.unregistered,
                item.replayed,
                item.client,
                item.time_ms,
                odd,
            )
        )


def _storable(data: str) -> str:
    """Return JSON text that PostgreSQL takes: it knows no NUL, which becomes U+FFFD."""
    if "\\u0000" not in data:
        return data
    return json.dumps(_without_nul(json.loads(data)), ensure_ascii=False)


def _without_nul(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_without_nul(each) for each in value]
    if isinstance(value, dict):
        return {_without_nul(name): _without_nul(each) for name, each in value.items()}
    return value


def _is_online(data: msgspec.Raw) -> bool:
    try:
        found = msgspec.json.decode(data, type=dict[str, Any])
    except ValueError:
        return False
    return found.get("online") is True


def _shown(device: DeviceState) -> Shown:
    item, ingested_ms = device.newest
    time_ms = item.time_ms if believable(item.time_ms, ingested_ms) else ingested_ms
    body = msgspec.json.encode(item).decode()
    return Shown(device.key, item.boot_id, item.seq, time_ms, ingested_ms, body)
