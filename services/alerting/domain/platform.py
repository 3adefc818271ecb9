"""Signals that are not about one known device: D08 (unregistered), S02 (the platform itself), S01 (load)."""

from services.alerting.domain.items import Item, event_data
from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.site import PLATFORM_SITE
from services.alerting.domain.spec import Spec


def stranger_signal(spokesman: Spec, subject: str, item: Item | None, now_ms: int, sign: Sign) -> Signal:
    """Return the alarm of somebody unknown, at the site of the client that passed it on.

    D08: a device that nobody registered. S02 (`rejected:<client>`): a message that had to be rejected held
    the word alarm. Both end by themselves when nothing more came for a while (`item` is then None).
    """
    site_id = spokesman.facts.site_id
    kind, _, client = subject.rpartition(":")
    if kind == "rejected":
        point = spokesman.points["S02"]
        return platform_signal(
            sign, subject, point, now_ms, "alarm_rejected", site_id=site_id, device_ids=(client,)
        )
    value = item.lel_percent if item else None
    if item and item.type == "alarm_raised":
        value = event_data(item).lel_percent
    return Signal(
        sign=sign,
        rule="D08",
        family="unregistered",
        subject=subject,
        site_id=site_id,
        record_ms=now_ms,
        device_ids=(client,),  # a device's id, or of many strangers their client's
        priority=spokesman.points["D08"].priority,
        value=value,
        unit="%LEL" if value is not None else "",
        rule_version=spokesman.points["D08"].version,
        buffered=True,
        unregistered=True,
        reason="unregistered_device",
    )


def platform_signal(
    sign: Sign,
    subject: str,
    point: SetPoint,
    now_ms: int,
    reason: str,
    *,
    site_id: str = PLATFORM_SITE,
    device_ids: tuple[str, ...] = (),
    priority: str | None = None,
    value: float | None = None,
) -> Signal:
    """Return S01 or S02 about `subject`; without a site it belongs to the platform."""
    return Signal(
        sign=sign,
        rule=point.rule,
        family="load" if point.rule == "S01" else "platform",
        subject=subject,
        site_id=site_id,
        record_ms=now_ms,
        device_ids=device_ids,
        priority=priority or point.priority,
        value=value,
        set_point=point.value,
        unit=point.unit,
        rule_version=point.version,
        buffered=True,
        reason=reason,
    )
