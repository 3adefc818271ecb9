"""How fine the points of a curve are: raw readings, or a multiple of a roll-up, at most 2,000 points."""

import re
from dataclasses import dataclass

from services.history.domain.window import DAY_MS, HOUR_MS

POINTS_MAX = 2_000
_HOURS = (1, 2, 3, 4, 6, 8, 12)
_DAYS = (1, 2, 5, 10, 15, 30, 60, 90, 180, 360)
_TEXT = re.compile(r"([1-9][0-9]{0,3})([hd])")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A width in ms, a multiple of an hour; 0 means raw readings."""

    width_ms: int

    @property
    def raw(self) -> bool:
        """Return whether points are readings as they came."""
        return self.width_ms == 0

    @property
    def daily(self) -> bool:
        """Return whether the roll-up by days suffices."""
        return self.width_ms > 0 and self.width_ms % DAY_MS == 0

    def __str__(self) -> str:
        if self.raw:
            return "raw"
        return f"{self.width_ms // DAY_MS}d" if self.daily else f"{self.width_ms // HOUR_MS}h"

    def floor(self, time_ms: int) -> int:
        """Return the start of the bucket that holds `time_ms`; buckets count from 1970 in UTC."""
        return time_ms // self.width_ms * self.width_ms

    def points(self, from_ms: int, to_ms: int) -> int:
        """Return how many buckets touch [from, to)."""
        return -(-to_ms // self.width_ms) - from_ms // self.width_ms


RAW = Bucket(0)
ROLLED = tuple(Bucket(hours * HOUR_MS) for hours in _HOURS) + tuple(Bucket(days * DAY_MS) for days in _DAYS)


def parse(text: str) -> Bucket:
    """Return the bucket named `raw`, `<n>h` or `<n>d`; raise ValueError for anything else."""
    if text == "raw":
        return RAW
    match = _TEXT.fullmatch(text)
    if match is None:
        raise ValueError("raw, or a number of hours or days such as 2h or 1d")
    return Bucket(int(match[1]) * (HOUR_MS if match[2] == "h" else DAY_MS))


def choose(from_ms: int, to_ms: int, readings: int | None) -> Bucket:
    """Return raw for at most 2,000 readings, otherwise the finest multiple of a roll-up that has as few.

    90 days give 2 h. None means that the readings of that time are no longer complete.
    """
    if readings is not None and readings <= POINTS_MAX:
        return RAW
    for bucket in ROLLED:
        if bucket.points(from_ms, to_ms) <= POINTS_MAX:
            return bucket
    return ROLLED[-1]
