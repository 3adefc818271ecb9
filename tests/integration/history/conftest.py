from collections.abc import AsyncIterator

import pytest

from deploy.timescaledb.provision import Database
from tests.conftest import DatabaseFactory
from tests.integration.history.harness import History


@pytest.fixture
async def db(database: DatabaseFactory) -> Database:
    return await database("history")


@pytest.fixture
async def history(db: Database) -> AsyncIterator[History]:
    made = History(db)
    yield made
    made.close()
