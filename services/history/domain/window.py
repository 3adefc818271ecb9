"""Which time a row is stored under, and what is late (FAULTS.md 17)."""

PAST_MS = 30 * 24 * 3600 * 1000
FUTURE_MS = 5 * 60 * 1000
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS


def believable(time_ms: int | None, ingested_ms: int) -> bool:
    """Return whether a device's time lies within [-30 d, +5 min] of its arrival, both ends included."""
    return time_ms is not None and ingested_ms - PAST_MS <= time_ms <= ingested_ms + FUTURE_MS


def hour_of(time_ms: int) -> int:
    """Return the number of the hour since 1970 in UTC."""
    return time_ms // HOUR_MS
