"""A world with the dispatch service running in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.component.dispatch.support import SITE, Bus, Service, environment, key_file
from tests.component.dispatch.world import World
from tests.conftest import DatabaseFactory


@pytest.fixture
async def world(
    kafka_bootstrap: str, topic_prefix: str, database: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[World]:
    made = await database("dispatch")
    key = key_file(tmp_path)
    async with Bus(kafka_bootstrap, topic_prefix).open() as bus:
        await bus.site(SITE)
        service = Service(
            "dispatch", environment("dispatch", kafka_bootstrap, topic_prefix, made, key), tmp_path
        )
        try:
            world = World(await service.start(), bus, made, key, kafka_bootstrap, topic_prefix, tmp_path)
            yield world
            await world.client.aclose()
        finally:
            await service.kill()
