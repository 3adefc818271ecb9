"""Dead letters of devices that nobody had registered: played again once somebody has."""

import asyncio
from typing import Final

import orjson

from services.ingestion.handlers.flow import Flow
from services.ingestion.handlers.intake import Intake
from services.ingestion.ports import LettersUnavailable, WaitingLetters
from shared.chassis.clock import Clock
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter
from shared.contracts.objects import Device

GATHER_S: Final = 0.5
"""An import registers many devices; one pass over the dead letters serves all of them."""
RETRY_S: Final = 5.0
LOOK_BACK_MS: Final = 24 * 3600 * 1000
"""At start: devices registered at most so long ago, because this process may not have been there."""
SLACK_MS: Final = 60_000
"""What was rejected up to so long after the registration can be of a device that was not known here yet."""

REPLAYED = Counter("gas_ingestion_replayed_total", "Dead letters played again after registration")


class Replay:
    """Hears of new devices and plays again what waited for them, marked `replayed` and `buffered`.

    It can be played more than once (a restart within a day): readers recognise it by its ids.
    """

    def __init__(self, intake: Intake, flow: Flow, letters: WaitingLetters, clock: Clock) -> None:
        self._intake = intake
        self._flow = flow
        self._letters = letters
        self._clock = clock
        self._new: dict[str, Device] = {}
        self._running = False
        self._wake = asyncio.Event()

    def registered(self, device: Device) -> None:
        """Note a device that was not known before."""
        if not self._running and device.registered_at_ms < self._clock.now_ms() - LOOK_BACK_MS:
            return
        self._new[device.device_id] = device
        self._wake.set()

    async def run(self) -> None:
        """Play again, pass by pass, until cancelled; the first pass serves what was registered before."""
        at_start, self._running = True, True
        while True:
            await self._wake.wait()
            await asyncio.sleep(GATHER_S)
            self._wake.clear()
            devices, self._new = self._new, {}
            # What was taken before the registration must be a dead letter before they are read.
            await self._flow.settled()
            try:
                count = await self._pass(devices, at_start=at_start)
            except LettersUnavailable as error:
                get_logger().warning("cannot read the dead letters now", error=str(error))
                self._new = devices | self._new
                self._wake.set()
                await asyncio.sleep(RETRY_S)
                continue
            at_start = False
            if count:
                get_logger().info("played dead letters again", letters=count, devices=len(devices))

    async def _pass(self, devices: dict[str, Device], *, at_start: bool) -> int:
        count = 0
        async for batch in self._letters.scan():
            for letter in batch:
                device = devices.get(_device_id(letter.value))
                if device is None or device.client_id != letter.client:
                    continue
                if at_start and letter.failed_at_ms > device.registered_at_ms + SLACK_MS:
                    continue
                count += self._intake.replay(letter.value, letter.client, letter.leaf)
            self._flow.wake()
            await self._flow.settled()
        REPLAYED.inc(count)
        return count


def _device_id(value: bytes) -> str:
    try:
        found = orjson.loads(value)
    except orjson.JSONDecodeError:
        return ""
    device_id = found.get("device_id") if isinstance(found, dict) else None
    return device_id if isinstance(device_id, str) else ""
