"""`kill -9` and SIGTERM of services while devices talk: no receipt is lost, everything heals by itself."""

import random
import time
from functools import partial

import psutil

from tests.faults.fleet import until
from tests.faults.harness import Scene, counts

TALKERS, PER_S = 20, 4.0
TARGETS = ("ingestion", "history", "alerting", "dispatch", "mosquitto")
EXIT_LIMIT_S = 10.0


@counts(3, 200)
async def test_seeded_kills_lose_no_receipt(scene: Scene, count: int) -> None:
    """Whoever a receipt passes through is killed at random moments; full: 200 kills, 100,000 receipts."""
    rng = random.Random(200)
    receipts = 500 * count
    clients = await scene.talkers(2 * TALKERS if count > 100 else TALKERS)
    scene.fleet.load(clients, PER_S)
    killed = dict.fromkeys(TARGETS, 0)
    for _ in range(count):
        target = rng.choice(TARGETS)
        if target == "mosquitto":
            await scene.kill_engine(target)
            await scene.start_engine(target)
        else:
            await scene.settled(target, 2.2 + rng.random())
            await scene.kill(target)
        killed[target] += 1
    await scene.ready()
    if count > 100:
        await until("100,000 were said", lambda: len(scene.fleet.ledger.said) >= receipts, 900, 1.0)
    scene.fleet.hush()
    seconds = await scene.fleet.drained()
    scene.said = f"{count} kills {killed}, drained in {seconds:.0f} s"


@counts(1, 5)
async def test_each_service_killed_in_turn_heals_by_itself(scene: Scene, count: int) -> None:
    """A leak begins with each kill; in the end each leak has one alert, one order, one closed valve."""
    scene.fleet.load(await scene.talkers(TALKERS), PER_S)
    sites = []
    for _ in range(count):
        for name in scene.world.stack.names:
            site = await scene.site() if count > 1 or name in {"registry", "actuation", "history"} else None
            if site is not None:
                site.client.alarm(site.detector)
                sites.append(site)
            await scene.kill(name)
        healed = await scene.ready()
    scene.fleet.hush()
    for site in sites:
        one = await scene.one_of_each(site)
    number = len(scene.world.stack.names)
    scene.said = (
        f"each of {number} services killed {count} times, healed in {healed:.1f} s; {len(sites)} leaks: {one}"
    )


@counts(1, 5)
async def test_fault_33_rolling_restart(scene: Scene, count: int) -> None:
    """SIGTERM each service in turn under load: it leaves within ten seconds and comes back."""
    scene.fleet.load(await scene.talkers(TALKERS), PER_S)
    slowest: dict[str, float] = {}
    site = await scene.site()
    site.client.alarm(site.detector)
    for _ in range(count):
        for name in scene.world.stack.names:
            process = await scene.settled(name)
            began = time.monotonic()
            process.terminate()
            await until(f"{name} has left", partial(_left, process), EXIT_LIMIT_S + 5)
            slowest[name] = max(time.monotonic() - began, slowest.get(name, 0.0))
        await scene.ready()
    assert max(slowest.values()) <= EXIT_LIMIT_S, slowest
    name = max(slowest, key=lambda one: slowest[one])
    exits = f"rolling restart {count} times, slowest exit {name} {slowest[name]:.1f} s"
    scene.said = f"{exits}; {await scene.one_of_each(site)}"


def _left(process: psutil.Process) -> bool:
    return not process.is_running()
