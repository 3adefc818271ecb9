"""What is over wakes no timer: it would come before everything that is due, at every look."""

import pytest

from tests.integration.alerting.rig import Rig
from tests.integration.alerting.test_api_alerts import in_hours


async def busy(rig: Rig) -> bool:
    """Tell whether the timers find a site at which something is due."""
    before = rig.woken
    await rig.timers.once()
    return rig.woken > before


@pytest.mark.parametrize("acknowledged_first", [True, False])
async def test_an_alert_that_closed_while_it_was_shelved_wakes_no_timer(
    rig: Rig, acknowledged_first: bool
) -> None:
    alert = await rig.raised("D03")
    path = f"alerts/{alert.alert_id}"
    shelved = await rig.post(f"{path}:shelve", body={"reason": "repair", "until": in_hours(1)})
    assert shelved.status_code == 200, shelved.text
    if acknowledged_first:
        assert (await rig.post(f"{path}:acknowledge")).status_code == 200
    await rig.changed(alert, active=False, in_condition=False, shelved_until_ms=1)
    if not acknowledged_first:
        assert (await rig.post(f"{path}:acknowledge")).status_code == 200
    assert (await rig.get(path)).json()["active"] is False
    assert not await busy(rig)


async def test_a_valve_that_is_out_of_use_wakes_a_timer_once(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    async with rig.worker_pool.acquire() as connection:
        await connection.execute("UPDATE valve SET next_deadline = clock_timestamp() - interval '1 s'")
    rig.places.valves = {}
    assert await busy(rig)
    assert not await busy(rig)
