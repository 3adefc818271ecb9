"""Plays a story and checks it: each step seen in time, and what must not happen not seen."""

import asyncio
import time
from dataclasses import replace

from simulators.api import Api
from simulators.observer import Observer, Seen
from simulators.stories import START, Expectation, Story, Text, play
from simulators.telling import Teller
from simulators.world import World

LATE_S = 20.0  # a step that comes late is still waited for, so that its lateness can be said


async def perform(story: Story, world: World, observer: Observer, api: Api, teller: Teller) -> list[str]:
    """Play a story once and return what was missed or late, each in one sentence."""
    play_began = time.monotonic()
    began = play_began + story.cause_s
    teller.story(story, began)
    causes = {action.name: (play_began + action.at_s, action.text) for action in story.actions if action.name}
    # Of what happens at that moment the last is the cause: a valve is stuck, then the leak begins.
    first = [action.text for action in story.actions if action.text and action.at_s == story.cause_s]
    looks = _Looks(
        story, world, observer, api, teller, began, {START: (began, first[-1] if first else None)} | causes
    )
    async with asyncio.TaskGroup() as group:
        group.create_task(play(story, world, play_began, teller.act))
        for wanted in story.expect:
            looks.tasks[wanted.name] = group.create_task(looks.look(wanted))
    await asyncio.gather(*(looks.watch(wanted) for wanted in story.never))
    await teller.tell_all()
    found = [looks.faults[wanted.name] for wanted in story.expect if wanted.name in looks.faults]
    return found + [fault for wanted in story.never if (fault := _forbidden(story, wanted, observer, began))]


class _Looks:
    """The looking for all steps of one story at once; each begins when what it hangs on was seen."""

    def __init__(
        self,
        story: Story,
        world: World,
        observer: Observer,
        api: Api,
        teller: Teller,
        began: float,
        causes: dict[str, tuple[float, Text | None]],
    ) -> None:
        self._story, self._world, self._observer, self._api = story, world, observer, api
        self._teller = teller
        self._began = began
        self._causes = causes
        self._texts = {wanted.name: wanted.text for wanted in story.expect}
        self.tasks: dict[str, asyncio.Task[Seen | None]] = {}
        self.faults: dict[str, str] = {}

    async def look(self, wanted: Expectation) -> Seen | None:
        """Wait for a step, tell it, note what is wrong with it."""
        since, about = await self._since(wanted), await self._about(wanted)
        for name, known in ((wanted.after, since), (wanted.of, about)):
            if known is None and name:
                self._fault(wanted, f"was not looked for, because {name} is missing")
        if since is None or (wanted.of and about is None):
            return None
        motor_s = _motor_s(wanted, self._world)
        limit = wanted.within_s + motor_s
        until = min(max(since + limit, time.monotonic()) + LATE_S, self._began + self._story.limit_s)
        seen = await self._observer.wait(wanted, since, self._began, until, self._api, about)
        if seen is None:
            self._teller.missed(wanted, "未见 not seen")
            self._fault(wanted, f"was not seen within {until - self._began:.0f} s of play")
            return None
        seconds = seen.at - since
        if not 0 <= seconds <= limit:
            self._teller.missed(wanted, f"{seconds:.2f} s > {limit:g} s")
            self._fault(wanted, f"came after {seconds:.2f} s instead of {limit:g} s")
        else:
            cause = self._texts.get(wanted.after) or self._causes[wanted.after][1]
            self._teller.met(wanted, seen.at, seconds, limit, motor_s, cause)
        return seen

    async def watch(self, wanted: Expectation) -> None:
        """Go on watching for what must not happen, `within_s` after its cause, until it happens."""
        since = await self._since(wanted)
        if since is not None:
            until = min(since + wanted.within_s, self._began + self._story.limit_s)
            await self._observer.wait(wanted, since, self._began, until, self._api)

    async def _since(self, wanted: Expectation) -> float | None:
        if wanted.after in self._causes:
            return self._causes[wanted.after][0]
        seen = await self.tasks[wanted.after]
        return seen.at if seen else None

    async def _about(self, wanted: Expectation) -> str | None:
        if not wanted.of:
            return None
        seen = await self.tasks[wanted.of]
        return str(seen.facts[f"{seen.see}_id"]) if seen else None

    def _fault(self, wanted: Expectation, text: str) -> None:
        self.faults[wanted.name] = f"{self._story.name}: {wanted.name} {text}"


def _motor_s(wanted: Expectation, world: World) -> float:
    """Return the valve's own running time, which is not the platform's."""
    if wanted.see != "limit_switch":
        return 0.0
    valve = world.zone(wanted.site).valve
    return valve.motor_s if valve is not None else 0.0


def _forbidden(story: Story, wanted: Expectation, observer: Observer, began: float) -> str | None:
    rest = {name: value for name, value in wanted.where.items() if name not in {"nth_order", "nth_each"}}
    if "nth_order" in wanted.where:
        count = len(observer.orders_of(wanted.site, began))
        return None if count < wanted.where["nth_order"] else f"{story.name}: {count} orders instead of one"
    if "nth_each" in wanted.where:
        count = observer.most_messages(replace(wanted, where=rest), began)
        most = wanted.where["nth_each"] - 1
        return (
            None if count <= most else f"{story.name}: {wanted.name}: {count} to one person instead of {most}"
        )
    if observer.find(wanted, began, began) is None:
        return None
    return f"{story.name}: {wanted.name} was seen and must not be"
