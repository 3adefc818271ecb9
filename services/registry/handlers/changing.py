"""Changing objects: new versions from a day on, with what follows for the devices of a changed site."""

import datetime as dt
from collections.abc import Mapping

from services.registry.domain.history import Version, amend, correct
from services.registry.domain.kinds import DEVICE, LICENCE, OPERATOR, SITE, Kind
from services.registry.handlers import blocking
from services.registry.handlers.errors import Absent, BadInput, Fault, NotAllowed, Stale
from services.registry.handlers.publishing import messages
from services.registry.handlers.registering import Context, area_faults, controller_fault
from services.registry.ports import Row, Unit, Wanted

# More licences than any one firm holds.
LICENCES_MAX = 10_000
_CARRIED = ("operator_id", "area_code", "gas", "reserved")


async def load(unit: Unit, kind: Kind, id_: str, revision: int | None = None) -> list[Version]:
    """Lock an object and return what is believed of it; raise Absent or Stale."""
    await unit.lock(kind, [id_])
    versions = (await unit.believed(kind, [id_])).get(id_)
    if not versions:
        raise Absent(kind)
    if revision is not None and current(versions)["revision"] != revision:
        raise Stale
    return versions


def current(versions: list[Version]) -> Row:
    """Return what holds from now on."""
    return dict(next(version for version in versions if version.until is None).fields)


async def apply(
    unit: Unit,
    kind: Kind,
    versions: list[Version],
    changes: Mapping[str, object],
    context: Context,
    since: dt.date | None = None,
) -> Row:
    """Store an object's changes from a day on (None = today), publish and return what holds now."""
    changed = {current(versions)[kind.id]: (versions, changes)}
    rows = await apply_all(unit, kind, changed, context, since or context.moment.day)
    return rows[0]


async def apply_all(
    unit: Unit,
    kind: Kind,
    changed: Mapping[str, tuple[list[Version], Mapping[str, object]]],
    context: Context,
    since: dt.date,
) -> list[Row]:
    """Do the same for many objects at once."""
    fresh: dict[str, list[Version]] = {}
    rows: list[Row] = []
    for id_, (versions, changes) in changed.items():
        new = amend(versions, {**changes, **_stamp(versions, context)}, since)
        untouched = {id(version) for version in versions}
        fresh[id_] = [version for version in new if id(version) not in untouched]
        rows.append(current(new))
    await unit.rewrite(kind, fresh, since)
    await unit.publish(messages(kind, rows, context.moment))
    return rows


def _stamp(versions: list[Version], context: Context) -> dict[str, object]:
    return {"revision": current(versions)["revision"] + 1, "recorded_by": context.by}


async def _apply_change(
    unit: Unit,
    kind: Kind,
    versions: list[Version],
    changes: Mapping[str, object],
    context: Context,
    since: dt.date | None,
) -> Row:
    """Do what a person changed: from the day that was named, else dated facts from always, others today."""
    dated = {name: value for name, value in changes.items() if name in kind.dated}
    if since is not None or not dated:
        return await apply(unit, kind, versions, changes, context, since)
    stamp = _stamp(versions, context)
    new = correct(versions, dated, stamp)
    others = {name: value for name, value in changes.items() if name not in dated}
    if any(current(new)[name] != value for name, value in others.items()):
        new = amend(new, {**others, **stamp}, context.moment.day)
    row = current(new)
    await unit.rewrite(kind, {row[kind.id]: new}, None)
    await unit.publish(messages(kind, [row], context.moment))
    return row


