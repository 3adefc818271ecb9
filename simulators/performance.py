"""Plays a story and checks it: each step seen in time, and what must not happen not seen."""

import asyncio
import time

from simulators.api import Api
from simulators.observer import Observer
from simulators.stories import Expectation, Story, play
from simulators.telling import Teller
from simulators.world import World


async def perform(story: Story, world: World, observer: Observer, api: Api, teller: Teller) -> list[str]:
    """Play a story once and return what was missed or late, each in one sentence."""
    teller.heading(f"▶ {story.title_zh} · {story.title_en} [{story.name}]")
    began = time.monotonic()
    playing = asyncio.create_task(play(story, world))
    times = {"start": began}
    faults: list[str] = []
    for wanted in story.expect:
        since = times.get(wanted.after)
        if since is None:
            faults.append(
                f"{story.name}: {wanted.name} was not looked for, because {wanted.after} is missing"
            )
            continue
        limit = wanted.within_s + _motor_s(wanted, world)
        # A step that comes late is still waited for, so that its lateness can be said.
        until = max(since + limit, time.monotonic()) + 20.0
        # A message may have been about something earlier; an order that stands already is the right one.
        first = since if wanted.see == "message" else began
        seen = await observer.wait(wanted, first, min(until, began + story.limit_s), api)
        if seen is None:
            faults.append(f"{story.name}: {wanted.name} was not seen within {story.limit_s:g} s of play")
            teller.missed(story, wanted, "未见 not seen")
            continue
        times[wanted.name] = seen.at
        # What stood already when it was wanted (an order of the low alarm) was there at once.
        seconds = max(0.0, seen.at - since)
        if seconds > limit:
            faults.append(f"{story.name}: {wanted.name} came after {seconds:.2f} s instead of {limit:g} s")
            teller.missed(story, wanted, f"{seconds:.2f} s > {limit:g} s")
        else:
            teller.met(story, wanted, seconds, limit)
    await playing
    faults += [fault for wanted in story.never if (fault := _forbidden(story, wanted, observer, began))]
    return faults


def _motor_s(wanted: Expectation, world: World) -> float:
    """Return the valve's own running time, which is not the platform's."""
    if wanted.see != "limit_switch":
        return 0.0
    valve = world.zone(wanted.site).valve
    return valve.motor_s if valve is not None else 0.0


def _forbidden(story: Story, wanted: Expectation, observer: Observer, began: float) -> str | None:
    if "nth_order" in wanted.where:
        count = len(observer.orders_of(wanted.site, began))
        return None if count < wanted.where["nth_order"] else f"{story.name}: {count} orders instead of one"
    if observer.find(wanted, began) is None:
        return None
    return f"{story.name}: {wanted.name} was seen and must not be"
