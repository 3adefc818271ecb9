"""What clients may send; unknown fields are refused."""

import json
from datetime import datetime
from typing import Annotated, Any

import orjson
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from services.dispatch.domain.model import Kind, Priority
from shared.chassis.times import Moment

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Ids = Annotated[list[Id], Field(max_length=200)]


def _plain(readings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Refuse what JSON cannot carry on: NaN, Infinity, more than 64 bits, half characters."""
    json.dumps(readings, allow_nan=False)
    try:
        orjson.dumps(readings)
    except TypeError as error:
        raise ValueError(str(error)) from error
    return readings


class Input(BaseModel):
    """A body; what it does not name is refused."""

    model_config = ConfigDict(extra="forbid")


class Position(Input):
    """Where somebody was, in degrees WGS-84."""

    longitude: Annotated[float, Field(ge=-180, le=180)]
    latitude: Annotated[float, Field(ge=-90, le=90)]


class NewOrder(Input):
    """An order that a person opens."""

    site_id: Id
    kind: Kind
    priority: Priority
    text: Text
    alert_ids: Ids = []


class Word(Input):
    """What may come with an action: why, and when the phone says it was done."""

    reason: Text | None = None
    device_time: Moment | None = None


class Reassignment(Input):
    """To whom; without `crew_id` the best available crew."""

    crew_id: Id | None = None
    reason: Text | None = None


class NewStep(Input):
    """A step of DOMAIN 5, by the phone's clock; `corrects` is the device time of the one it sets right."""

    step: str
    device_time: Moment
    position: Position | None = None
    readings: Annotated[list[dict[str, Any]], Field(max_length=50), AfterValidator(_plain)] = []
    attachment_ids: Ids = []
    note: Text | None = None
    corrects: Moment | None = None


class NewCrew(Input):
    """A crew; `lead` and `members` are user names."""

    crew_id: Id
    operator_id: Id | None = None
    area_code: Annotated[str, StringConstraints(pattern=r"^\d{6}$")]
    name: Text
    lead: Annotated[str, StringConstraints(max_length=100)] | None = None
    members: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], Field(max_length=50)
    ] = []
    skills: Ids = []
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None


class CrewChange(Input):
    """What may change of a crew."""

    name: Text = ""
    lead: Annotated[str, StringConstraints(max_length=100)] | None = None
    members: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=100)]], Field(max_length=50)
    ] = []
    skills: Ids = []


class NewPosition(Position):
    """Where the crew is, by the phone's clock."""

    device_time: Moment


class Duty(Input):
    """Whether the crew takes orders from now on."""

    on: StrictBool


class NewShift(Input):
    """When a crew works, `from` inclusive, `to` exclusive."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    shift_id: Id
    crew_id: Id
    from_: Annotated[Moment, Field(alias="from")]
    to: Moment
    on_duty: bool = True


class ShiftChange(Input):
    """What may change of a shift: its end, and whether the crew is on duty."""

    to: Moment | None = None
    on_duty: bool | None = None


def unix_ms(moment: datetime) -> int:
    """Return Unix milliseconds."""
    return round(moment.timestamp() * 1000)
