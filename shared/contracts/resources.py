"""How a struct of an event looks in the HTTP API: the same names, times as RFC 3339 in UTC."""

from datetime import UTC, datetime
from types import NoneType
from typing import Annotated, Any, TypeAlias, get_args

import msgspec
from msgspec import Meta, Struct

_SUFFIXES = ("_at_ms", "_by_ms", "_until_ms")
Time: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Day: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date"})]


class Shape(Struct, forbid_unknown_fields=True):
    """What an answer of the API holds, for its document: every field that it names, and no other."""


def _is_time(name: str) -> bool:
    return name == "at_ms" or name.endswith(_SUFFIXES)


def resource(found: Struct) -> dict[str, Any]:
    """Return `found` as `GET` gives it: `opened_at_ms` becomes `opened_at`, likewise `…_by` and `…_until`."""
    shown: dict[str, Any] = {}
    for name, value in msgspec.to_builtins(found).items():
        if _is_time(name):
            shown[name.removesuffix("_ms")] = None if value is None else _rfc3339(value)
        else:
            shown[name] = value
    return shown


def shape(struct: type[Struct], *without: str) -> type[Struct]:
    """Return the shape of what `resource` makes of a struct whose defaults are shown, too."""
    fields: list[Any] = []
    for field in msgspec.structs.fields(struct):
        if _is_time(field.name):
            type_ = Time | None if NoneType in get_args(field.type) else Time
            fields.append((field.name.removesuffix("_ms"), type_))
        elif field.name not in without:
            fields.append((field.name, field.type))
    said = {"__doc__": struct.__doc__}
    return msgspec.defstruct(struct.__name__, fields, namespace=said, forbid_unknown_fields=True)


def _rfc3339(unix_ms: int) -> str:
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
