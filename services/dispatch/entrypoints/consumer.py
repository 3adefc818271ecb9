"""Alert and enforcement events in: bytes → event → cause → one decision."""

import msgspec

from services.dispatch.domain.model import Place
from services.dispatch.domain.policy import Cause
from services.dispatch.handlers.use_cases import Dispatching
from shared.chassis.cloudevents import event_id, event_type
from shared.chassis.consumer import Reject, Retry
from shared.chassis.database import AWAY
from shared.chassis.kafka import Record
from shared.contracts import topic_names as names
from shared.contracts.events import AlertChanged, EnforcementEvent

TOPICS = (names.ALERT, names.ENFORCEMENT)


class Consumer:
    """Handles one record at a time; a record that comes again changes nothing."""

    def __init__(self, dispatching: Dispatching) -> None:
        self._dispatching = dispatching
        self._alerts = msgspec.json.Decoder(AlertChanged)
        self._findings = msgspec.json.Decoder(EnforcementEvent)

    async def handle(self, record: Record) -> None:
        """Reject what cannot be read; wait while the database is away."""
        if record.value is None:
            raise Reject("not_json", "an event without data")
        message_id = event_id(record.headers) or f"{record.topic}/{record.partition}/{record.offset}"
        try:
            found = self._cause(record.topic, event_type(record.headers), record.value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Reject("not_json", str(error)) from error
        if found is None:
            return
        cause, place = found
        try:
            await self._dispatching.on_cause(cause, place, message_id)
        except AWAY as error:
            raise Retry(f"{type(error).__name__}: {error}") from error

    def _cause(self, topic: str, type_: str, value: bytes) -> tuple[Cause, Place] | None:
        if topic == names.ALERT:
            return self._alert(value)
        finding = self._findings.decode(value)
        if finding.site_id is None or type_ != "cn.gas.enforcement.found.v1":
            return None
        cause = Cause(cause_id=finding.finding_id, rule=finding.rule, priority=finding.priority)
        return cause, self._dispatching.place(finding.site_id, finding.operator_id, finding.area_code)

    def _alert(self, value: bytes) -> tuple[Cause, Place]:
        changed = self._alerts.decode(value)
        alert = changed.alert
        cause = Cause(
            cause_id=alert.alert_id,
            rule=alert.rule,
            priority=alert.priority,
            zone=alert.zone,
            trigger=changed.item.kind,
            active=alert.active,
            suppressed=alert.suppressed,
            test=alert.test,
            reserved=alert.reserved,
            latched=alert.latched,
            # The first line of an alert is its first revision; whatever raises it later does so anew.
            again=changed.item.kind == "raised" and alert.revision > 1,
        )
        return cause, self._dispatching.place(alert.site_id, alert.operator_id, alert.area_code)
