"""What the registry's answers hold. Names beside ids stand in lists."""

from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType

from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE
from services.registry.domain.licensing import Reason
from shared.chassis.openapi import page_of
from shared.contracts.objects import LicenceClass, LicenceState, SiteKind
from shared.contracts.resources import Day, Shape, Time
from shared.contracts.wire import DeviceKind, GasKind


class Operator(Shape):
    """A gas company (燃气经营企业)."""

    operator_id: str
    area_code: str
    name: str
    credit_code: str
    revision: int


class Licence(Shape, rename={"class_": "class"}):
    """A gas business licence (燃气经营许可证), its state on the day that was asked about."""

    licence_id: str
    operator_id: str
    area_code: str
    number: str
    class_: LicenceClass
    area_codes: list[str]
    issued_by: str
    issued_on: Day
    valid_from: Day
    valid_to: Day
    state: LicenceState
    renewal_filed_on: Day | None
    state_reason: str
    revision: int
    operator_name: str | UnsetType | None = UNSET


class Contact(Shape):
    """Whom to call about a site."""

    name: str
    phone: str
    role: str


class Site(Shape):
    """A place where gas is used or handled; position in degrees WGS-84, hours in Asia/Shanghai."""

    site_id: str
    operator_id: str
    area_code: str
    name: str
    kind: SiteKind
    address: str
    longitude: float
    latitude: float
    obliged: bool
    auto_close: bool
    gas: GasKind | None
    altitude_m: float | None
    business_hours: str
    contacts: list[Contact]
    reserved: bool
    planning_approval: str | None
    planning_approved_on: Day | None
    revision: int
    operator_name: str | UnsetType | None = UNSET


class Limits(Shape):
    """Design limits of an instrument: pressures in kPa, levels in percent."""

    upper_working_kpa: float | None
    trip_kpa: float | None
    rated_kpa: float | None
    relief_kpa: float | None
    level_low_percent: float | None
    level_high_percent: float | None


class Maintenance(Shape):
    """A device under maintenance raises test alerts only, until then."""

    reason: str
    until: Time
    by: str


class Device(Shape):
    """A device; `client_id` speaks for it, `active` is false while a rule blocks it or once it retired.

    `inactive_reason` is that rule; null of a device that is active or retired (`retired_on`).
    """

    device_id: str
    site_id: str
    operator_id: str
    area_code: str
    zone: str
    kind: DeviceKind
    client_id: str
    gas: GasKind | None
    lel_basis_volpct: float | None
    controller_id: str | None
    model: str
    serial: str
    installed_on: Day
    heartbeat_s: int
    limits: Limits | None
    active: bool
    inactive_reason: Literal["D07"] | None
    revoked: bool
    retired_on: Day | None
    maintenance: Maintenance | None
    registered_at: Time
    reserved: bool
    revision: int
    operator_name: str | UnsetType | None = UNSET
    site_name: str | UnsetType | None = UNSET


class ImportFault(Shape):
    """What is wrong with a row of a file."""

    row: int
    field: str
    reason: str


class ImportReport(Shape):
    """What an import did, or would do (`dry_run`); at most 1,000 errors are named, all are counted."""

    rows: int
    imported: int
    errors: list[ImportFault]
    dry_run: bool
    errors_total: int | UnsetType = UNSET


class ImportRefused(Shape):
    """A problem: nothing was imported, for these reasons; at most 1,000 are named, all are counted."""

    type: Literal["import-refused"]
    title: str
    status: int
    rows: int
    imported: int
    errors: list[ImportFault]
    errors_total: int
    dry_run: bool


class Issued(Shape):
    """A device's certificate and key, PEM."""

    device_id: str
    certificate: str
    key: str


class Credentials(Shape):
    """What a device signs in with, PEM, and the keys of commands; `key` is told once."""

    device_id: str
    certificate: str
    ca: str
    command_keys: dict[str, Any]
    key: str | UnsetType = UNSET


class CredentialsOfMany(Shape):
    """The same for many devices; `items` are told once."""

    ca: str
    command_keys: dict[str, Any]
    items: list[Issued] | UnsetType = UNSET


class DeviceTest(Shape):
    """A check (detector, controller) or test (valve) of a device."""

    device_id: str
    kind: str
    done_on: Day
    result: str
    passed: bool


class Evidence(Shape):
    """What a finding rests on."""

    text: str
    licence_ids: list[str]
    site_ids: list[str]


class Unlicensed(Shape):
    """An operator that a reason proposes for the list of the unlicensed; a person confirms."""

    unlicensed_id: str
    operator_id: str
    name: str
    reason: Reason
    since: Day | None
    state: Literal["proposed"]
    area_codes: list[str]
    evidence: Evidence
    at: Day


class Residential(Shape):
    """Residential sites, which are encouraged but not obliged."""

    sites: int
    covered: int


class Coverage(Shape):
    """How many obliged sites of a group are covered; the group is also named by what it is grouped by."""

    group: str
    obliged: int
    covered: int
    ratio: float | None
    overdue: int
    missing: dict[str, int]
    residential: Residential
    area_code: str | UnsetType = UNSET
    operator_id: str | UnsetType = UNSET
    kind: SiteKind | UnsetType = UNSET


class CoverageMissing(Shape):
    """An obliged site that is not covered, and why."""

    site_id: str
    operator_id: str
    area_code: str
    name: str
    kind: SiteKind
    address: str
    operator_name: str | None
    reasons: list[str]


class HeardUnregistered(Shape):
    """A device that was heard behind a known client, but that nobody registered."""

    client: str
    device_id: str
    site_id: str
    operator_id: str
    area_code: str
    first_heard_at: Time
    last_heard_at: Time
    messages: int


OF_KIND: dict[str, type[Struct]] = {
    OPERATOR.table: Operator,
    LICENCE.table: Licence,
    SITE.table: Site,
    DEVICE.table: Device,
}
PAGE_OF_KIND = {table: page_of(shape) for table, shape in OF_KIND.items()}
UnlicensedPage = page_of(Unlicensed)
CoveragePage = page_of(Coverage)
CoverageMissingPage = page_of(CoverageMissing)
HeardUnregisteredPage = page_of(HeardUnregistered)
