"""The registry's devices in: whose they are and how often they speak."""

from collections.abc import Awaitable, Callable

import msgspec

from shared.chassis.consumer import Reject
from shared.chassis.kafka import Record
from shared.contracts.objects import Device

GROUP = "history-devices"
_DECODER = msgspec.json.Decoder(Device)


def device_handler(
    tell: Callable[[str, Device | None], Awaitable[None]],
) -> Callable[[Record], Awaitable[None]]:
    """Return what handles one record of `gas.device.v1`."""

    async def handle(record: Record) -> None:
        if record.key is None:
            raise Reject("missing_field", "a device without a key")
        device_id = record.key.decode()
        if not record.value:
            await tell(device_id, None)
            return
        try:
            device = _DECODER.decode(record.value)
        except ValueError as error:
            raise Reject("bad_field", str(error)) from error
        await tell(device_id, device)

    return handle
