"""Rule D07: a detector made for another gas than the site's is not activated, and that is a finding."""

from collections.abc import Mapping, Sequence

from services.registry.domain.gases import mismatch
from services.registry.handlers.publishing import finding_message
from services.registry.ports import Moment, Row, Unit
from shared.chassis.ids import uuid7

RULE = "D07"


def inherited(site: Row) -> Row:
    """Return what a device has from its site: whose it is, where, and whether it is a canary."""
    return {name: site[name] for name in ("operator_id", "area_code", "reserved")}


def judged(device: Row, site: Row) -> Row:
    """Return a device's row with `active` as the rule and its retirement say."""
    blocked = mismatch(device["kind"], device["gas"], site["gas"]) is not None
    return {**device, "active": not blocked and device["retired_on"] is None}


async def settle(unit: Unit, devices: Sequence[Row], sites: Mapping[str, Row], moment: Moment) -> None:
    """Begin or end the findings of these devices, and publish which began or ended."""
    known = await unit.open_findings(RULE, [device["device_id"] for device in devices])
    begun, ended = [], []
    for device in devices:
        site = sites[device["site_id"]]
        reason = mismatch(device["kind"], device["gas"], site["gas"]) if not device["retired_on"] else None
        before = known.get(device["device_id"])
        if before is not None and (reason is None or before["evidence"] != _evidence(device, site)):
            ended.append(before)
            before = None
        if before is None and reason is not None:
            begun.append(_finding(device, site, reason))
    await unit.end_findings([finding["finding_id"] for finding in ended])
    await unit.record_findings(begun)
    await unit.publish(
        [finding_message(finding, ended=True, moment=moment) for finding in ended]
        + [finding_message(finding, ended=False, moment=moment) for finding in begun]
    )


def _evidence(device: Row, site: Row) -> str:
    return f"device {device['device_id']}: {device['gas']}; site {site['site_id']}: {site['gas']}"


def _finding(device: Row, site: Row, reason: str) -> Row:
    return {
        "finding_id": uuid7(),
        "rule": RULE,
        "device_id": device["device_id"],
        "site_id": device["site_id"],
        "operator_id": device["operator_id"],
        "area_code": device["area_code"],
        "reason": reason,
        "evidence": _evidence(device, site),
    }