async def change(
    unit: Unit, kind: Kind, id_: str, revision: int, changes: Row, context: Context, since: dt.date | None
) -> Row:
    """Change an object's fields from a day on; raise Absent, Stale, BadInput or NotAllowed."""
    faults = area_faults(0, kind, changes, context)
    if since is not None and since > context.moment.day:
        faults.append(Fault(0, "effective_on", "a change may not lie in the future"))
    if faults:
        raise BadInput(faults)
    if kind is DEVICE:
        return await _change_device(unit, id_, revision, changes, context, since)
    versions = await load(unit, kind, id_, revision)
    before = current(versions)
    if "operator_id" in changes and kind in (SITE, LICENCE):
        owner = (await unit.many(OPERATOR, [changes["operator_id"]])).get(changes["operator_id"])
        if owner is None:
            raise BadInput([Fault(0, "operator_id", "there is no such operator", absent=True)])
        if kind is LICENCE:
            changes = {**changes, "area_code": owner["area_code"]}
    if kind is LICENCE:
        _check_dates(versions, changes)
    after = await _apply_change(unit, kind, versions, changes, context, since)
    if kind is SITE and any(before[name] != after[name] for name in _CARRIED):
        await _carry(unit, after, context, since)
    if kind is OPERATOR and before["area_code"] != after["area_code"]:
        await _carry_seat(unit, after, context, since)
    return after


def _check_dates(versions: list[Version], changes: Row) -> None:
    every = [{**version.fields, **changes} for version in versions]
    if any(licence["valid_to"] < licence["valid_from"] for licence in every):
        raise BadInput([Fault(0, "valid_to", "lies before valid_from")])


async def _carry_seat(unit: Unit, operator: Row, context: Context, since: dt.date | None) -> None:
    """A licence belongs to its holder's area."""
    owned = Wanted(filters={"operator_id": operator["operator_id"]})
    ids = [row["licence_id"] for row in await unit.page(LICENCE, owned, (), LICENCES_MAX)]
    await unit.lock(LICENCE, ids)
    moved = {"area_code": operator["area_code"]}
    changed = {id_: (versions, moved) for id_, versions in (await unit.believed(LICENCE, ids)).items()}
    await apply_all(unit, LICENCE, changed, context, since or context.moment.day)


async def _carry(unit: Unit, site: Row, context: Context, since: dt.date | None) -> None:
    """A site's owner, area, gas and being reserved decide the same of its devices."""
    devices = await unit.devices_of(site["site_id"])
    ids = [device["device_id"] for device in devices]
    await unit.lock(DEVICE, ids)
    changed = {}
    for id_, versions in (await unit.believed(DEVICE, ids)).items():
        device = current(versions)
        owned = blocking.inherited(site)
        fresh = blocking.judged({**device, **owned}, site)
        changes = {name: fresh[name] for name in (*owned, "active") if fresh[name] != device[name]}
        if changes:
            changed[id_] = (versions, changes)
    rows = await apply_all(unit, DEVICE, changed, context, since or context.moment.day)
    after = {row["device_id"]: row for row in rows}
    await blocking.settle(
        unit,
        [after.get(device["device_id"], device) for device in devices],
        {site["site_id"]: site},
        context.moment,
    )


async def _change_device(
    unit: Unit, id_: str, revision: int, changes: Row, context: Context, since: dt.date | None
) -> Row:
    # The site is held before the device is locked: the same order as when a site changes.
    seen = await unit.get(DEVICE, id_)
    if seen is None:
        raise Absent(DEVICE)
    site_id: str = changes.get("site_id") or seen["site_id"]
    site = (await unit.many(SITE, [site_id], hold=True)).get(site_id)
    if site is None:
        raise BadInput([Fault(0, "site_id", "there is no such site", absent=True)])
    versions = await load(unit, DEVICE, id_, revision)
    before = current(versions)
    if before["retired_on"]:
        raise NotAllowed("a retired device does not change any more")
    wanted = {**before, **changes}
    if changes.get("controller_id"):
        known = await unit.many(DEVICE, [wanted["controller_id"]])
        reason = controller_fault(wanted, known, frozenset())
        if reason:
            raise BadInput([Fault(0, "controller_id", reason)])
    owned = blocking.inherited(site)
    fresh = blocking.judged({**wanted, **owned}, site)
    followed = {**changes, **owned, "active": fresh["active"]}
    row = await _apply_change(unit, DEVICE, versions, followed, context, since)
    await blocking.settle(unit, [row], {site_id: site}, context.moment)
    return row
