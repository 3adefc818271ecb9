"""The store in memory keeps the promises of the suite."""

import itertools

import pytest

from services.alerting.adapters.memory import MemoryStore
from tests.contract.alerting.store_suite import StoreSuite


class TestMemoryStore(StoreSuite):
    @pytest.fixture(autouse=True)
    def _store(self) -> None:
        ticks = itertools.count(1_700_000_000_000, 5)
        self.store = MemoryStore(lambda: next(ticks))

    async def events(self) -> list[tuple[str, str]]:
        return [(c.item.kind, c.alert.alert_id) for c in self.store.tables.events if c.item]

    async def commands(self) -> list[str]:
        return [valve_id for valve_id, _ in self.store.tables.commands]
