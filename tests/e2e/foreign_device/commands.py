"""Which commands the device obeys: opened by a known key, judged in the wire's order."""

import base64
import json

from . import Message
from .ed25519 import signed_by


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def opened(command: bytes, keys: Message) -> Message | None:
    """Return the claims of a signed command, None when no known key has signed it."""
    try:
        head, claims, signature = command.decode("ascii").split(".")
        header, found = json.loads(_bytes(head)), json.loads(_bytes(claims))
        if (header["alg"], header["typ"]) != ("Ed25519", "gas-cmd+jwt") or not isinstance(found, dict):
            return None
        key = next(key for key in keys["keys"] if key["kid"] == header["kid"])
        good = signed_by(_bytes(key["x"]), _bytes(signature), f"{head}.{claims}".encode())
    except (ValueError, KeyError, TypeError, StopIteration):
        return None
    return found if good else None


def judged(claims: Message | None, executed: dict[str, Message], now_ms: float | None) -> tuple[str, str]:
    """Check in the wire's order: signature, claims, own id, action, same id, expiry, seq.

    `executed`: the last command of each valve of ours; `now_ms`: None before a receipt has set the clock.
    """
    if claims is None:
        return "refused", "bad_signature"
    kinds = {"command_id": str, "valve_id": str, "action": str, "seq": int, "expires_at_ms": int}
    if any(type(claims.get(name)) is not kind for name, kind in kinds.items()):
        return "refused", "bad_field"
    if claims["valve_id"] not in executed:
        return "refused", "wrong_valve"
    if claims["action"] != "close":
        return "refused", "unknown_action"
    last = executed[claims["valve_id"]]
    if claims["command_id"] == last["command_id"]:
        return "done", ""
    if now_ms is None or now_ms > claims["expires_at_ms"]:
        return "refused", "clock_unset" if now_ms is None else "expired"
    return ("accepted", "") if claims["seq"] > last["seq"] else ("refused", "replayed")
