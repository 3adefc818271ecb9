"""Where transactions begin: for who asks by the API's role, for the service itself by the worker's."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.registry.adapters.unit import PostgresUnit
from services.registry.domain.areas import Area
from shared.chassis.database import Pool, transaction
from shared.chassis.principal import Principal


class PostgresStore:
    """Implements `ports.Store`."""

    def __init__(self, api: Pool, worker: Pool, areas: dict[str, Area]) -> None:
        self.api = api
        self._worker = worker
        self.areas = areas

    @classmethod
    async def open(cls, api: Pool, worker: Pool) -> "PostgresStore":
        """Read the table of areas, which only a migration changes."""
        rows = await api.fetch(
            "SELECT area_code, name, lower(in_force) AS since, upper(in_force) AS until, successor FROM area"
        )
        return cls(api, worker, {row["area_code"]: Area(**dict(row)) for row in rows})

    @asynccontextmanager
    async def unit(self, asking: Principal) -> AsyncIterator[PostgresUnit]:
        """Begin a transaction in which only the rows of `asking` are visible."""
        async with transaction(self.api, asking) as connection:
            yield PostgresUnit(connection)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[PostgresUnit]:
        """Begin a transaction of the service itself."""
        async with transaction(self._worker) as connection:
            yield PostgresUnit(connection)
