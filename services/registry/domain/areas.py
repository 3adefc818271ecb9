"""Area codes of GB/T 2260 as text: an area matches itself and everything below it."""

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_FORM = re.compile(r"[0-9]{2}|[0-9]{4}|[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Area:
    """One code of the table; `since` inclusive, `until` exclusive, None = open."""

    area_code: str
    name: str
    since: dt.date | None = None
    until: dt.date | None = None
    successor: str | None = None


def prefix(area: str) -> str:
    """Return what all codes below an area begin with: 530000 and 53 → 53, 530600 and 5306 → 5306."""
    if len(area) == 6 and area.endswith("0000"):
        return area[:2]
    return area[:4] if len(area) == 6 and area.endswith("00") else area


def covers(area: str, area_code: str) -> bool:
    """Return whether `area_code` is the area or lies within it."""
    return area_code.startswith(prefix(area))


def any_covers(areas: Iterable[str], area_code: str) -> bool:
    """Return whether one of the areas covers the code."""
    return any(covers(area, area_code) for area in areas)


def fault(table: Mapping[str, Area], code: str, today: dt.date, *, short: bool = False) -> str | None:
    """Return why a code cannot be used today, or None; `short` also takes 53 and 5306."""
    if not _FORM.fullmatch(code) or (len(code) != 6 and not short):
        return "not an area code of six digits (GB/T 2260)"
    found = table.get(code.ljust(6, "0"))
    if found is None:
        return f"unknown area code {code} (GB/T 2260)"
    if found.until is not None and found.until <= today:
        return f"area code {code} is no longer in force; its successor is {found.successor}"
    return None
