"""Deliveries and escalations: rows that are due, looked at by the database's clock."""

import asyncio
import contextlib
from collections import Counter

from services.notification.domain.backoff import KEEP_EVERY_S
from services.notification.domain.model import Delivery, Result
from services.notification.handlers import Notifying
from services.notification.ports import Channels, Ledger
from shared.chassis.database import AWAY
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter as Counted

LANE_MAX = 4  # so that a receiver that hangs keeps at most so many senders waiting
CLAIM_MAX = 4
PAUSE_S_MAX = 2.0
MARK_AGAIN_S = 0.5
CLEAN_EVERY_S = 3600.0
STOP_S = 5.0

SENT = Counted("gas_notification_attempts_total", "Attempts to deliver", ["channel", "delivered"])


class Deliverer:
    """Keeps up to `senders` deliveries on their way."""

    def __init__(
        self,
        notifying: Notifying,
        ledger: Ledger,
        channels: Channels,
        health: Health,
        *,
        woken: asyncio.Event,
        senders: int,
        poll_s: float,
    ) -> None:
        self._notifying = notifying
        self._ledger = ledger
        self._channels = channels
        self._health = health
        self._woken = woken
        self._senders = senders
        self._poll_s = poll_s
        self._lanes: Counter[str] = Counter()
        self._running: dict[asyncio.Task[None], Delivery] = {}

    async def run(self) -> None:
        """Deliver until cancelled; what is on its way then gets a few seconds to end."""
        keeping = asyncio.create_task(self._keep())
        try:
            while True:
                pause_s = self._poll_s
                try:
                    if await self._start_some():
                        continue
                    self._health.set("deliveries", ok=True)
                except AWAY as error:
                    pause_s = min(max(pause_s, 1.0) * 2, PAUSE_S_MAX)
                    self._health.set("deliveries", ok=False, detail=type(error).__name__)
                    get_logger().warning("deliveries wait for the database", error=str(error))
                await self._wait(pause_s)
        finally:
            if self._running:
                await asyncio.wait(self._running, timeout=STOP_S)
            keeping.cancel()

    async def _keep(self) -> None:
        """Say again and again what is still on its way, so that only a dead sender's is taken over."""
        while True:
            await asyncio.sleep(KEEP_EVERY_S)
            if self._running:
                with contextlib.suppress(*AWAY):
                    await self._ledger.keep(list(self._running.values()))

    async def _wait(self, seconds: float) -> None:
        """Wait until somebody planned a delivery, a sender is free, or `seconds` have passed."""
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            pass
        self._woken.clear()

    async def _start_some(self) -> bool:
        free = self._senders - len(self._running)
        if free <= 0:
            return False
        busy = [lane for lane, count in self._lanes.items() if count >= LANE_MAX]
        claimed = await self._ledger.claim(min(free, CLAIM_MAX), busy)
        for delivery in claimed:
            lane = self._channels.lane(delivery.channel, delivery.address)
            self._lanes[lane] += 1
            task = asyncio.create_task(self._deliver(delivery, lane))
            self._running[task] = delivery
            task.add_done_callback(self._running.pop)
        return bool(claimed)

    async def _deliver(self, delivery: Delivery, lane: str) -> None:
        try:
            result = await self._channels.send(delivery)
            SENT.labels(delivery.channel, str(result.delivered)).inc()
            if not result.delivered:
                get_logger().warning(
                    "not delivered",
                    delivery=delivery.delivery_id,
                    channel=delivery.channel,
                    why=result.detail,
                )
            await self._mark(delivery, result)
        finally:
            self._lanes[lane] -= 1
            self._woken.set()

    async def _mark(self, delivery: Delivery, result: Result) -> None:
        """Record how it went, as soon as the database answers: nobody is told twice because it was away."""
        while True:
            try:
                await self._notifying.mark(delivery, result)
            except AWAY as error:
                get_logger().warning("sent but not marked", delivery=delivery.delivery_id, error=str(error))
                await asyncio.sleep(MARK_AGAIN_S)
            else:
                return


async def escalate(notifying: Notifying, health: Health, woken: asyncio.Event, poll_s: float) -> None:
    """Escalate until cancelled; several instances may do so, the rows decide."""
    pause_s = poll_s
    clean_at = 0.0
    while True:
        try:
            if asyncio.get_running_loop().time() >= clean_at:
                clean_at = asyncio.get_running_loop().time() + CLEAN_EVERY_S
                await notifying.ledger.clean()
            if await notifying.escalate():
                woken.set()
            pause_s = poll_s
            health.set("escalations", ok=True)
        except AWAY as error:
            pause_s = min(pause_s * 2, PAUSE_S_MAX)
            health.set("escalations", ok=False, detail=type(error).__name__)
            get_logger().warning("escalations wait for the database", error=str(error))
        await asyncio.sleep(pause_s)
