"""Traces of the watchdog's canaries are removed after a day, and the database lets nothing else go."""

from typing import Any

import pytest

from services.alerting.adapters import canaries
from services.alerting.adapters.canaries import PostgresTraces
from services.alerting.entrypoints.cleaning import clean
from tests.integration.alerting.rig import Rig

pytestmark = pytest.mark.engines

DAY_MS = 86_400_000
AGE = "UPDATE alert SET updated_at_ms = updated_at_ms - $2 WHERE alert_id = $1::uuid"
LEFT = (
    "SELECT alert_id::text FROM alert WHERE EXISTS (SELECT FROM timeline t WHERE t.alert_id = alert.alert_id)"
)


async def aged(rig: Rig, age_ms: int, **more: Any) -> str:
    """Raise an alert that was changed last so long ago."""
    alert = await rig.raised("D03", **({"reserved": True, "active": False, "acknowledged": True} | more))
    async with rig.worker_pool.acquire() as connection:
        await connection.execute(AGE, alert.alert_id, age_ms)
    return alert.alert_id


async def left(rig: Rig) -> set[str]:
    """Return the alerts that are there, with their timelines."""
    async with rig.worker_pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM alert") == len(await connection.fetch(LEFT))
        assert await connection.fetchval("SELECT count(DISTINCT alert_id) FROM timeline") == len(
            await connection.fetch(LEFT)
        )
        return {row[0] for row in await connection.fetch(LEFT)}


async def test_canaries_traces_older_than_a_day_go_with_their_timelines(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(canaries, "ALERTS_MAX", 2)
    for number in range(5):
        await aged(rig, DAY_MS + 60_000, number=number)
    kept = {
        await aged(rig, DAY_MS - 60_000, number=11),
        await aged(rig, 9 * DAY_MS, number=12, reserved=False),
        await aged(rig, 9 * DAY_MS, number=13, active=True, acknowledged=False),
    }
    assert await clean(PostgresTraces(rig.worker_pool)) == 5
    assert await left(rig) == kept
    assert await clean(PostgresTraces(rig.worker_pool)) == 0


async def test_the_worker_can_delete_no_other_alert(rig: Rig) -> None:
    kept = {await aged(rig, 0, reserved=False), await aged(rig, 0, active=True, number=2)}
    async with rig.worker_pool.acquire() as connection:
        assert await connection.execute("DELETE FROM timeline") == "DELETE 0"
        assert await connection.execute("DELETE FROM alert") == "DELETE 0"
    assert await left(rig) == kept
