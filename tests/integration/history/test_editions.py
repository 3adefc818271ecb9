"""The Apache edition is the one that is proven; the step for the other one refuses to run on it."""

from pathlib import Path

import asyncpg
import pytest

from deploy.timescaledb.provision import ROOT, Database

COMMUNITY = sorted(Path(ROOT / "deploy" / "timescaledb" / "community").glob("*.sql"))
STEPS = [pytest.param(file.read_text(), id=file.name) for file in COMMUNITY]


@pytest.mark.parametrize("step", STEPS)
async def test_the_community_step_refuses_the_apache_edition(db: Database, step: str) -> None:
    connection = await asyncpg.connect(db.services["history"].owner)
    try:
        if await connection.fetchval("SHOW timescaledb.license") != "apache":
            pytest.skip("this server runs the community edition")
        with pytest.raises(asyncpg.RaiseError, match="Apache edition"):
            await connection.execute(step)
    finally:
        await connection.close()
