"""What a field may hold, and what is wrong with a value that it may not."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Reason = Literal[
    "not_json",
    "too_large",
    "too_deep",
    "missing_field",
    "bad_field",
    "out_of_range",
    "bad_id",
    "unknown_device",
    "wrong_client",
    "too_many",
]
_UNREADABLE: Final = re.compile("[\x00\ud800-\udfff]")
"""NUL and half surrogates: no database and no UTF-8 text can hold them."""


@dataclass(frozen=True, slots=True)
class Field:
    """Type and range of a field; `values` bounds texts to a vocabulary, null is allowed where said."""

    type: Literal["integer", "number", "boolean", "text", "id"]
    low: float | None = None
    high: float | None = None
    values: frozenset[str] | None = None
    required: bool = False
    nullable: bool = False

    def fault(self, value: Any) -> Literal["bad_field", "out_of_range"] | None:
        """Return what is wrong with `value`, or None."""
        if value is None and self.nullable:
            return None
        if not self._has_type(value):
            return "bad_field"
        if self.values is not None and value not in self.values:
            return "bad_field"
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            return "out_of_range"
        return None

    def _has_type(self, value: Any) -> bool:
        match self.type:
            case "text":
                return isinstance(value, str) and _UNREADABLE.search(value) is None
            case "id":  # which characters it may have is another question, with a reason of its own
                return isinstance(value, str)
            case "boolean":
                return isinstance(value, bool)
            case "integer":
                return isinstance(value, int) and not isinstance(value, bool)
            case _:
                return is_number(value)


def is_number(value: Any) -> bool:
    """Return whether `value` is a finite number (a boolean is none)."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


Fields = Mapping[str, Field]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of WIRE.md section 1 as data: fields of readings by name, statuses and fields by kind.

    `events` gives the fields of `data` by event type; `reserved` are names that only ingestion writes.
    """

    common: Fields
    reading: Fields
    statuses: Mapping[str, frozenset[str]]
    kind_fields: Mapping[str, frozenset[str]]
    events: Mapping[str, Fields]
    state: Fields
    reserved: frozenset[str]
    id_pattern: re.Pattern[str]
    payload_bytes_max: int
    depth_max: int
    list_max: int
