"""The non-volatile memory of a client: what has no receipt is kept and sent again (WIRE.md section 1)."""

import random
from dataclasses import dataclass, field
from typing import Any

EVENT_RETRY_S = 30.0
READING_RETRY_S = 120.0
RETRY_S_MAX = 600.0
BUFFERED_AFTER_S = 10.0
ITEMS_MAX = 5_000
Key = tuple[str, int, int]


@dataclass
class Kept:
    """One message, when it was measured, and when it is sent next (seconds of a monotonic clock)."""

    message: dict[str, Any]
    measured_at: float
    due_at: float
    retry_s: float

    @property
    def is_event(self) -> bool:
        """Return whether it is an event; events are never dropped."""
        return "type" in self.message


@dataclass
class Buffer:
    """Everything a client said and has no receipt for."""

    rng: random.Random
    kept: dict[Key, Kept] = field(default_factory=dict)
    dropped: int = 0
    rejected: int = 0

    def add(self, message: dict[str, Any], now: float) -> None:
        """Keep a new message, due at once."""
        if len(self.kept) >= ITEMS_MAX:
            self._drop_oldest_reading()
        retry_s = EVENT_RETRY_S if "type" in message else READING_RETRY_S
        key = (message["device_id"], message["boot_id"], message["seq"])
        self.kept[key] = Kept(message, now, now, retry_s)

    def _drop_oldest_reading(self) -> None:
        for key, kept in self.kept.items():
            if not kept.is_event:
                del self.kept[key]
                self.dropped += 1
                return

    def due(self, now: float) -> list[dict[str, Any]]:
        """Return what to send now, oldest first, and plan the next time for each."""
        found = []
        for kept in self.kept.values():
            if kept.due_at > now:
                continue
            if now - kept.measured_at > BUFFERED_AFTER_S:
                kept.message["buffered"] = True
            kept.due_at = now + kept.retry_s * self.rng.uniform(0.8, 1.2)
            kept.retry_s = min(kept.retry_s * 2, RETRY_S_MAX)
            found.append(kept.message)
        return found

    def reconnected(self, now: float) -> None:
        """Send everything again at once: what was on its way may be lost."""
        for kept in self.kept.values():
            kept.due_at = now

    def receipt(self, receipt: dict[str, Any]) -> int:
        """Forget what was accepted or rejected; return how many that were."""
        before = len(self.kept)
        for accepted in receipt["accepted"]:
            device_id, boot_id = accepted["device_id"], accepted["boot_id"]
            for first, last in accepted["ranges"]:
                for key in [
                    key
                    for key in self.kept
                    if key[0] == device_id and key[1] == boot_id and first <= key[2] <= last
                ]:
                    del self.kept[key]
        for rejected in receipt["rejected"]:
            key = (rejected.get("device_id", ""), rejected.get("boot_id", -1), rejected.get("seq", -1))
            if self.kept.pop(key, None) is not None:
                self.rejected += 1
        return before - len(self.kept)
