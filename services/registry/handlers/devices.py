"""What is done to a device: maintenance, tests, retirement, credentials."""

import asyncio
import datetime as dt
from collections.abc import Sequence

from services.registry.domain.kinds import DEVICE, SITE
from services.registry.handlers import blocking
from services.registry.handlers.changing import apply, apply_all, current, load
from services.registry.handlers.errors import Absent, BadInput, Fault, NotAllowed
from services.registry.handlers.publishing import client_of
from services.registry.handlers.registering import Context
from services.registry.ports import CertificateAuthority, Issued, Row, Takeover, Unit

MAINTENANCE_MAX = dt.timedelta(hours=4)
# So that a clock a little ahead of ours may still ask for the whole four hours.
CLOCK_SLACK = dt.timedelta(seconds=5)
ENDED_AT_ONCE_MAX = 200


async def maintain(unit: Unit, id_: str, reason: str, until: dt.datetime, context: Context) -> Row:
    """Put a device under maintenance until a time, at most 4 h away; it ends by itself."""
    at = context.moment.at
    versions = await load(unit, DEVICE, id_)
    if current(versions)["retired_on"]:
        raise NotAllowed("the device retired")
    if until > at + MAINTENANCE_MAX + CLOCK_SLACK:
        raise BadInput([Fault(0, "until", "maintenance lasts at most 4 hours")])
    if until <= at:
        raise BadInput([Fault(0, "until", "lies in the past")])
    under = {"reason": reason, "until_ms": round(until.timestamp() * 1000), "by": context.by}
    changes = {"maintenance": under, "maintenance_until": until.isoformat()}
    return await apply(unit, DEVICE, versions, changes, context)


async def end_maintenance(unit: Unit, context: Context) -> int:
    """End the maintenance of every device whose time has passed; return how many."""
    due = await unit.maintenance_over(ENDED_AT_ONCE_MAX)
    if not due:
        return 0
    await unit.lock(DEVICE, due)
    # Somebody may have prolonged it before we had the lock.
    still = set(await unit.maintenance_over(ENDED_AT_ONCE_MAX)) & set(due)
    ended = {"maintenance": None, "maintenance_until": None}
    believed = await unit.believed(DEVICE, still)
    changed = {id_: (versions, ended) for id_, versions in believed.items()}
    await apply_all(unit, DEVICE, changed, context, context.moment.day)
    return len(changed)


async def record_test(unit: Unit, id_: str, test: Row, context: Context) -> Row:
    """Record a check or test of a device."""
    device = await unit.get(DEVICE, id_)
    if device is None:
        raise Absent(DEVICE)
    if test["done_on"] > context.moment.day.isoformat():
        raise BadInput([Fault(0, "done_on", "lies in the future")])
    row = {
        "device_id": id_,
        "operator_id": device["operator_id"],
        "area_code": device["area_code"],
        "recorded_by": context.by,
        **test,
    }
    await unit.record_test(row)
    return row


async def retire(unit: Unit, id_: str, context: Context) -> Row:
    """Take a device out of use for ever, with its certificates; its findings end.

    NotAllowed: it is the controller of devices in use, which would be silenced with it.
    """
    seen = await unit.get(DEVICE, id_)
    if seen is None:
        raise Absent(DEVICE)
    sites = await unit.many(SITE, [seen["site_id"]], hold=True)
    versions = await load(unit, DEVICE, id_)
    device = current(versions)
    if device["retired_on"]:
        raise NotAllowed("the device retired already")
    # Nobody would hear their alarms from then on, and nothing on the screen would say so.
    if (left := await unit.behind(id_)) is not None:
        raise NotAllowed(f"it speaks for {left}: place its devices elsewhere or retire them first")
    revoked = await unit.revoke_certificates(id_, context.by) > 0
    changes = {
        "retired_on": context.moment.day.isoformat(),
        "active": False,
        "revoked": revoked or device["revoked"],
        "maintenance": None,
        "maintenance_until": None,
    }
    row = await apply(unit, DEVICE, versions, changes, context)
    if row["site_id"] in sites:
        await blocking.settle(unit, [row], sites, context.moment)
    return row


async def issue(
    unit: Unit,
    ids: Sequence[str],
    authority: CertificateAuthority,
    context: Context,
    takeover: Takeover | None = None,
) -> list[Issued]:
    """Issue a certificate to each device; the keys are returned and kept nowhere.

    A revoked device is believed again from now on: who is still connected in its name is put out first.
    NotAllowed: one of them retired, or a controller speaks for it.
    """
    await unit.lock(DEVICE, ids)
    believed = await unit.believed(DEVICE, ids)
    if unknown := [id_ for id_ in ids if id_ not in believed]:
        raise Absent(DEVICE, unknown)
    devices = {id_: current(versions) for id_, versions in believed.items()}
    if refused := [reason for id_ in ids if (reason := _without_certificate(devices[id_]))]:
        raise NotAllowed("; ".join(refused))
    issued = await asyncio.to_thread(authority.issue, ids, context.moment.at)
    await unit.record_certificates(
        [
            {
                "serial": one.serial,
                "device_id": one.device_id,
                "operator_id": devices[one.device_id]["operator_id"],
                "area_code": devices[one.device_id]["area_code"],
                "fingerprint": one.fingerprint,
                "not_before": one.not_before.isoformat(),
                "not_after": one.not_after.isoformat(),
                "issued_by": context.by,
            }
            for one in issued
        ]
    )
    for one in issued:
        if takeover is not None and devices[one.device_id]["revoked"]:
            await takeover(one)
    again = {id_: (believed[id_], {"revoked": False}) for id_ in ids if devices[id_]["revoked"]}
    await apply_all(unit, DEVICE, again, context, context.moment.day)
    return issued


def _without_certificate(device: Row) -> str | None:
    """Return why a device gets no certificate, or None."""
    id_ = device["device_id"]
    if device["retired_on"]:
        return f"{id_} retired and gets no certificate"
    if (client := client_of(device)) != id_:
        # Whatever it sent under its own name would be refused as `wrong_client`.
        return f"{id_} speaks through {client}: ask for the credentials of {client}"
    return None


async def revoke(unit: Unit, id_: str, context: Context) -> Row:
    """Revoke all certificates of a device; whoever hears it must ignore it from now on."""
    versions = await load(unit, DEVICE, id_)
    await unit.revoke_certificates(id_, context.by)
    if current(versions)["revoked"]:
        return current(versions)
    return await apply(unit, DEVICE, versions, {"revoked": True}, context)
