from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.timescaledb.provision import Database
from tests.conftest import DatabaseFactory
from tests.integration.registry.harness import Registry, device, operator, registry, site


@pytest.fixture
async def db(database: DatabaseFactory) -> Database:
    return await database("registry")


@pytest.fixture
async def reg(db: Database, tmp_path: Path) -> AsyncIterator[Registry]:
    async with registry(db, tmp_path) as found:
        yield found


@pytest.fixture
async def shop(reg: Registry) -> Registry:
    """A registry with one operator, one restaurant and one detector."""
    await reg.made("operators", operator())
    await reg.made("sites", site())
    await reg.made("devices", device())
    return reg
