"""The wire's words for the domain, taken from the contracts so that they stand in one place only."""

import dataclasses
import re
from typing import Any

import msgspec
from msgspec import inspect

from services.ingestion.domain.fields import Field, Fields, Vocabulary
from shared.contracts import wire

RESERVED = frozenset({"dropped", "unregistered", "client", "replayed"})


def _field(found: inspect.Field) -> Field:
    """Return a struct's field as data; null beside a type makes it nullable."""
    types = found.type.types if isinstance(found.type, inspect.UnionType) else (found.type,)
    nullable = any(isinstance(each, inspect.NoneType) for each in types)
    kind: Any = next(each for each in types if not isinstance(each, inspect.NoneType))
    match kind:
        case inspect.IntType():
            return Field("integer", kind.ge, kind.le, required=found.required, nullable=nullable)
        case inspect.FloatType():
            return Field("number", kind.ge, kind.le, required=found.required, nullable=nullable)
        case inspect.BoolType():
            return Field("boolean", required=found.required, nullable=nullable)
        case inspect.LiteralType():
            values = frozenset(str(value) for value in kind.values)
            return Field("text", values=values, required=found.required, nullable=nullable)
        case inspect.StrType():
            return Field("text", required=found.required, nullable=nullable)
    raise TypeError(f"the wire has no fields of type {kind}")


def _fields(struct: type[msgspec.Struct], *, without: frozenset[str] = frozenset()) -> dict[str, Field]:
    info = inspect.type_info(struct)
    if not isinstance(info, inspect.StructType):
        raise TypeError(f"{struct} is not a struct")
    return {each.encode_name: _field(each) for each in info.fields if each.encode_name not in without}


def _events() -> dict[str, Fields]:
    events: dict[str, Fields] = {name: _fields(struct) for name, struct in wire.EVENT_DATA.items()}
    # An unreadable level counts as high, so an alarm can do without one.
    level = dataclasses.replace(events["alarm_raised"]["level"], required=False)
    return events | {"alarm_raised": {**events["alarm_raised"], "level": level}}


def vocabulary() -> Vocabulary:
    """Return the vocabulary of WIRE.md section 1."""
    names = frozenset().union(*wire.FIELDS.values())
    every = _fields(wire.Reading, without=frozenset({"status"}))
    common = {name: field for name, field in every.items() if name not in names and name != "device_id"}
    return Vocabulary(
        common=common,
        reading={name: every[name] for name in names},
        statuses={str(kind): found for kind, found in wire.STATUSES.items()},
        kind_fields={str(kind): found for kind, found in wire.FIELDS.items()},
        events=_events(),
        state=_fields(wire.State),
        reserved=RESERVED,
        id_pattern=re.compile(wire.ID_PATTERN.replace("$", r"\Z")),
        payload_bytes_max=wire.PAYLOAD_BYTES_MAX,
        depth_max=wire.DEPTH_MAX,
        list_max=wire.LIST_MAX,
    )
