"""Who may do what with orders, crews and shifts; everything else is refused."""

from typing import Annotated

from fastapi import Depends

from services.dispatch.domain.model import Order, Place
from shared.chassis.database import area_prefix
from shared.chassis.http import Asking, require
from shared.chassis.principal import Principal

CREW = frozenset({"crew_member", "crew_lead"})
DIRECTORS = frozenset({"dispatcher", "watch_supervisor", "administrator"})
OPENERS = DIRECTORS | {"watch"}
PLANNERS = DIRECTORS | {"operator_admin"}
REGULATORS = frozenset({"regulator_viewer", "regulator_officer", "regulator_approver", "inspector"})
READERS = OPENERS | PLANNERS | REGULATORS | {"government_approver"} | CREW


class Allow:
    """A dependency that refuses with 403 who has none of the roles, before the body is looked at."""

    def __init__(self, roles: frozenset[str]) -> None:
        self._roles = roles

    def __call__(self, asking: Asking) -> Principal:
        """Return who asks."""
        require(asking, self._roles)
        return asking


Reading = Annotated[Principal, Depends(Allow(READERS))]
Opening = Annotated[Principal, Depends(Allow(OPENERS))]
Directing = Annotated[Principal, Depends(Allow(DIRECTORS))]
Planning = Annotated[Principal, Depends(Allow(PLANNERS))]
Working = Annotated[Principal, Depends(Allow(CREW))]
Closing = Annotated[Principal, Depends(Allow(DIRECTORS | {"crew_lead"}))]
Moving = Annotated[Principal, Depends(Allow(CREW | DIRECTORS))]


def is_crew_only(asking: Principal) -> bool:
    """Return whether somebody sees nothing but the own crew's orders."""
    return asking.roles <= CREW


def sees(asking: Principal, order: Order) -> bool:
    """Return whether a row that the database shows is this person's business."""
    if not is_crew_only(asking):
        return True
    return asking.crew_id is not None and asking.crew_id in {order.crew_id, *order.crews_before}


def owns(asking: Principal, place: Place) -> bool:
    """Return whether a site lies within what somebody may see."""
    if asking.operator_id is not None:
        return place.operator_id == asking.operator_id
    if asking.area_code is not None:
        return place.area_code.startswith(area_prefix(asking.area_code))
    return asking.has({"administrator"})
