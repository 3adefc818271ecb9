"""Set-points as versioned data (DOMAIN.md, head and section 9), and which of them hold where and when."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class SetPoint:
    """One version of one set-point. `key` is the rule, with a suffix where a rule has several.

    `scope` is empty (everywhere), an area code's prefix, or `site:<id>`; the narrowest wins. Delays in ms.
    `verified` tells whether somebody checked the figure against the standard's text.
    """

    key: str
    value: float | None
    unit: str
    on_ms: int
    off_ms: int
    deadband: float
    priority: str
    standard: str
    clause: str = ""
    verified: bool = False
    latched: bool = False
    scope: str = ""
    version: int = 1
    effective_from_ms: int = 0
    effective_to_ms: int | None = None

    @property
    def rule(self) -> str:
        """The rule that this set-point belongs to."""
        return self.key.partition(".")[0]

    def holds(self, at_ms: int) -> bool:
        """Tell whether it is in force."""
        ended = self.effective_to_ms is not None and at_ms >= self.effective_to_ms
        return self.effective_from_ms <= at_ms and not ended


def _p(
    key: str,
    value: float | None,
    unit: str,
    delays_s: tuple[int, int],
    priority: str,
    source: tuple[str, str],
    deadband: float = 0.0,
    latched: bool = False,
) -> SetPoint:
    on_s, off_s = delays_s
    return SetPoint(
        key, value, unit, on_s * 1000, off_s * 1000, deadband, priority, source[0], source[1], latched=latched
    )


_PROJECT = ("default", "")
_EN = ("EN 50291", "")
# The defaults of DOMAIN.md section 9; the migration seeds the same rows.
DEFAULTS: tuple[SetPoint, ...] = (
    _p("G01", 10, "%LEL", (10, 60), "P2", ("GB 15322", ""), deadband=3),
    _p("G02", 50, "%LEL", (0, 120), "P1", ("GB/T 50493-2019", ""), deadband=5, latched=True),
    _p("G03", 20, "%LEL", (5, 60), "P1", ("GB 50028-2006", "9.4.20"), deadband=3),
    _p("G04", 2, "detectors", (0, 120), "P1", ("CJJ/T 146-2011", "3.3.8"), latched=True),
    _p("G05", 5, "%LEL/min", (0, 120), "P2", _PROJECT),
    _p("G06.long", 50, "ppm", (3600, 0), "P2", _EN, latched=True),
    _p("G06.medium", 100, "ppm", (600, 0), "P2", _EN, latched=True),
    _p("G06.high", 300, "ppm", (0, 0), "P1", _EN, latched=True),
    _p("V01", None, "", (0, 0), "P1", _PROJECT),
    _p("V02", None, "", (5, 30), "P2", _PROJECT),
    _p("V03", None, "", (0, 0), "P1", ("GB 50028-2006", "10.8.4")),
    _p("D01", None, "", (300, 600), "P2", ("安全生产法", "36")),
    _p("D02", None, "", (100, 300), "P2", ("GB/T 45839-2025", "5.5.1")),
    _p("D03", 2.5, "heartbeats", (0, 0), "P3", ("GB/T 45839-2025", "5.5.2")),
    _p("D03.alarm", 25, "s", (0, 0), "P1", _PROJECT),
    _p("D03.long", 24, "h", (0, 0), "P2", ("GB/T 45839-2025", "5.5.2")),
    _p("D08", None, "", (0, 600), "P1", _PROJECT),
    _p("P01", 90, "% of trip", (15, 60), "P2", ("GB 50028-2006", "6.6.10"), deadband=2),
    _p("P02", 100, "% of trip", (0, 0), "P1", ("GB 50028-2006", "6.6.10"), deadband=2, latched=True),
    _p("P03", 75, "% of rated", (30, 120), "P2", _PROJECT, deadband=5),
    _p("P04", 10, "%/min", (15, 60), "P1", _PROJECT),
    _p("P04.flow", 30, "%", (15, 60), "P1", _PROJECT),
    _p("L01", 95, "% of relief", (15, 60), "P1", _PROJECT, deadband=2),
    _p("L02", 85, "%", (60, 60), "P2", ("GB 50028-2006", "9.4.14"), deadband=5),
    _p("L03", 5, "Cel", (60, 60), "P2", ("GB 50028-2006", "9.4.15"), deadband=1),
    _p("O01", 20, "mg/m3", (0, 0), "P2", ("GB 50028-2006", "3.2.3")),
    _p("S01", 10, "alerts/10min", (0, 0), "P3", ("ISA-18.2", "")),
    _p("S01.chattering", 3, "alerts/min", (0, 0), "P3", ("ISA-18.2", "")),
    _p("S01.stale", 24, "h", (0, 0), "P3", ("ISA-18.2", "")),
    _p("S02", None, "", (0, 0), "P1", _PROJECT),
    _p("S02.marks", 15, "s", (0, 0), "P1", _PROJECT),
)


@dataclass(slots=True)
class SetPoints:
    """All versions of all set-points; `at` gives those in force for a place."""

    versions: list[SetPoint] = field(default_factory=lambda: list(DEFAULTS))

    def at(self, at_ms: int, area_code: str = "", site_id: str = "") -> dict[str, SetPoint]:
        """Return the set-point of each key: the narrowest scope in force, its newest version."""
        found: dict[str, SetPoint] = {}
        for candidate in self.versions:
            fits = _fits(candidate.scope, area_code, site_id)
            if fits and candidate.holds(at_ms):
                present = found.get(candidate.key)
                if present is None or _rank(candidate) > _rank(present):
                    found[candidate.key] = candidate
        return found

    def scopes(self) -> frozenset[str]:
        """Return every scope that is named: places for which the set-points may differ."""
        return frozenset(point.scope for point in self.versions)


def _fits(scope: str, area_code: str, site_id: str) -> bool:
    if scope.startswith("site:"):
        return scope == f"site:{site_id}"
    return area_code.startswith(scope)


def _rank(point: SetPoint) -> tuple[bool, int, int, int]:
    return (point.scope.startswith("site:"), len(point.scope), point.effective_from_ms, point.version)


def changes_after(points: Iterable[SetPoint], at_ms: int) -> int | None:
    """Return the next moment at which another version comes into force, or None."""
    moments = [m for p in points for m in (p.effective_from_ms, p.effective_to_ms) if m is not None]
    return min((m for m in moments if m > at_ms), default=None)


def for_canaries(points: dict[str, SetPoint]) -> dict[str, SetPoint]:
    """Return set-points under which an alert ends with its condition: the next canary follows in 30 s."""
    return {key: replace(point, off_ms=0, latched=False) for key, point in points.items()}
