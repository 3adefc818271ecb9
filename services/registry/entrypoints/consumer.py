"""Dead letters of telemetry: who was heard but is not registered."""

import datetime as dt
import re

import msgspec

from services.registry.ports import Store
from shared.chassis.consumer import Retry
from shared.chassis.database import AWAY
from shared.chassis.kafka import Record
from shared.chassis.metrics import Counter
from shared.contracts.wire import ID_PATTERN

HEARD = Counter("gas_registry_heard_total", "Messages of unregistered devices", ["kept"])
_ID = re.compile(ID_PATTERN)


class _Named(msgspec.Struct):
    device_id: str


class HeardConsumer:
    """Notes the device of every dead letter whose reason is `unknown_device`; others are not its concern."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def handle(self, record: Record) -> None:
        """Note one dead letter; Retry while the database is away."""
        if record.headers.get("reason") != b"unknown_device" or not record.value:
            return
        client = record.headers.get("client", b"").decode(errors="replace")
        try:
            device_id = msgspec.json.decode(record.value, type=_Named).device_id
        except msgspec.DecodeError:
            return
        if not _ID.fullmatch(device_id):
            return
        at = dt.datetime.fromtimestamp(record.timestamp_ms / 1000, dt.UTC)
        message_id = f"{record.topic}/{record.partition}/{record.offset}"
        try:
            async with self._store.worker() as unit:
                kept = await unit.hear(client, device_id, at, message_id)
        except AWAY as error:
            raise Retry(f"the database is away ({type(error).__name__})") from error
        HEARD.labels(str(kept).lower()).inc()
