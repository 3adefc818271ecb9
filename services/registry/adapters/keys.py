"""The public command keys, as alerting writes them to a file that both know."""

import time
from pathlib import Path
from typing import Any

import msgspec

from shared.chassis.logs import get_logger

FRESH_S = 5.0


class KeyFile:
    """Implements `ports.CommandKeys`; the file may come later than this service."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._read_at = float("-inf")
        self._keys: dict[str, Any] = {"keys": []}

    def jwks(self) -> dict[str, Any]:
        """Return the JWKS; without keys it is empty."""
        if self._path is not None and time.monotonic() - self._read_at > FRESH_S:
            try:
                self._keys = msgspec.json.decode(self._path.read_bytes(), type=dict[str, Any])
                self._read_at = time.monotonic()
            except (OSError, msgspec.DecodeError) as error:
                get_logger().warning("command keys cannot be read", error=str(error))
        return {"keys": [public(key) for key in self._keys.get("keys", [])]}


def public(key: dict[str, Any]) -> dict[str, Any]:
    """Return a key without its private part, should somebody ever put one there."""
    return {name: value for name, value in key.items() if name != "d"}
