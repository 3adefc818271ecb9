"""What clients may send: strict models, nothing but the named fields (WIRE.md section 3)."""

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from stdnum.cn import uscc
from stdnum.exceptions import ValidationError as BadNumber

from services.registry.entrypoints.fields import Day, Flag, Number, Time, whole
from shared.contracts.objects import LicenceClass, SiteKind
from shared.contracts.wire import ID_PATTERN, DeviceKind, GasKind

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Optional = Annotated[str, Field(max_length=200)]
Code = Annotated[str, Field(min_length=2, max_length=6)]
Pressure = Annotated[Number, Field(ge=0, le=100_000, allow_inf_nan=False)]
Percent = Annotated[Number, Field(ge=0, le=100, allow_inf_nan=False)]
HEARTBEAT_S = 60
HOURS = r"^$|^([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-3]|24):[0-5][0-9]$"


def _credit_code(value: str) -> str:
    """Check a unified social credit code (GB 32100)."""
    try:
        return str(uscc.validate(value))
    except BadNumber as error:
        raise ValueError(f"not a unified social credit code (GB 32100): {error}") from error


CreditCode = Annotated[str, AfterValidator(_credit_code)]


class Input(BaseModel):
    """The base of all inputs: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class NewOperator(Input):
    """A gas company."""

    operator_id: Id
    name: Text
    credit_code: CreditCode
    area_code: Code


class OperatorChange(Input):
    """What of an operator may change."""

    name: Text = ""
    credit_code: CreditCode = ""
    area_code: Code = ""


class NewLicence(Input):
    """A gas business licence; dates inclusive."""

    licence_id: Id
    operator_id: Id
    number: Text
    licence_class: LicenceClass = Field(alias="class")
    area_codes: Annotated[list[Code], Field(min_length=1, max_length=200)]
    issued_by: Text
    issued_on: Day
    valid_from: Day
    valid_to: Day

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.valid_to < self.valid_from:
            raise ValueError("valid_to lies before valid_from")
        return self


class LicenceChange(Input):
    """What of a licence may change; its state changes by its verbs."""

    number: Text = ""
    licence_class: LicenceClass = Field(alias="class", default="other")
    area_codes: Annotated[list[Code], Field(min_length=1, max_length=200)] = []
    issued_by: Text = ""
    issued_on: Day = dt.date.min
    valid_from: Day = dt.date.min
    valid_to: Day = dt.date.min


class NewContact(Input):
    """Whom to call about a site."""

    name: Text
    phone: Annotated[str, Field(pattern=r"^[+0-9 ()-]{3,32}$")]
    role: Optional = ""


class NewSite(Input):
    """A place where gas is used or handled."""

    site_id: Id
    operator_id: Id
    name: Text
    kind: SiteKind
    area_code: Code
    address: Optional
    longitude: Annotated[Number, Field(ge=-180, le=180, allow_inf_nan=False)]
    latitude: Annotated[Number, Field(ge=-90, le=90, allow_inf_nan=False)]
    obliged: Flag
    auto_close: Flag
    gas: GasKind | None = None
    altitude_m: Annotated[Number, Field(ge=-500, le=9000, allow_inf_nan=False)] | None = None
    business_hours: Annotated[str, Field(pattern=HOURS)] = ""
    contacts: Annotated[list[NewContact], Field(max_length=20)] = []
    reserved: Flag = False
    planning_approval: Text | None = None
    planning_approved_on: Day | None = None


class SiteChange(Input):
    """What of a site may change."""

    operator_id: Id = ""
    name: Text = ""
    kind: SiteKind = "restaurant"
    area_code: Code = ""
    address: Optional = ""
    longitude: Annotated[Number, Field(ge=-180, le=180, allow_inf_nan=False)] = 0
    latitude: Annotated[Number, Field(ge=-90, le=90, allow_inf_nan=False)] = 0
    obliged: Flag = False
    auto_close: Flag = False
    gas: GasKind | None = None
    altitude_m: Annotated[Number, Field(ge=-500, le=9000, allow_inf_nan=False)] | None = None
    business_hours: Annotated[str, Field(pattern=HOURS)] = ""
    contacts: Annotated[list[NewContact], Field(max_length=20)] = []
    reserved: Flag = False
    planning_approval: Text | None = None
    planning_approved_on: Day | None = None


class NewLimits(Input):
    """Design limits of an instrument."""

    upper_working_kpa: Pressure | None = None
    trip_kpa: Pressure | None = None
    rated_kpa: Pressure | None = None
    relief_kpa: Pressure | None = None
    level_low_percent: Percent | None = None
    level_high_percent: Percent | None = None


Basis = Annotated[Number, Field(gt=0, le=100, allow_inf_nan=False)]
Heartbeat = Annotated[int, BeforeValidator(whole), Field(ge=1, le=86_400)]
Zone = Annotated[str, Field(min_length=1, max_length=64)]


class NewDevice(Input):
    """A device at a site; `zone` is what one valve protects."""

    device_id: Id
    site_id: Id
    zone: Zone
    kind: DeviceKind
    gas: GasKind | None = None
    lel_basis_volpct: Basis | None = None
    controller_id: Id | None = None
    model: Optional
    serial: Optional
    installed_on: Day
    heartbeat_s: Heartbeat = HEARTBEAT_S
    limits: NewLimits | None = None


class DeviceChange(Input):
    """What of a device may change; a device of another kind is another device."""

    site_id: Id = ""
    zone: Zone = ""
    gas: GasKind | None = None
    lel_basis_volpct: Basis | None = None
    controller_id: Id | None = None
    model: Optional = ""
    serial: Optional = ""
    installed_on: Day = dt.date.min
    heartbeat_s: Heartbeat = HEARTBEAT_S
    limits: NewLimits | None = None


class Maintain(Input):
    """Maintenance until a time, at most 4 h away."""

    reason: Text
    until: Time


# WIRE leaves the kinds open: a word such as check, test, calibration, bump or functional.
TestKind = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{1,39}$")]
_PASSED = {"passed": True, "pass": True, "ok": True, "failed": False, "fail": False}


class Test(Input):
    """A check (detector, controller) or test (valve) of a device."""

    kind: TestKind
    done_on: Day
    result: Literal["passed", "pass", "ok", "failed", "fail"]

    @property
    def passed(self) -> bool:
        """Return whether the device passed."""
        return _PASSED[self.result]


class DeviceIds(Input):
    """Several devices."""

    device_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]


class Step(Input):
    """A step of a licence; `on` is the day from which it holds, `valid_to` a renewal's new end."""

    on: Day | None = None
    reason: Optional = ""
    valid_to: Day | None = None
