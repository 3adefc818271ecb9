"""Order events in: who holds a site, and which alerts an order is about."""

import msgspec

from services.alerting.handlers import Deciding
from services.alerting.ports import Unavailable
from shared.chassis.cloudevents import event_id, event_type
from shared.chassis.consumer import Reject, Retry
from shared.chassis.kafka import Record
from shared.contracts.events import EVENT_TYPES, OrderChanged
from shared.contracts.topic_names import ORDER

GROUP = "alerting-orders"
TOPICS = (ORDER,)
# By these an order neither takes a site, nor leaves it, nor is about another alert.
PASSED_OVER = frozenset(
    {"recommended", "assigned", "reassigned", "accepted", "departed", "step", "escalated"}
)
_DECODER = msgspec.json.Decoder(OrderChanged)


class Orders:
    """Handles one order event at a time."""

    def __init__(self, deciding: Deciding) -> None:
        self._deciding = deciding

    async def handle(self, record: Record) -> None:
        """Follow one order event; types that a newer dispatch may add are passed over."""
        if EVENT_TYPES.get(event_type(record.headers)) is not OrderChanged or record.value is None:
            return
        try:
            said = _DECODER.decode(record.value)
        except msgspec.MsgspecError as error:
            raise Reject("bad_field", str(error)) from error
        if said.item.kind in PASSED_OVER:
            return
        try:
            await self._deciding.order(event_id(record.headers), said)
        except Unavailable as error:
            raise Retry(str(error)) from error
