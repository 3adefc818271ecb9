"""Stories as data: what happens in the city at which second, and what must be seen how soon."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from simulators.world import World

FOLDER = Path(__file__).parent / "scenarios" / "stories"
START = "start"


class Text(NamedTuple):
    """Words for the screen, in both languages."""

    zh: str
    en: str

    def __str__(self) -> str:
        """Return both."""
        return f"{self.zh} {self.en}"


@dataclass(frozen=True)
class Action:
    """Something that happens `at_s` seconds after the play began; a preparation has no `text`.

    An expectation may be timed from an action that has a `name`.
    """

    at_s: float
    do: str
    site: str
    text: Text | None = None
    name: str = ""
    with_: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Expectation:
    """Something that must be seen at most `within_s` after `after`: `start`, an action, an earlier step.

    With `of` it must be about what that earlier expectation saw: the order or message of just that alert.
    """

    name: str
    see: str
    site: str
    within_s: float
    text: Text
    after: str = START
    of: str = ""
    where: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """A story of DESIGN section 5. Its clock starts with its cause, the first action that has words.

    What must `never` be seen is watched for until all steps are seen, and `within_s` after its `after`.
    """

    name: str
    title: Text
    actions: tuple[Action, ...]
    expect: tuple[Expectation, ...]
    never: tuple[Expectation, ...] = ()
    limit_s: float = 120.0

    @property
    def cause_s(self) -> float:
        """Return how long after the beginning of the play the cause happens."""
        return min((action.at_s for action in self.actions if action.text), default=0.0)

    @property
    def sites(self) -> frozenset[str]:
        """Return where it happens and where something is expected."""
        return frozenset({one.site for one in self.actions} | {one.site for one in self.expect})


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
        story = Story(
            name,
            Text(**content["title"]),
            tuple(_action(one) for one in content["actions"]),
            tuple(_expectation(one) for one in content["expect"]),
            tuple(_expectation(one) for one in content.get("never", [])),
            content.get("limit_s", 120.0),
        )
    except (KeyError, TypeError) as error:
        raise StoryError(f"{file.name}: {error}") from error
    _check(story, file.name)
    return story


def _action(found: dict[str, Any]) -> Action:
    rest = {key: value for key, value in found.items() if key not in {"at_s", "do", "site", "text", "name"}}
    text = Text(**found["text"]) if "text" in found else None
    return Action(float(found["at_s"]), found["do"], found["site"], text, found.get("name", ""), rest)


def _expectation(found: dict[str, Any]) -> Expectation:
    return Expectation(**(found | {"text": Text(**found["text"])}))


def _check(story: Story, file: str) -> None:
    """Refuse a story with actions that nobody can do, or steps that hang on something unknown."""
    unknown = {action.do for action in story.actions} - ACTIONS.keys()
    if unknown:
        raise StoryError(f"{file}: nobody can do {', '.join(sorted(unknown))}")
    known = {START} | {action.name for action in story.actions if action.name}
    steps: set[str] = set()
    for wanted in story.expect:
        if wanted.after not in known | steps or wanted.of not in steps | {""}:
            raise StoryError(f"{file}: {wanted.name} hangs on something that does not come before it")
        steps.add(wanted.name)


async def play(story: Story, world: World, began: float, tell: Callable[[Action], None]) -> None:
    """Do a story's actions at their seconds after `began` (monotonic), and tell each."""
    for action in sorted(story.actions, key=lambda one: one.at_s):
        await asyncio.sleep(max(0.0, began + action.at_s - time.monotonic()))
        tell(action)
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
