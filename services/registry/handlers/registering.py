"""Registering objects: what refers to what is checked, rows are completed, stored and published."""

import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from services.registry.domain import areas
from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE, Kind
from services.registry.handlers import blocking
from services.registry.handlers.errors import BadInput, Fault
from services.registry.handlers.publishing import messages
from services.registry.ports import Moment, Row, Unit


@dataclass(frozen=True, slots=True)
class Context:
    """What checking needs to know beside the inputs; `controllers` = those of the same file.

    `licenses`: who asks may say that a licence is valid, not only that it was applied for.
    """

    areas: Mapping[str, areas.Area]
    moment: Moment
    by: str
    controllers: AbstractSet[str] = field(default_factory=frozenset)
    licenses: bool = False


async def register(
    unit: Unit, kind: Kind, inputs: Sequence[Row], context: Context, since: dt.date | None
) -> list[Row]:
    """Store and publish new objects; raise BadInput, or Exists when an id is taken."""
    rows, faults = await prepare(unit, kind, inputs, context)
    if faults:
        raise BadInput(faults)
    await store(unit, kind, rows, context, since)
    return rows


async def store(unit: Unit, kind: Kind, rows: Sequence[Row], context: Context, since: dt.date | None) -> None:
    """Store and publish rows that were prepared."""
    await unit.insert(kind, rows, since)
    await unit.publish(messages(kind, rows, context.moment))
    if kind is DEVICE:
        sites = await unit.many(SITE, [row["site_id"] for row in rows])
        await blocking.settle(unit, rows, sites, context.moment)


async def prepare(
    unit: Unit, kind: Kind, inputs: Sequence[Row], context: Context
) -> tuple[list[Row], list[Fault]]:
    """Return complete rows for those inputs that are right, and what is wrong with the others."""
    if kind is DEVICE:
        return await _devices(unit, inputs, context)
    faults: list[Fault] = []
    rows: list[Row] = []
    owners = {}
    if kind is not OPERATOR:
        # A licence takes its holder's area, which must not change until it is stored.
        owners = await unit.many(OPERATOR, [given["operator_id"] for given in inputs], hold=kind is LICENCE)
    for index, given in enumerate(inputs):
        wrong = area_faults(index, kind, given, context)
        if kind is not OPERATOR and given["operator_id"] not in owners:
            wrong.append(Fault(index, "operator_id", "there is no such operator", absent=True))
        faults += wrong
        if not wrong:
            rows.append(_complete(kind, given, owners, context))
    return rows, faults


def area_faults(index: int, kind: Kind, given: Row, context: Context) -> list[Fault]:
    """Return what is wrong with the area codes of an input."""
    day = context.moment.day
    if kind is LICENCE:
        found = [areas.fault(context.areas, code, day, short=True) for code in given.get("area_codes", ())]
        return [Fault(index, "area_codes", reason) for reason in found if reason]
    if "area_code" not in given:
        return []
    reason = areas.fault(context.areas, given["area_code"], day)
    return [Fault(index, "area_code", reason)] if reason else []


def _complete(kind: Kind, given: Row, owners: Mapping[str, Row], context: Context) -> Row:
    row = {**given, "revision": 1, "recorded_by": context.by}
    if kind is LICENCE:
        # A licence belongs to its holder's area; where it allows to work stands in `area_codes`.
        row |= {"area_code": owners[given["operator_id"]]["area_code"]}
        row["state"] = "valid" if context.licenses else "applied"
        row |= {"renewal_filed_on": None, "state_reason": ""}
    return row


async def _devices(unit: Unit, inputs: Sequence[Row], context: Context) -> tuple[list[Row], list[Fault]]:
    sites = await unit.many(SITE, [given["site_id"] for given in inputs], hold=True)
    controllers = await unit.many(
        DEVICE, [given["controller_id"] for given in inputs if given["controller_id"]]
    )
    rows, faults = [], []
    for index, given in enumerate(inputs):
        site = sites.get(given["site_id"])
        if site is None:
            faults.append(Fault(index, "site_id", "there is no such site", absent=True))
        reason = controller_fault(given, controllers, context.controllers)
        if reason:
            faults.append(Fault(index, "controller_id", reason))
        if site is not None and not reason:
            rows.append(_device(given, site, context))
    return rows, faults


def controller_fault(device: Row, known: Mapping[str, Row], in_file: AbstractSet[str]) -> str | None:
    """Return why a device cannot stand under its controller, or None."""
    id_ = device["controller_id"]
    if id_ is None or id_ in in_file:
        return None
    if id_ == device["device_id"]:
        return "a device speaks for itself without naming itself"
    controller = known.get(id_)
    if controller is None:
        return "there is no such controller"
    if controller["kind"] != "controller":
        return f"{id_} is a {controller['kind']}, not a controller"
    return "the controller retired" if controller["retired_on"] else None


def _device(given: Row, site: Row, context: Context) -> Row:
    row = {
        **given,
        **blocking.inherited(site),
        "revoked": False,
        "retired_on": None,
        "maintenance": None,
        "maintenance_until": None,
        "registered_at": context.moment.at.isoformat(),
        "revision": 1,
        "recorded_by": context.by,
    }
    return blocking.judged(row, site)
