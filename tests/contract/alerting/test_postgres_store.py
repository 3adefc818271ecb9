"""The store in PostgreSQL keeps the promises of the suite."""

import json
from collections.abc import AsyncIterator

import pytest

from services.alerting.adapters.postgres import PostgresStore
from shared.chassis.database import open_pool
from shared.contracts import topic_names as names
from shared.contracts.wire import CommandClaims
from tests.conftest import DatabaseFactory
from tests.contract.alerting.store_suite import StoreSuite

pytestmark = pytest.mark.engines


class PlainSigner:
    def sign(self, claims: CommandClaims) -> str:
        return f"signed {claims.command_id}"


class TestPostgresStore(StoreSuite):
    @pytest.fixture(autouse=True)
    async def _store(self, database: DatabaseFactory) -> AsyncIterator[None]:
        dsns = (await database("alerting")).services["alerting"]
        self.pool = await open_pool(dsns.worker, application_name="test", max_size=8)
        self.store = PostgresStore(self.pool, PlainSigner())
        yield
        await self.pool.close()

    async def _outbox(self, topic: str) -> list[dict[str, object]]:
        rows = await self.pool.fetch("SELECT value FROM outbox WHERE topic = $1 ORDER BY seq", topic)
        return [json.loads(row["value"]) for row in rows]

    async def events(self) -> list[tuple[str, str]]:
        found = await self._outbox(names.ALERT)
        return [(said["item"]["kind"], said["alert"]["alert_id"]) for said in found]  # type: ignore[index]

    async def commands(self) -> list[object]:
        return [said["valve_id"] for said in await self._outbox(names.VALVE_COMMAND)]

    async def test_the_timeline_is_written_with_its_alert(self) -> None:
        from tests.contract.alerting.store_suite import raised

        await self.decided([raised(reason="set_point")])
        row = await self.pool.fetchrow("SELECT kind, actor, reason, operator_id FROM timeline")
        assert row is not None
        assert tuple(row) == ("raised", "rule:G01", "set_point", "op-1")

    async def test_the_seeded_set_points_are_the_defaults(self) -> None:
        from services.alerting.domain.setpoints import DEFAULTS

        found = sorted(await self.store.set_points(), key=lambda p: p.key)
        assert found == sorted(DEFAULTS, key=lambda p: p.key)
