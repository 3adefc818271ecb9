"""How a struct of an event looks in the HTTP API: the same names, times as RFC 3339 in UTC."""

from datetime import UTC, datetime
from typing import Any

import msgspec

_SUFFIXES = ("_at_ms", "_by_ms", "_until_ms")


def resource(found: msgspec.Struct) -> dict[str, Any]:
    """Return `found` as `GET` gives it: `opened_at_ms` becomes `opened_at`, likewise `…_by` and `…_until`."""
    shown: dict[str, Any] = {}
    for name, value in msgspec.to_builtins(found).items():
        if name == "at_ms" or name.endswith(_SUFFIXES):
            shown[name.removesuffix("_ms")] = None if value is None else _rfc3339(value)
        else:
            shown[name] = value
    return shown


def _rfc3339(unix_ms: int) -> str:
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
