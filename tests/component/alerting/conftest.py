"""A world with the alerting service in it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.component.alerting.running import World
from tests.conftest import DatabaseFactory


@pytest.fixture
async def world(
    kafka_bootstrap: str, topic_prefix: str, database: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[World]:
    """Return a world without a running service; the test starts it."""
    dsns = (await database("alerting")).services["alerting"]
    made = World(kafka_bootstrap, topic_prefix, dsns, tmp_path)
    await made.open()
    try:
        yield made
    finally:
        await made.close()
