"""What to do about items that cannot be read (FAULTS section 2): one device's fault, or ours."""

from enum import StrEnum
from typing import NamedTuple

ROW = 20
DEVICES = 5
FORGET_MS = 600_000


class Verdict(StrEnum):
    """What a row of unreadable items means."""

    GO_ON = "go_on"
    QUARANTINE = "quarantine"
    HALT = "halt"


class Finding(NamedTuple):
    """The verdict, and the device that it is about (quarantine)."""

    verdict: Verdict
    device_id: str = ""


class Poison:
    """Counts unreadable items: 20 in a row from at least five devices mean that we cannot read any more.

    A device that sends 20 of them within ten minutes is quarantined: an alert about it, and its items count
    no longer towards halting. Its alarms, where they can be read, alert as before.
    """

    def __init__(self) -> None:
        self._row: list[str] = []
        self._count: dict[str, tuple[int, int]] = {}
        self.quarantined: dict[str, int] = {}

    def good(self) -> None:
        """Note that something could be read."""
        self._row.clear()

    def bad(self, device_id: str, now_ms: int) -> Finding:
        """Note an item that could not be read; an unknown sender is ''."""
        if device_id in self.quarantined:
            self.quarantined[device_id] = now_ms
            return Finding(Verdict.GO_ON)
        self._row.append(device_id)
        if len(self._row) >= ROW and len(set(self._row)) >= DEVICES:
            return Finding(Verdict.HALT)
        count, since_ms = self._count.get(device_id, (0, now_ms))
        if now_ms - since_ms > FORGET_MS:
            count, since_ms = 0, now_ms
        self._count[device_id] = (count + 1, since_ms)
        if count + 1 < ROW:
            return Finding(Verdict.GO_ON)
        del self._count[device_id]
        self.quarantined[device_id] = now_ms
        self._row = [other for other in self._row if other != device_id]
        return Finding(Verdict.QUARANTINE, device_id)

    def released(self, now_ms: int) -> list[str]:
        """Return (and forget) the quarantined devices that sent nothing unreadable for ten minutes."""
        over = [device for device, ms in self.quarantined.items() if now_ms - ms > FORGET_MS]
        for device in over:
            del self.quarantined[device]
        self._count = {d: c for d, c in self._count.items() if now_ms - c[1] <= FORGET_MS}
        return over
