"""Simulated crews: they see an order on the phone, accept, drive, work, reset, reopen by hand, and close."""

import asyncio
import contextlib
import random
from datetime import UTC, datetime
from typing import Any

import httpx

from simulators.api import Api, ApiError
from simulators.world import World, Zone

POLL_S = 1.0
VALVE_SEEN_S = 8.0  # longer than the on-delay of V02
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
        self._worked: set[str] = set()

    async def run(self) -> None:
        """Work until cancelled; a network that fails is tried again."""
        while True:
            with contextlib.suppress(ApiError, httpx.HTTPError):
                for order in (await self._api.get("orders", crew_id=self._crew_id))["items"]:
                    # One order that is refused must not keep the crew from its others.
                    with contextlib.suppress(ApiError, httpx.HTTPError):
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
        """Work step by step, once; then stay until the site is clean, and only then close the order."""
        if order["order_id"] not in self._worked:
            self._worked.add(order["order_id"])
            for step in STEPS:
                await self._pause(1, 2)
                with contextlib.suppress(ApiError):
                    await self._step(order, step)
                if step == "source_isolated":
                    self._repair(order["site_id"])
        if await self._left(order):
            return
        if self._open_valves(order["site_id"]):
            # Whoever opens a valve stays until it was seen: without a crew on site it would be unexplained.
            await asyncio.sleep(VALVE_SEEN_S)
        await self._pause(1, 2)
        await self._api.post(f"orders/{order['order_id']}:close", {})

    async def _step(self, order: dict[str, Any], step: str) -> None:
        body = {
            "step": step,
            "device_time": datetime.now(UTC).isoformat(),
            "readings": [],
            "attachment_ids": [],
        }
        await self._api.post(f"orders/{order['order_id']}:step", body)

    def _zones(self, site_id: str) -> list[Zone]:
        return [zone for (site, _), zone in self._world.zones.items() if site == site_id]

    def _repair(self, site_id: str) -> None:
        """Close the leak and open the windows; free what is stuck."""
        for zone in self._zones(site_id):
            for detector in zone.detectors:
                detector.room.leak_m3h = 0.0
                detector.room.air_changes_per_h = 240.0
            for regulator in zone.regulators:
                regulator.line.target_kpa = regulator.line.target_flow_m3h = None
                regulator.tripped = False
            if zone.valve is not None:
                zone.valve.stuck = False
        self._world.wake(site_id)

    def _open_valves(self, site_id: str) -> bool:
        """Open by hand what closed, now that nothing is in alarm; tell whether there was anything."""
        closed = [zone.valve for zone in self._zones(site_id) if zone.valve and zone.valve.position != "open"]
        for valve in closed:
            self._world.client_of(valve.device_id).events(valve.device_id, valve.open_by_hand())
        self._world.wake(site_id)
        return bool(closed)

    async def _left(self, order: dict[str, Any]) -> bool:
        """Reset what is latched and tell whether anything is left that keeps the crew on site.

        A reset is refused until the gas is gone and the off-delay has passed: the next look tries again.
        """
        alerts = (await self._api.get("alerts", site_id=order["site_id"], active="true"))["items"]
        for alert in alerts:
            if alert["latched"]:
                body = {"finding": "灶前软管脱落，已更换", "order_id": order["order_id"]}
                with contextlib.suppress(ApiError):
                    await self._api.post(f"alerts/{alert['alert_id']}:reset", body)
        return any(alert["latched"] or alert["priority"] == "P1" for alert in alerts)
