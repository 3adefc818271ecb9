"""Fault 31: a valve that acknowledges and does not move."""

import time

from tests.faults.fleet import Site, until
from tests.faults.harness import Scene, counts


@counts(1, 5)
async def test_fault_31_a_valve_acknowledges_without_moving(scene: Scene, count: int) -> None:
    """An acknowledgement is not "closed": V01 within ten seconds of it."""
    await scene.repeat(count, _stuck, "stuck valves")


async def _stuck(scene: Scene, site: Site) -> str:
    site.valve.stuck = True
    site.client.alarm(site.detector)
    await until("the valve acknowledges", lambda: _acknowledged(scene, site))
    began = time.monotonic()
    (alert,) = await until("V01", lambda: scene.alerts(site, "V01"), 20)
    seconds = time.monotonic() - began
    assert alert["priority"] == "P1"
    assert seconds <= 12, seconds
    kinds = await scene.fetch(
        "SELECT kind FROM alerting.timeline JOIN alerting.alert USING (alert_id) WHERE site_id = $1",
        site.site_id,
    )
    assert "valve_closed" not in {row["kind"] for row in kinds}
    assert site.valve.position == "open"
    await until("the order", lambda: scene.orders(site))
    assert len(await scene.orders(site)) == 1
    return f"V01 after {seconds:.1f} s, never called closed, 1 order"


def _acknowledged(scene: Scene, site: Site) -> bool:
    return any(
        message.get("type") == "command_result" and message["data"]["result"] == "accepted"
        for key, message in scene.fleet.ledger.said.items()
        if key[0] == site.valve_id
    )
