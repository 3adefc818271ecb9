import pytest

from deploy.timescaledb.provision import Database
from tests.conftest import DatabaseFactory


@pytest.fixture
async def db(database: DatabaseFactory) -> Database:
    return await database("history")
