"""What the rules need of one device: its place, its limits, and the set-points that hold there."""

from dataclasses import dataclass, field
from enum import IntEnum

from services.alerting.domain.setpoints import SetPoint

NEVER = float("inf")
STATION_KINDS = frozenset({"gate_station", "regulating_station", "lng_station", "lpg_station"})
LPG_LEVEL_MAX_PERCENT = 85.0  # DOMAIN section 3


class Kind(IntEnum):
    """Which rules a device has."""

    DETECTOR = 0
    CO_DETECTOR = 1
    VALVE = 2
    REGULATOR = 3
    TANK = 4
    VAPORIZER = 5
    FLOW_METER = 6
    ODORIZER = 7
    CONTROLLER = 8


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """A device and its site as the registry's topics say it; pressures in kPa, times in Unix ms."""

    device_id: str
    site_id: str
    zone: str
    kind: str
    site_kind: str = "restaurant"
    area_code: str = ""
    client_id: str = ""
    gas: str | None = None
    lel_basis_volpct: float | None = None
    heartbeat_ms: int = 60_000
    active: bool = True
    maintenance_until_ms: int = 0
    business_hours: tuple[int, int] | None = None  # minutes of the day in Asia/Shanghai; None = always
    upper_working_kpa: float | None = None
    trip_kpa: float | None = None
    rated_kpa: float | None = None
    relief_kpa: float | None = None
    level_low_percent: float | None = None
    level_high_percent: float | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """A set-point turned into this device's own unit."""

    point: SetPoint
    value: float
    deadband: float


@dataclass(slots=True)
class Spec:
    """A device with all that depends on the registry and the set-points worked out beforehand.

    A reading below `quiet_max` (and, where it matters, above `quiet_min`) concerns no rule.
    """

    facts: DeviceFacts
    points: dict[str, SetPoint]
    kind: Kind
    station: bool
    ppm_to_lel: float | None
    quiet_max: float = NEVER
    quiet_min: float = -NEVER
    limits: dict[str, Limit] = field(default_factory=dict)
    silent_ms: int = 150_000

    def test(self, at_ms: int) -> bool:
        """Under maintenance: its alerts are marked as tests."""
        return at_ms < self.facts.maintenance_until_ms


def trip_kpa(facts: DeviceFacts) -> float | None:
    """Return at what outlet pressure a regulator trips (GB 50028-2006 6.6.10), if that is known."""
    if facts.trip_kpa is not None:
        return facts.trip_kpa
    upper = facts.upper_working_kpa
    if upper is None:
        return None
    if upper < 80:
        return 1.5 * upper
    return upper + 40 if upper <= 400 else 1.1 * upper


def make_spec(facts: DeviceFacts, points: dict[str, SetPoint]) -> Spec:
    """Work out a device's spec."""
    kind = _KINDS.get(facts.kind, Kind.CONTROLLER)
    if kind == Kind.DETECTOR and facts.gas == "CO":
        kind = Kind.CO_DETECTOR
    basis = facts.lel_basis_volpct
    spec = Spec(
        facts,
        points,
        kind,
        facts.site_kind in STATION_KINDS,
        ppm_to_lel=1 / (basis * 100) if basis else None,  # ppm / 10,000 / basis × 100
        silent_ms=int((points["D03"].value or 2.5) * facts.heartbeat_ms),
    )
    _QUIET.get(kind, _no_limits)(spec)
    return spec


def _limit(spec: Spec, key: str, factor: float = 1.0, deadband_factor: float | None = None) -> Limit:
    point = spec.points[key]
    spread = factor if deadband_factor is None else deadband_factor
    found = Limit(point, (point.value or 0.0) * factor, point.deadband * spread)
    spec.limits[key] = found
    return found


def _gas(spec: Spec) -> None:
    low = _limit(spec, "G03" if spec.station else "G01")
    _limit(spec, "G02")
    rise = spec.points["G05"].value or 5.0
    # A fast rise over two minutes ends at twice its rate or above; below both no rule is concerned.
    spec.quiet_max = min(low.value - low.deadband, 2 * rise)


def _co(spec: Spec) -> None:
    spec.quiet_max = spec.points["G06.long"].value or 50.0


def _regulator(spec: Spec) -> None:
    trip = trip_kpa(spec.facts)
    if trip is not None:
        high = _limit(spec, "P01", trip / 100)
        _limit(spec, "P02", trip / 100)
        spec.quiet_max = high.value - high.deadband
    if spec.facts.rated_kpa is not None:
        low = _limit(spec, "P03", spec.facts.rated_kpa / 100)
        spec.quiet_min = low.value + low.deadband


def _tank(spec: Spec) -> None:
    if spec.facts.relief_kpa is not None:
        _limit(spec, "L01", spec.facts.relief_kpa / 100)
    point = spec.points["L02"]
    lpg = spec.facts.gas in {"LPG", "C3H8", "C4H10"} or spec.facts.site_kind == "lpg_station"
    high = spec.facts.level_high_percent
    if high is None and lpg:
        high = point.value or LPG_LEVEL_MAX_PERCENT
    if high is not None:
        spec.limits["L02.high"] = Limit(point, high, point.deadband)
    if spec.facts.level_low_percent is not None:
        spec.limits["L02.low"] = Limit(point, spec.facts.level_low_percent, point.deadband)


def _vaporizer(spec: Spec) -> None:
    _limit(spec, "L03")


def _odorizer(spec: Spec) -> None:
    _limit(spec, "O01")


def _no_limits(_spec: Spec) -> None:
    return


_KINDS = {
    "detector": Kind.DETECTOR,
    "valve": Kind.VALVE,
    "regulator": Kind.REGULATOR,
    "tank": Kind.TANK,
    "vaporizer": Kind.VAPORIZER,
    "flow_meter": Kind.FLOW_METER,
    "odorizer": Kind.ODORIZER,
    "controller": Kind.CONTROLLER,
}
_QUIET = {
    Kind.DETECTOR: _gas,
    Kind.CO_DETECTOR: _co,
    Kind.REGULATOR: _regulator,
    Kind.TANK: _tank,
    Kind.VAPORIZER: _vaporizer,
    Kind.ODORIZER: _odorizer,
}
