"""The whole product with its city, started once; all stories are played side by side, as a city would.

Each that sends a crew needs one of its own: there are more crews than in the demo.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.native import session, ui
from deploy.native.live import Live
from deploy.native.stack import Stack
from simulators import people, stories
from tests.e2e.living import Living
from tests.e2e.rights_ground import Ground
from tests.e2e.rights_seeds import prepare

PLAY_LIMIT_S = 240
MORE_CREWS = range(4, 9)
# The stories that watch a crew at work begin first: they get the crews that are near.
FIRST = ("restaurant-leak", "stuck-valve", "two-detectors", "network-cut")
LATER_S = 20.0


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Return running services on engines of their own."""
    with session.own() as engines:
        addresses = engines.addresses()
        found = Stack(addresses, Path(addresses.state), pages=ui.build())
        try:
            found.prepare()
            found.start()
            yield found
        finally:
            found.stop()


@pytest.fixture(scope="session")
def ground(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """Return firms with one of everything each, and people of every role around them."""
    found = Ground(stack, tmp_path_factory.mktemp("ground"))
    asyncio.run(prepare(found))
    return found


@pytest.fixture(scope="session")
def city(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Living]:
    """Return the demo's city, with its accounts, devices and crews."""
    members = [
        (f"{who}-{number}", role, f"{number}班", "op-zhaoyun", None, f"crew-{number}")
        for number in MORE_CREWS
        for who, role in (("lead", "crew_lead"), ("member", "crew_member"))
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_PEOPLE", (*people._PEOPLE, *members))
        with Living(stack, tmp_path_factory.mktemp("run") / "run.json") as living:
            yield living


@pytest.fixture(scope="session")
def played(city: Living) -> dict[str, list[str]]:
    """Return what was missed or late in each story."""
    return city.ask(_play_all(city.live), PLAY_LIMIT_S)


async def _play_all(live: Live) -> dict[str, list[str]]:
    names = stories.names()
    faults = await asyncio.gather(*(_play(live, name) for name in names))
    return dict(zip(names, faults, strict=True))


async def _play(live: Live, name: str) -> list[str]:
    await asyncio.sleep(0 if name in FIRST else LATER_S)
    return await live.perform(stories.load(name))
