"""What devices may say: twice, late, out of order, by a wrong clock, too much (faults 14 to 17, 27)."""

import asyncio
import time
from functools import partial

import msgspec

from simulators.devices import Detector
from tests.faults.fleet import ALARM, FaultClient, Site, now_ms, until
from tests.faults.harness import Scene, counts
from tests.faults.ledger import Key, Ledger

DAY_MS = 24 * 3600 * 1000
QUOTA_PER_S, BURST = 10, 100
encode = msgspec.json.encode


@counts(50, 500)
async def test_fault_14_duplicates(scene: Scene, count: int) -> None:
    """One alarm event `count` times at once."""
    site = await scene.site()
    key = site.client.alarm(site.detector)
    payload = encode(scene.fleet.ledger.said[key])
    for _ in range(count):
        site.client.publish_raw("event", payload)
    one = await scene.one_of_each(site)
    await scene.decided(site)
    await scene.one_of_each(site)
    scene.said = f"the same alarm {count} times: {one}"


@counts(1, 20)
async def test_fault_15_clear_before_raise(scene: Scene, count: int) -> None:
    """The clear arrives first: the final state follows the device's numbers."""
    await scene.repeat(count, _clear_before_raise, "clears before their raises")


async def _clear_before_raise(scene: Scene, site: Site) -> str:
    client = site.client
    raised = client.message(site.detector, ALARM)
    cleared = client.message(site.detector, {"type": "alarm_cleared", "data": {}})
    for message in (cleared, raised):
        client.send(message)
        await scene.fleet.drained()
    await scene.decided(site)
    alerts = await scene.alerts(site)
    assert not [alert for alert in alerts if alert["in_condition"]]
    assert len(alerts) <= 1
    assert site.closings() == 0
    return f"{len(alerts)} alert, none in condition, valve untouched"


@counts(1, 20)
async def test_fault_16_a_day_late(scene: Scene, count: int) -> None:
    """A buffered alarm of yesterday is stored and marked late, and moves no valve."""
    await scene.repeat(count, _a_day_late, "alarms a day late")


async def _a_day_late(scene: Scene, site: Site) -> str:
    key = site.client.speak(site.detector, ALARM | {"time_ms": now_ms() - DAY_MS, "buffered": True})
    query = (
        "SELECT late, buffered FROM public.device_event_v1 WHERE device_id = $1 AND boot_id = $2 AND seq = $3"
    )
    rows = await until("it is stored", lambda: scene.fetch(query, *key))
    assert [(row["late"], row["buffered"]) for row in rows] == [(True, True)]
    await scene.decided(site)
    assert not await scene.commands(site)
    assert site.valve.position == "open"
    assert site.client.commands == 0
    return "stored, late, no command"


CLOCKS = {
    "a day ahead": lambda: now_ms() + DAY_MS,
    "a day behind": lambda: now_ms() - DAY_MS,
    "2099": lambda: 4_070_908_800_000,
    "1970": lambda: 0,
    "none": lambda: None,
}
ODD = {"a day ahead": True, "a day behind": False, "2099": True, "1970": True, "none": True}


@counts(3, 50)
async def test_fault_17_wrong_clocks(scene: Scene, count: int) -> None:
    """Readings by five wrong clocks, each `count` times: one row each, and no chunk of another century."""
    said: dict[str, Key] = {}
    sites = {clock: await scene.site() for clock in CLOCKS}
    began = now_ms()
    for clock, site in sites.items():
        at = CLOCKS[clock]()
        reading = site.client.speakers[site.detector].device.fields() | {"time_ms": at}
        without = ("time_ms",) if at is None else ()
        said[clock] = site.client.speak(site.detector, reading, without)
        for _ in range(count):
            site.client.publish_raw("reading", encode(scene.fleet.ledger.said[said[clock]]))
        site.client.speak(site.detector, ALARM | {"time_ms": at}, without)
    await scene.fleet.drained()
    await scene.fleet.ledger.check(scene.connection)
    query = "SELECT odd FROM public.reading_v1 WHERE device_id = $1 AND boot_id = $2 AND seq = $3"
    for clock, key in said.items():
        assert [row["odd"] for row in await scene.fetch(query, *key)] == [ODD[clock]], clock
    chunks = await scene.fetch(
        "SELECT 1 FROM timescaledb_information.chunks WHERE hypertable_schema = 'history'"
        " AND (range_start > now() + interval '1 day' OR range_end < now() - interval '90 days')"
    )
    assert not chunks
    for clock, site in sites.items():
        alerts = await until(f"the alert of the clock {clock}", partial(scene.alerts, site))
        assert began - 1000 <= alerts[0]["opened_at_ms"] <= now_ms(), clock
    scene.said = f"5 wrong clocks, each reading {count + 1} times: alerts by the time of arrival"


@counts(3, 20)
async def test_fault_27_one_device_at_1000_a_second(scene: Scene, count: int) -> None:
    """It is held back to its allowance, others are not, and its own alarm is not either."""
    site = await scene.site()
    mine = Ledger()  # what is held back is never receipted, so it has books of its own
    (loud,) = await scene.fleet.talkers(scene.world.talkers[:1], mine)
    began = time.monotonic()
    flood = asyncio.create_task(_flood(loud, count))
    alarm_at = time.monotonic()
    site.client.alarm(site.detector)
    await until("the alert of another", lambda: scene.alerts(site), 10)
    alert_s = time.monotonic() - alarm_at
    sent = await flood
    own = loud.speak(loud.client_id, ALARM)
    await until("its own alarm is receipted", lambda: own in mine.accepted, 10)
    seconds = time.monotonic() - began
    held_back = await scene.metric("ingestion", "gas_ingestion_held_back_total")
    accepted = len(mine.accepted)
    assert accepted <= BURST + QUOTA_PER_S * (seconds + 2), accepted
    assert held_back >= sent - BURST - QUOTA_PER_S * (seconds + 2)
    scene.said = (
        f"{sent} readings in {count} s by one device, {held_back:.0f} held back;"
        f" another's alert after {alert_s:.2f} s, {await scene.one_of_each(site)}"
    )


async def _flood(loud: FaultClient, seconds: int) -> int:
    """Publish 50 readings twenty times a second."""
    detector = loud.speakers[loud.client_id].device
    assert isinstance(detector, Detector)
    sent = 0
    for _ in range(seconds * 20):
        lot = [loud.message(loud.client_id, detector.fields()) for _ in range(50)]
        loud.publish_raw("reading", encode(lot))
        sent += len(lot)
        await asyncio.sleep(0.05)
    return sent
