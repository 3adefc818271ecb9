"""Times: Unix milliseconds inside, RFC 3339 in UTC in the HTTP API."""

from datetime import UTC, datetime
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, AwareDatetime

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


def _told(moment: datetime) -> datetime:
    # In UTC it may be a year that there is not, and nothing could show it again.
    if not FIRST <= moment < LAST:
        raise ValueError("not a time between 1970 and 2100")
    return moment


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_told)]
"""A time that a client says, with its offset; it can be shown again, and a clock that was reset says 1970."""


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
