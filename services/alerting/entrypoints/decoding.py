"""A record's bytes to items; one that cannot be read never takes its neighbours with it."""

from typing import NamedTuple

import msgspec

from services.alerting.domain.items import Item, fitting

_ITEMS = msgspec.json.Decoder(list[Item])
_RAWS = msgspec.json.Decoder(list[msgspec.Raw])
_ITEM = msgspec.json.Decoder(Item)


_NEEDED = frozenset({"device_id", "boot_id", "seq", "type"})


class _Who(msgspec.Struct):
    device_id: str = ""


_WHO = msgspec.json.Decoder(_Who)


class Bad(NamedTuple):
    """An item that cannot be read: its bytes, why, and who sent it as far as that is known."""

    value: bytes
    detail: str
    device_id: str


def decode(value: bytes) -> tuple[list[Item], list[Bad]]:
    """Return a record's items in order, and those that cannot be read."""
    try:
        return _ITEMS.decode(value), []
    except msgspec.MsgspecError:
        return _one_by_one(value)


def raw_item(value: bytes, place: int) -> bytes:
    """Return the bytes of the item at `place` of a record that can be read."""
    return bytes(_RAWS.decode(value)[place])


def _one_by_one(value: bytes) -> tuple[list[Item], list[Bad]]:
    try:
        raws = _RAWS.decode(value)
    except msgspec.MsgspecError as error:
        return [], [Bad(value, str(error), "")]
    items: list[Item] = []
    bad: list[Bad] = []
    for raw in raws:
        try:
            items.append(_item(raw))
        except msgspec.MsgspecError as error:
            bad.append(Bad(bytes(raw), str(error), _sender(raw)))
    return items, bad


def _item(raw: msgspec.Raw) -> Item:
    try:
        return _ITEM.decode(raw)
    except msgspec.ValidationError:
        item = fitting(bytes(raw), Item, _NEEDED)
        if item.type or item.status:
            return item
        raise


def _sender(raw: msgspec.Raw) -> str:
    try:
        return _WHO.decode(raw).device_id
    except msgspec.MsgspecError:
        return ""
