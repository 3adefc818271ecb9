"""One whole stack for all fault tests, on engines of its own; each test has a fleet and a ledger."""

import asyncio
import contextlib
import ctypes
import os
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from tests.faults.fleet import Fleet
from tests.faults.harness import Scene
from tests.faults.ledger import LostError
from tests.faults.world import World, start

PR_SET_CHILD_SUBREAPER = 36
SEED = int(os.environ.get("GW_FAULT_SEED", "20260601"))
# In `make test` the canaries walk fast, so that a hung service is noticed within seconds.
FAST_WATCH = {"GW_PERIOD_S": "3", "GW_CLEAR_AFTER_S": "1", "GW_LATE_S": "8", "GW_REPEAT_S": "5"}


def _full(request: pytest.FixtureRequest) -> bool:
    return any(item.get_closest_marker("full") for item in request.session.items)


@pytest.fixture(scope="session", autouse=True)
def _adopt_orphans() -> None:
    """Be the parent of engines whose starter is gone, so that a killed one is not a zombie for seconds.

    PostgreSQL does not start while the pid in its lock file exists, be it a zombie's.
    """
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


@pytest.fixture(scope="package")
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Return the running product with a small city; `make faults` has a larger one and the real watchdog."""
    full = _full(request)
    yield from start(sites=200 if full else 36, talkers=40, watchdog={} if full else FAST_WATCH)


@pytest.fixture
async def scene(world: World, request: pytest.FixtureRequest) -> AsyncIterator[Scene]:
    """Return a healthy product; afterwards it must be healthy again, the ledger whole, memory bounded."""
    fleet = Fleet(world.broker, world.keys, SEED)
    scene = Scene(world, fleet, await asyncpg.connect(world.dsn, timeout=10))
    await scene.ready()
    sampling = asyncio.create_task(scene.sample())
    try:
        yield scene
        fleet.hush()
        healed = await scene.ready()
        await fleet.drained()
        try:
            kept = await fleet.ledger.check(scene.connection)
        except LostError as error:
            for key in error.keys[:5]:
                error.add_note(await scene.whereabouts(key))
            raise
        line = f"{request.node.name}: {scene.said}; {kept}; {scene.bounded()}; healthy after {healed:.1f} s"
        request.config.pluginmanager.getplugin("terminalreporter").write_line("\n  " + line)
    finally:
        sampling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sampling
        await fleet.stop()
        await scene.connection.close()
