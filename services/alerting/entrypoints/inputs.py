"""What requests may carry; a field that is not named here is refused."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from shared.chassis.times import Moment

Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
Note = Annotated[str, Field(max_length=1000)]


class Input(BaseModel):
    """The body of a request."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Acknowledge(Input):
    """Somebody has seen it."""

    note: Note = ""


class Confirm(Input):
    """What it turned out to be."""

    finding: Text


class Shelve(Input):
    """Out of the list for a while, at most 8 h; `until` is RFC 3339."""

    reason: Text
    until: Moment


class Nothing(Input):
    """A verb that needs no more."""


class Assign(Input):
    """Who looks after it."""

    person: Text


class Reset(Input):
    """The crew lead's finding on site, and the order that the crew came with."""

    finding: Text
    order_id: Text


class Arm(Input):
    """Why a valve is to be closed; the code was checked before the request came here."""

    reason: Text
    otp: str | None = Field(default=None, pattern=r"^[0-9]{6}$")


class Close(Input):
    """The token that arming gave."""

    arm_token: Annotated[str, Field(min_length=1, max_length=200)]


class Propose(Input):
    """A change of a rule's set-point; delays in seconds, the value in the set-point's unit."""

    key: Annotated[str | None, Field(max_length=40)] = None
    value: Annotated[float | None, Field(ge=0, le=1e6, allow_inf_nan=False)] = None
    on_s: Annotated[int | None, Field(ge=0, le=86_400)] = None
    off_s: Annotated[int | None, Field(ge=0, le=86_400)] = None
    deadband: Annotated[float | None, Field(ge=0, le=1e6, allow_inf_nan=False)] = None
    scope: Annotated[str, Field(max_length=80)] = ""
    standard: Annotated[str | None, Field(max_length=200)] = None
    clause: Annotated[str | None, Field(max_length=80)] = None
    verified: bool | None = None
    effective_from: Moment
    reason: Text
