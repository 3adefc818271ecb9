"""Automatic closes, from the command topic into the audit chain: nobody's request stands for them."""

import msgspec

from services.portal.domain.audit import Entry
from services.portal.ports import Audit
from shared.chassis.consumer import Reject, Retry
from shared.chassis.database import AWAY
from shared.chassis.kafka import Record
from shared.contracts.events import ValveCommandIssued

GROUP = "portal-audit"
_DECODER = msgspec.json.Decoder(ValveCommandIssued)


class Closes:
    """Handles records of `gas.valve-command.v1`."""

    def __init__(self, audit: Audit) -> None:
        self._audit = audit

    async def __call__(self, record: Record) -> None:
        """Add an automatic close once, however often its command goes out; by hand, the request stands."""
        try:
            command = _DECODER.decode(record.value or b"")
        except msgspec.DecodeError as error:
            raise Reject("not_json", str(error)) from error
        if not command.automatic or command.attempt > 1:
            return
        entry = Entry(
            at_ms=command.issued_at_ms,
            kind="automatic",
            actor=", ".join(command.actors),
            role="alerting",
            action="valve closes automatically",
            object=f"valves/{command.valve_id}/commands/{command.command_id}",
            operator_id=command.operator_id,
            area_code=command.area_code,
            reason=command.reason,
            after={"site_id": command.site_id, "zone": command.zone, "alert_id": command.alert_id},
        )
        try:
            await self._audit.add_automatic(entry)
        except AWAY as error:
            raise Retry(str(error)) from error
