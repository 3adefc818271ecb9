"""Which models create and change which kind, and how its objects look in HTTP."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE, Kind
from services.registry.entrypoints import models
from services.registry.handlers import blocking
from services.registry.handlers.publishing import client_of, licence_state
from services.registry.ports import Moment, Row
from shared.chassis.times import parse_rfc3339, rfc3339


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind of object in HTTP."""

    kind: Kind
    create: type[BaseModel]
    change: type[BaseModel]


RESOURCES = (
    Resource(OPERATOR, models.NewOperator, models.OperatorChange),
    Resource(LICENCE, models.NewLicence, models.LicenceChange),
    Resource(SITE, models.NewSite, models.SiteChange),
    Resource(DEVICE, models.NewDevice, models.DeviceChange),
)
_INTERNAL = ("recorded_by", "maintenance_until")


def columns(given: BaseModel, *, only_set: bool = False) -> Row:
    """Return an input as columns; `only_set` leaves out what the client did not send."""
    return given.model_dump(mode="json", by_alias=True, exclude_unset=only_set)


def present(kind: Kind, row: Row, moment: Moment, day: dt.date | None = None) -> dict[str, Any]:
    """Return an object as `GET` gives it on a day (today unless said): times in RFC 3339."""
    found = {name: value for name, value in row.items() if name not in _INTERNAL}
    if kind is LICENCE:
        found["state"] = licence_state(row, day or moment.day)
    if kind is DEVICE:
        found["client_id"] = client_of(row)
        # Only this rule and its retirement keep a device from being active.
        found["inactive_reason"] = None if row["active"] or row["retired_on"] else blocking.RULE
        found["registered_at"] = rfc3339(parse_rfc3339(row["registered_at"]))
        under = row["maintenance"]
        found["maintenance"] = under and {
            "reason": under["reason"],
            "until": rfc3339(under["until_ms"]),
            "by": under["by"],
        }
    return found
