"""What history remembers of a device while it writes."""

from typing import Any


class DeviceState:
    """A device's key, the hour it last marked for roll-up, and its newest (boot_id, seq) seen here."""

    __slots__ = ("boot_id", "device_id", "event", "hour", "key", "newest", "odd", "seq", "status")

    def __init__(self, device_id: str, key: int, *, odd: bool) -> None:
        self.device_id = device_id
        self.key = key
        self.odd = odd
        self.hour = -1
        self.boot_id = -1
        self.seq = -1
        self.status: str | None = None
        self.newest: Any = None
        self.event: tuple[int, int] = (-1, -1)
