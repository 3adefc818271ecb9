from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deploy.timescaledb.provision import Database
from tests.conftest import DatabaseFactory
from tests.integration.registry.harness import Registry, device, licence, operator, registry, site


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


@pytest.fixture
async def town(reg: Registry) -> Registry:
    """Two firms with their licences, sites and devices, in two prefectures."""
    await reg.made("operators", operator("op-1", name="昭通燃气有限公司"))
    await reg.made("operators", operator("op-2", name="曲靖能源", area_code="530302"))
    await reg.made("licences", licence("lic-1", "op-1"))
    await reg.made("licences", licence("lic-2", "op-2", area_codes=["530302"]))
    await reg.made("sites", site("site-1", "op-1", name="云岭人家饭庄", address="珠泉路 8 号"))
    await reg.made("sites", site("site-2", "op-1", name="=1+1", kind="gate_station", address="-"))
    await reg.made("sites", site("site-3", "op-2", name="麒麟小吃", area_code="530302"))
    await reg.made("devices", device("dev-1", "site-1", serial="00123"))
    await reg.made("devices", device("dev-2", "site-1", kind="valve", serial="V-2"))
    await reg.made("devices", device("dev-3", "site-3", serial="Q-3"))
    return reg
