"""The registry's objects as its compacted topics carry them: the whole object, key = its id, null = gone."""

from typing import Literal

from msgspec import Struct

from shared.contracts.wire import DeviceKind, GasKind

SiteKind = Literal[
    "restaurant",
    "canteen",
    "market",
    "hotel",
    "hospital",
    "school",
    "factory",
    "gate_station",
    "regulating_station",
    "lng_station",
    "lpg_station",
    "pipeline",
    "residential",
]
STATION_KINDS: frozenset[str] = frozenset(
    {"gate_station", "regulating_station", "lng_station", "lpg_station"}
)
LicenceClass = Literal["pipeline", "bottled", "vehicle", "other"]
LicenceState = Literal[
    "applied",
    "valid",
    "renewal_pending",
    "expired",
    "suspended",
    "withdrawn",
    "annulled",
    "revoked",
    "deregistered",
]


class Limits(Struct, omit_defaults=True, forbid_unknown_fields=True):
    """Design limits of an instrument: pressures in kPa, levels in percent."""

    upper_working_kpa: float | None = None
    trip_kpa: float | None = None
    rated_kpa: float | None = None
    relief_kpa: float | None = None
    level_low_percent: float | None = None
    level_high_percent: float | None = None


class Contact(Struct, omit_defaults=True):
    """Whom to call about a site."""

    name: str
    phone: str
    role: str = ""


class Maintenance(Struct):
    """A device under maintenance raises test alerts only; it ends by itself (at most 4 h)."""

    reason: str
    until_ms: int
    by: str


class Device(Struct, omit_defaults=True):
    """A device. `client_id` is who speaks for it: itself, or its controller.

    `active` is false while rule D07 (gas of detector and site differ) blocks it or after it retired;
    `revoked` is true while the client of this id has no valid certificate because it was revoked;
    `reserved` is its site's: a canary, whose traces are removed after a day.
    """

    device_id: str
    site_id: str
    operator_id: str
    area_code: str
    zone: str
    kind: DeviceKind
    client_id: str
    model: str = ""
    serial: str = ""
    installed_on: str = ""
    gas: GasKind | None = None
    lel_basis_volpct: float | None = None
    controller_id: str | None = None
    heartbeat_s: int = 60
    limits: Limits | None = None
    active: bool = True
    revoked: bool = False
    retired_on: str | None = None
    maintenance: Maintenance | None = None
    reserved: bool = False
    registered_at_ms: int = 0
    revision: int = 1


class Site(Struct, omit_defaults=True):
    """A place where gas is used or handled; longitude and latitude in degrees, WGS-84.

    `reserved` sites belong to the platform's canaries: what happens there never reaches people.
    `business_hours` is e.g. "10:00-22:00" in Asia/Shanghai; empty = always open.
    """

    site_id: str
    operator_id: str
    area_code: str
    name: str
    kind: SiteKind
    address: str = ""
    longitude: float = 0.0
    latitude: float = 0.0
    obliged: bool = False
    auto_close: bool = False
    gas: GasKind | None = None
    altitude_m: float | None = None
    business_hours: str = ""
    contacts: list[Contact] = []
    reserved: bool = False
    revision: int = 1


class Operator(Struct, omit_defaults=True):
    """A gas company (燃气经营企业)."""

    operator_id: str
    name: str
    credit_code: str
    area_code: str
    revision: int = 1


class Licence(Struct, omit_defaults=True, rename={"class_": "class"}):
    """A gas business licence (燃气经营许可证); dates are RFC 3339 full-dates."""

    licence_id: str
    operator_id: str
    number: str
    class_: LicenceClass
    area_codes: list[str]
    issued_by: str
    issued_on: str
    valid_from: str
    valid_to: str
    state: LicenceState = "valid"
    revision: int = 1
