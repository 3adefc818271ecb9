"""Marks: up to when the ingestions say that they had nothing older (WIRE section 2)."""

import msgspec

LATE_MS = 15_000  # rule S02
FORGET_MS = 600_000


class Marks(msgspec.Struct):
    """The last mark of each ingestion; silence of a device is judged only up to `horizon_ms`."""

    last: dict[str, int] = {}
    horizon_ms: int = 0
    resumed_ms: int = 0

    def seen(self, name: str, at_ms: int) -> None:
        """Take a mark. After a gap the devices get their time anew: it was the platform that was deaf."""
        before = self.last.get(name)
        if before is None or at_ms - before > LATE_MS:
            self.resumed_ms = at_ms
        self.last[name] = at_ms
        self.last = {n: ms for n, ms in self.last.items() if at_ms - ms <= FORGET_MS}
        self.horizon_ms = max(self.horizon_ms, min(self.last.values()))
