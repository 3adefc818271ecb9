"""Times: Unix milliseconds inside, RFC 3339 in UTC in the HTTP API."""

from datetime import UTC, datetime


def rfc3339(unix_ms: int) -> str:
    """Return `2026-01-02T03:04:05.678Z`."""
    moment = datetime.fromtimestamp(unix_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_rfc3339(text: str) -> int:
    """Return Unix milliseconds; raise ValueError when `text` is no time or has no offset."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs its offset, e.g. 2026-01-02T03:04:05Z")
    return round(moment.timestamp() * 1000)
