"""The simulated crew leaves a site as it was: alerts reset, valves opened by hand, and only then closes."""

import json
import random
from typing import Any

import httpx
from joserfc.jwk import KeySet

from simulators import crew as crews
from simulators.api import ApiError
from simulators.city import build, load
from simulators.client import Broker
from simulators.crew import Crew
from simulators.world import World

SITE = "site-yunling"
ORDER = {"order_id": "o1", "site_id": SITE, "state": "on_site"}


class Portal:
    """An API that refuses a reset while the gas is there, and notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.gas = True
        self.alert = {"alert_id": "a1", "latched": True, "priority": "P1"}

    async def get(self, _path: str, **_parameters: Any) -> Any:
        return {"items": [self.alert] if self.alert["latched"] else []}

    async def post(self, path: str, _body: Any = None) -> Any:
        self.asked.append(path.rsplit(":", 1)[1])
        if path.endswith(":reset"):
            if self.gas:
                raise ApiError("POST", path, httpx.Response(409, text=json.dumps({})))
            self.alert["latched"] = False


async def test_the_crew_stays_until_the_alerts_are_reset_and_the_valves_open(monkeypatch: Any) -> None:
    monkeypatch.setattr(crews, "VALVE_SEEN_S", 0.0)
    world = World(build(load()), Broker("", 0, lambda _client: None), KeySet([]), 1)  # type: ignore[arg-type, return-value]
    zone = world.zone(SITE)
    assert zone.valve is not None
    zone.valve.position, zone.valve.stuck = "closed", True
    zone.detectors[0].room.leak_m3h = 400.0
    portal = Portal()
    crew = Crew(portal, "crew-1", world, random.Random(1), speed=0.0)  # type: ignore[arg-type]
    await crew._next(ORDER)
    assert (zone.valve.position, "close" in portal.asked) == ("closed", False)
    assert (zone.detectors[0].room.leak_m3h, zone.valve.stuck) == (0.0, False)
    portal.gas = False
    await crew._next(ORDER)
    await crew._next(ORDER)
    assert (zone.valve.position, portal.asked[-1]) == ("open", "close")
    assert world.supplied(SITE)
