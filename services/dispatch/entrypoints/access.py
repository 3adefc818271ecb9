"""Whose business an order or a site is, beyond what row-level security says."""

from services.dispatch.domain.model import Order, Place
from shared.chassis.database import area_prefix
from shared.chassis.principal import Principal
from shared.contracts.access import CREW


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
