"""The hot decoder: what it takes is accepted as it stands; whatever it refuses is judged with care."""

from typing import Literal

import msgspec
import orjson
from msgspec import UNSET, UnsetType

from shared.contracts.wire import DEPTH_MAX, LIST_MAX, Reading

_Never = Literal["\0"]
"""A word that no device uses: a reading with such a field is never taken here."""


class HotReading(Reading, forbid_unknown_fields=True, gc=False):
    """A reading with none but the wire's fields: all its values are scalars, so nothing else needs a look."""


class KnownReading(Reading, gc=False):
    """A reading beside whose fields unknown ones stand, but none that has a meaning behind ingestion."""

    type: _Never | UnsetType = UNSET
    dropped: _Never | UnsetType = UNSET
    unregistered: _Never | UnsetType = UNSET
    client: _Never | UnsetType = UNSET
    replayed: _Never | UnsetType = UNSET


decode_hot = msgspec.json.Decoder(HotReading).decode
_hot_list = msgspec.json.Decoder(list[HotReading]).decode
_known_list = msgspec.json.Decoder(list[KnownReading]).decode
_known = msgspec.json.Decoder(KnownReading).decode


def decode_one(payload: bytes) -> list[Reading]:
    """Return a reading that has unknown fields; nothing when it needs care.

    The hot decoder skips unknown values without reading them, so orjson reads all: it refuses text that is
    not UTF-8, half surrogates and numbers beyond a double.
    """
    if payload.count(b"{") + payload.count(b"[") > DEPTH_MAX:
        return []
    try:
        orjson.loads(payload)
        return [_known(payload)]
    except ValueError:
        return []


def decode_list(payload: bytes) -> list[Reading]:
    """Return an array of readings; nothing when it needs care. Nothing in it nests deeper than a reading."""
    try:
        try:
            found: list[Reading] = list(_hot_list(payload))
        except ValueError:
            orjson.loads(payload)
            found = list(_known_list(payload))
    except ValueError:
        return []
    flat = payload.count(b"{") + payload.count(b"[") == len(found) + 1
    return found if flat and len(found) <= LIST_MAX else []
