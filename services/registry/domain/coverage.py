"""Alarm coverage: which obliged users have a working alarm and valve, and why the others do not.

Commercial users must, residents are encouraged to, install alarm and cutoff; so residents count apart.
Life from acceptance (CJJ/T 146-2011, 3.1.3): detector 3 years commercial, 5 years residential, valve 10.
Checks (the same, section 6.0): detector yearly, valve every 6 months.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

DETECTOR_LIFE_YEARS = 3
DETECTOR_LIFE_YEARS_RESIDENTIAL = 5
VALVE_LIFE_YEARS = 10
DETECTOR_CHECK_DAYS = 365
VALVE_TEST_DAYS = 183

Fault: TypeAlias = Literal["not_installed", "retired", "blocked", "past_life", "test_failed"]
# When several devices fail, the one nearest to working gives the reason.
_NEAREST: tuple[Fault, ...] = ("test_failed", "past_life", "blocked", "retired", "not_installed")


@dataclass(frozen=True, slots=True)
class Device:
    """A detector or valve as it stood on the day in question, with its last check or test until then."""

    device_id: str
    kind: str
    gas: str | None
    installed_on: dt.date
    active: bool
    retired_on: dt.date | None = None
    tested_on: dt.date | None = None
    test_passed: bool | None = None


@dataclass(frozen=True, slots=True)
class SiteCoverage:
    """Whether a site counts as covered; `reasons` say why not, `overdue` names devices to be checked."""

    covered: bool
    reasons: tuple[str, ...]
    overdue: tuple[str, ...]


@dataclass(slots=True)
class Tally:
    """Counts of one group; residential sites stand apart."""

    obliged: int = 0
    covered: int = 0
    overdue: int = 0
    residential: int = 0
    residential_covered: int = 0
    missing: dict[str, int] = field(default_factory=dict)

    def add(self, site: SiteCoverage, *, residential: bool, obliged: bool) -> None:
        """Count one site: residential apart, others only when obliged."""
        if residential:
            self.residential += 1
            self.residential_covered += site.covered
            return
        if not obliged:
            return
        self.obliged += 1
        self.covered += site.covered
        self.overdue += bool(site.overdue)
        for reason in site.reasons:
            self.missing[reason] = self.missing.get(reason, 0) + 1

    @property
    def ratio(self) -> float | None:
        """Return covered / obliged, or None when nobody is obliged."""
        return self.covered / self.obliged if self.obliged else None


def years_after(day: dt.date, years: int) -> dt.date:
    """Return the same day some years later; 29 February becomes 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


def life_end(kind: str, installed_on: dt.date, *, residential: bool) -> dt.date | None:
    """Return the first day after a device's life, or None for kinds without one."""
    if kind == "valve":
        return years_after(installed_on, VALVE_LIFE_YEARS)
    if kind != "detector":
        return None
    years = DETECTOR_LIFE_YEARS_RESIDENTIAL if residential else DETECTOR_LIFE_YEARS
    return years_after(installed_on, years)


def fault_on(device: Device, day: dt.date, *, residential: bool) -> Fault | None:
    """Return why a device does not count as working on a day, or None."""
    if device.installed_on > day:
        return "not_installed"
    if device.retired_on is not None and device.retired_on <= day:
        return "retired"
    if not device.active:
        return "blocked"
    end = life_end(device.kind, device.installed_on, residential=residential)
    if end is not None and end <= day:
        return "past_life"
    return "test_failed" if device.test_passed is False else None


def overdue_on(device: Device, day: dt.date) -> bool:
    """Return whether a detector's check (D05) or a valve's test (D06) is overdue on a day."""
    limit = VALVE_TEST_DAYS if device.kind == "valve" else DETECTOR_CHECK_DAYS
    last = max(device.installed_on, device.tested_on or device.installed_on)
    return (day - last).days > limit


def judge(devices: Iterable[Device], day: dt.date, *, residential: bool) -> SiteCoverage:
    """Return a site's coverage from its devices; an alarm for carbon monoxide is no leak alarm."""
    reasons: list[str] = []
    overdue: list[str] = []
    every = list(devices)
    for kind in ("detector", "valve"):
        chosen = [device for device in every if device.kind == kind and device.gas != "CO"]
        faults = [(device, fault_on(device, day, residential=residential)) for device in chosen]
        working = [device for device, fault in faults if fault is None]
        overdue += [device.device_id for device in working if overdue_on(device, day)]
        if working:
            continue
        nearest = min((fault for _, fault in faults if fault), key=_NEAREST.index, default="missing")
        reasons.append(f"{kind}_{nearest}")
    return SiteCoverage(not reasons, tuple(reasons), tuple(overdue))
