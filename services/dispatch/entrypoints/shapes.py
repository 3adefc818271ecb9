"""What dispatch's answers hold."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from shared.chassis.openapi import page_of
from shared.contracts import events, resources
from shared.contracts.events import OrderItemKind
from shared.contracts.resources import Shape, Time

Order = resources.shape(events.Order)


class OrderItem(Shape, kw_only=True):
    """One change of an order; `step` names the step that was reported."""

    at: Time
    kind: OrderItemKind
    actor: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET
    crew_id: str | UnsetType = UNSET
    alert_id: str | UnsetType = UNSET
    step: str | UnsetType = UNSET
    device_time: Time | UnsetType = UNSET


class StepPosition(Shape):
    """Where somebody was, in degrees WGS-84."""

    longitude: float
    latitude: float


class Step(Shape):
    """A step that a crew reported; `device_time` by the phone's clock, `corrects` that of another step."""

    step_id: str
    step: str
    person: str
    crew_id: str | None
    device_time: Time
    received_at: Time
    position: StepPosition | None
    readings: list[dict[str, Any]]
    attachment_ids: list[str]
    note: str | None
    corrects: Time | None


_HISTORY: list[tuple[str, Any]] = [("timeline", list[OrderItem]), ("steps", list[Step])]
OrderDetail = msgspec.defstruct(
    "OrderDetail",
    _HISTORY,
    bases=(Order,),
    namespace={"__doc__": "An order with its changes, and the steps of its crew as they were done."},
    forbid_unknown_fields=True,
)


class RecommendationReason(Shape):
    """A reason for or against a crew; `value` in the unit that its code names, `points` of 100."""

    code: str
    value: float
    points: float


class Recommendation(Shape):
    """A crew and what speaks for it; `available` = may be sent without a person's word."""

    crew_id: str
    name: str
    available: bool
    score: float
    reasons: list[RecommendationReason]


class Crew(Shape):
    """A crew as it stands now; `load` = orders it holds, position in degrees WGS-84."""

    crew_id: str
    operator_id: str
    area_code: str
    name: str
    lead: str | None
    members: list[str]
    skills: list[str]
    longitude: float | None
    latitude: float | None
    position_at: Time | None
    on_shift: bool
    load: int
    revision: int


class Shift(Shape, rename={"from_": "from"}):
    """When a crew works, `from` inclusive, `to` exclusive."""

    shift_id: str
    crew_id: str
    operator_id: str
    area_code: str
    from_: Time
    to: Time
    on_duty: bool
    revision: int


OrderPage = page_of(Order)
OrderItemPage = page_of(OrderItem, ("steps", list[Step]))
RecommendationPage = page_of(Recommendation)
CrewPage = page_of(Crew)
ShiftPage = page_of(Shift)
