"""Simulated crews: they see an order on the phone, accept, drive, work step by step, reset and close."""

import asyncio
import contextlib
import random
from datetime import UTC, datetime
from typing import Any

from simulators.api import Api, ApiError
from simulators.world import World

POLL_S = 1.0
STEPS = ["cordoned", "source_isolated", "evacuated", "ventilated", "below_20_lel", "located", "repaired"]


class Crew:
    """The phone of a crew's lead."""

    def __init__(
        self, api: Api, crew_id: str, world: World, rng: random.Random, *, speed: float = 1.0
    ) -> None:
        self._api = api
        self._crew_id = crew_id
        self._world = world
        self._rng = rng
        self._speed = speed

    async def run(self) -> None:
        """Work until cancelled; a network that fails is tried again."""
        while True:
            with contextlib.suppress(ApiError, OSError):
                for order in (await self._api.get("orders", crew_id=self._crew_id))["items"]:
                    await self._next(order)
            await asyncio.sleep(POLL_S)

    async def _pause(self, low_s: float, high_s: float) -> None:
        await asyncio.sleep(self._rng.uniform(low_s, high_s) * self._speed)

    async def _next(self, order: dict[str, Any]) -> None:
        path = f"orders/{order['order_id']}"
        if order["state"] == "assigned":
            await self._pause(2, 5)
            await self._api.post(f"{path}:accept", {})
        elif order["state"] == "accepted":
            await self._pause(1, 3)
            await self._api.post(f"{path}:depart", {})
        elif order["state"] == "en_route":
            await self._pause(8, 14)
            await self._api.post(f"{path}:arrive", {})
        elif order["state"] == "on_site":
            await self._work(order)

    async def _work(self, order: dict[str, Any]) -> None:
        site_id = order["site_id"]
        for step in STEPS:
            await self._pause(1, 2)
            with contextlib.suppress(ApiError):
                await self._step(order, step)
            if step == "source_isolated":
                self._repair(site_id)
        await self._reset(order)
        await self._pause(1, 2)
        await self._api.post(f"orders/{order['order_id']}:close", {"reason": "已处置，浓度正常"})

    async def _step(self, order: dict[str, Any], step: str) -> None:
        body = {
            "step": step,
            "device_time": datetime.now(UTC).isoformat(),
            "readings": [],
            "attachment_ids": [],
        }
        await self._api.post(f"orders/{order['order_id']}:step", body)

    def _repair(self, site_id: str) -> None:
        """Close the leak and open the windows."""
        for (site, _), zone in self._world.zones.items():
            if site == site_id:
                for detector in zone.detectors:
                    detector.room.leak_m3h = 0.0
                    detector.room.air_changes_per_h = 240.0
                for regulator in zone.regulators:
                    regulator.line.target_kpa = regulator.line.target_flow_m3h = None
                    regulator.tripped = False
        self._world.wake(site_id)

    async def _reset(self, order: dict[str, Any]) -> None:
        """Reset the latched alerts of the order; only possible once the gas is gone."""
        for _ in range(30):
            alerts = (await self._api.get("alerts", site_id=order["site_id"], active="true"))["items"]
            latched = [one for one in alerts if one["latched"]]
            if not latched:
                return
            for alert in latched:
                body = {"finding": "灶前软管脱落，已更换", "order_id": order["order_id"]}
                with contextlib.suppress(ApiError):
                    await self._api.post(f"alerts/{alert['alert_id']}:reset", body)
            await self._pause(2, 2)
