"""Stories as data: what happens in the city at which second, and what must be seen how soon."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from simulators.world import World

FOLDER = Path(__file__).parent / "scenarios" / "stories"


@dataclass(frozen=True)
class Action:
    """Something that happens `at_s` seconds after the story began."""

    at_s: float
    do: str
    site: str
    with_: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """Something that must be seen at most `within_s` after `after` (an earlier expectation, or `start`)."""

    name: str
    see: str
    site: str
    within_s: float
    after: str = "start"
    where: dict[str, Any] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True)
class Story:
    """A story of DESIGN section 5."""

    name: str
    title_zh: str
    title_en: str
    actions: tuple[Action, ...]
    expect: tuple[Expectation, ...]
    never: tuple[Expectation, ...] = ()
    limit_s: float = 120.0


class StoryError(Exception):
    """A story's file is wrong; the text says where."""


def names() -> list[str]:
    """Return all stories there are."""
    return sorted(file.stem for file in FOLDER.glob("*.yaml"))


def load(name: str) -> Story:
    """Read a story; StoryError names what is wrong with it."""
    file = FOLDER / f"{name}.yaml"
    if not file.exists():
        raise StoryError(f"There is no story {name!r}; choose one of {', '.join(names())}.")
    content = yaml.safe_load(file.read_text())
    try:
        actions = tuple(_action(one) for one in content["actions"])
        expect = tuple(Expectation(**one) for one in content["expect"])
        never = tuple(Expectation(**one) for one in content.get("never", []))
        title = content["title"]
        story = Story(name, title["zh"], title["en"], actions, expect, never, content.get("limit_s", 120.0))
    except (KeyError, TypeError) as error:
        raise StoryError(f"{file.name}: {error}") from error
    unknown = {action.do for action in actions} - ACTIONS.keys()
    if unknown:
        raise StoryError(f"{file.name}: nobody can do {', '.join(sorted(unknown))}")
    return story


def _action(found: dict[str, Any]) -> Action:
    rest = {key: value for key, value in found.items() if key not in {"at_s", "do", "site"}}
    return Action(float(found["at_s"]), found["do"], found["site"], rest)


async def play(story: Story, world: World) -> None:
    """Do a story's actions at their seconds."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    for action in sorted(story.actions, key=lambda one: one.at_s):
        await asyncio.sleep(max(0.0, began + action.at_s - loop.time()))
        await ACTIONS[action.do](world, action)
        world.wake(action.site)


async def _leak(world: World, action: Action) -> None:
    """A leak begins: `m3h` of gas, into a room of `volume_m3`; `shared` puts all detectors into one room."""
    zone = world.zone(action.site)
    count = action.with_.get("detectors", len(zone.detectors))
    rooms = (
        [world.share_room(action.site)]
        if action.with_.get("shared")
        else [detector.room for detector in zone.detectors[:count]]
    )
    for room in rooms:
        room.volume_m3 = action.with_.get("volume_m3", 30.0)
        room.air_changes_per_h = action.with_.get("air_changes_per_h", 3.0)
        room.leak_m3h = action.with_["m3h"]
    if action.with_.get("shared"):
        for detector in zone.detectors:
            detector.response_s = action.with_.get("response_s", 2.0)


async def _repair(world: World, action: Action) -> None:
    """The leak is found and the windows are open."""
    for detector in world.zone(action.site).detectors:
        detector.room.leak_m3h = 0.0
        detector.room.air_changes_per_h = action.with_.get("air_changes_per_h", 240.0)


async def _stuck(world: World, action: Action) -> None:
    """The valve will acknowledge and not move."""
    valve = world.zone(action.site).valve
    if valve is not None:
        valve.stuck = True


async def _line(world: World, action: Action) -> None:
    """Pressure (kPa) and flow (m³/h) of the site's regulators head for other values."""
    for regulator in world.zone(action.site).regulators:
        regulator.line.target_kpa = action.with_.get("outlet_kpa")
        regulator.line.target_flow_m3h = action.with_.get("flow_m3h")
        regulator.line.time_constant_s = action.with_.get("time_constant_s", 8.0)
        regulator.heartbeat_s = action.with_.get("heartbeat_s", 5.0)
        regulator.wants_reading = True


async def _unplug(world: World, action: Action) -> None:
    """Somebody pulls a detector's plug: it says so with its last breath and falls silent."""
    detector = world.zone(action.site).detectors[0]
    client = world.client_of(detector.device_id)
    client.events(detector.device_id, [("fault_raised", {"code": "power_lost"})])
    client.pump()
    detector.unplugged = True


async def _mute(world: World, action: Action) -> None:
    """Somebody mutes a detector."""
    detector = world.zone(action.site).detectors[0]
    detector.muted = True
    detector.wants_reading = True
    world.client_of(detector.device_id).events(detector.device_id, [("muted", {"on": True})])


async def _cut(world: World, action: Action) -> None:
    """A site loses its network."""
    for client in world.clients_of_site(action.site):
        await client.cut_network()


async def _restore(world: World, action: Action) -> None:
    """The network comes back."""
    for client in world.clients_of_site(action.site):
        client.restore_network()


async def _open_by_hand(world: World, action: Action) -> None:
    """Somebody on site opens the valve by hand."""
    zone = world.zone(action.site)
    if zone.valve is not None:
        world.client_of(zone.valve.device_id).events(zone.valve.device_id, zone.valve.open_by_hand())


ACTIONS: dict[str, Callable[[World, Action], Awaitable[None]]] = {
    "leak": _leak,
    "repair": _repair,
    "stuck_valve": _stuck,
    "line": _line,
    "unplug": _unplug,
    "mute": _mute,
    "cut_network": _cut,
    "restore_network": _restore,
    "open_by_hand": _open_by_hand,
}
