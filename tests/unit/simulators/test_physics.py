"""What the main story promises follows from the physics of its room, with nobody's help."""

import pytest
from joserfc.jwk import KeySet

from simulators import stories
from simulators.city import build, load
from simulators.client import Broker
from simulators.devices import ALARM_READING_S
from simulators.world import World, Zone

STEP_S = 0.1
FALL_SHARE = 0.9  # what alerting takes for a falling concentration
STORY = stories.load("restaurant-leak")
(LEAK,) = STORY.actions
(SAFE,) = (one for one in STORY.expect if one.name == "safe")
(CLOSED,) = (one for one in STORY.expect if one.name == "closed")


@pytest.fixture
async def zone() -> Zone:
    """The story's zone at the moment when the leak begins."""
    world = World(build(load()), Broker("", 0, lambda _client: None), KeySet([]), 1)  # type: ignore[arg-type, return-value]
    await stories.ACTIONS[LEAK.do](world, LEAK)
    return world.zone(LEAK.site)


def fall_s(zone: Zone, *, closes: bool) -> tuple[float, float]:
    """Return when the valve is closed and when a detector shows a tenth below its highest since; else inf."""
    (detector, *_), valve = zone.detectors, zone.valve
    assert valve is not None
    closed_s = float("inf")
    highest = 0.0
    for number in range(round(STORY.limit_s / STEP_S)):
        now_s = number * STEP_S
        detector.room.step(STEP_S, supplied=not closes or now_s < closed_s)
        detector.step(STEP_S)
        if detector.level == "high" and closed_s > now_s + STORY.limit_s:
            closed_s = now_s + valve.motor_s + CLOSED.within_s  # as late as the story allows
        if now_s >= closed_s:
            shown = detector.fields()["lel_percent"]
            highest = max(highest, shown)
            if shown <= highest * FALL_SHARE:
                return closed_s, now_s
    return closed_s, float("inf")


def test_the_closed_valve_alone_makes_the_gas_fall_in_time(zone: Zone) -> None:
    closed_s, fallen_s = fall_s(zone, closes=True)
    # The next reading says so.
    assert fallen_s - closed_s + ALARM_READING_S <= SAFE.within_s
    assert fallen_s + ALARM_READING_S <= STORY.limit_s


def test_with_an_open_valve_it_does_not_fall(zone: Zone) -> None:
    closed_s, fallen_s = fall_s(zone, closes=False)
    assert closed_s < STORY.limit_s < fallen_s
