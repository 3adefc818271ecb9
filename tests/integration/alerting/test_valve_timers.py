"""The valve loop on the real PostgreSQL: its timeline, its timers, V01."""

import asyncio

from tests.integration.alerting.rig import Rig


async def test_a_fresh_alarm_closes_and_its_timeline_tells(rig: Rig) -> None:
    alert = await rig.raised("G02", close=True)
    (issued,) = await rig.outbox()
    assert (issued["actors"], issued["automatic"], issued["alert_id"]) == (["rule:G02"], True, alert.alert_id)
    await rig.answered(issued["command_id"], "accepted")
    await rig.answered(issued["command_id"], "accepted")
    await rig.moved("closing", 1)
    await rig.moved("closed", 2)
    lines = (await rig.get(f"alerts/{alert.alert_id}/timeline")).json()["items"]
    kinds = [line["kind"] for line in lines]
    assert kinds == ["raised", "command_sent", "command_result", "valve_moved", "valve_moved", "valve_closed"]
    assert {line.get("command_id") for line in lines[1:]} == {issued["command_id"]}


async def test_the_timer_sends_the_same_id_again(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    await rig.aged(5)
    await rig.timers.once()
    first, again = await rig.outbox()
    assert again["command_id"] == first["command_id"]
    assert (again["attempt"], again["seq"]) == (2, first["seq"])
    await rig.timers.once()
    assert len(await rig.outbox()) == 2


async def test_nothing_back_raises_v01_and_the_alarm_that_lasts_gets_a_new_command(rig: Rig) -> None:
    alert = await rig.raised("G02", close=True)
    await rig.aged(31)
    await rig.timers.once()
    (v01,) = (await rig.get("alerts", rule="V01")).json()["items"]
    assert (v01["priority"], v01["active"], v01["reason"], v01["device_ids"]) == (
        "P1",
        True,
        "nothing_back",
        ["valve-1"],
    )
    first, second = await rig.outbox()
    assert second["command_id"] != first["command_id"]
    assert second["alert_id"] == alert.alert_id
    await rig.moved("closed", 1)
    assert (await rig.get("alerts", rule="V01")).json()["items"][0]["active"] is False


async def test_acknowledged_without_movement_raises_v01(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    (issued,) = await rig.outbox()
    await rig.answered(issued["command_id"], "accepted")
    await rig.aged(9)
    await rig.timers.once()
    assert (await rig.get("alerts", rule="V01")).json()["items"] == []
    await rig.aged(1)
    await rig.timers.once()
    (v01,) = (await rig.get("alerts", rule="V01")).json()["items"]
    assert v01["reason"] == "no_movement"


async def test_freshness_is_judged_after_the_wait_for_the_sites_lock(rig: Rig) -> None:
    await rig.arrived(None)
    held, release = asyncio.Event(), asyncio.Event()

    async def hold() -> int:
        async with rig.store.unit() as unit:
            await unit.load([rig.places.facts("site-1")])
            held.set()
            await release.wait()
            now = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
            return int(await unit.connection.fetchval(now))

    async def wait() -> tuple[int, int]:
        async with rig.store.unit() as unit:
            began = unit.now_ms
            await unit.load([rig.places.facts("site-1")])
            return began, unit.now_ms

    holder = asyncio.create_task(hold())
    await held.wait()
    waiter = asyncio.create_task(wait())
    blocked = (
        "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = $1"
    )

    async def waits() -> bool:
        async with rig.worker_pool.acquire() as connection:
            return bool(await connection.fetchval(blocked, "test-worker"))

    await rig.until(waits)
    release.set()
    released, (began, now) = await holder, await waiter
    assert began <= released <= now


async def test_two_timers_do_what_is_due_once(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    await rig.aged(31)
    await asyncio.gather(*(rig.timers.once() for _ in range(4)))
    assert len((await rig.get("alerts", rule="V01")).json()["items"]) == 1
    assert len(await rig.outbox()) == 2


async def test_the_timers_run_and_rest(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    task = asyncio.create_task(rig.timers.run())
    try:
        await rig.aged(4.9)
        rig.timers.wake()

        async def sent_again() -> bool:
            return len(await rig.outbox()) == 2

        await rig.until(sent_again)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert 0.02 <= await rig.timers.once() <= 1.0


async def test_a_renewal_held_back_does_not_keep_the_timer_busy(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    await rig.aged(31)
    rig.places.maintained = True
    await rig.timers.once()
    assert len(await rig.outbox()) == 1
    async with rig.worker_pool.acquire() as connection:
        assert await connection.fetchval("SELECT next_deadline FROM valve") is None
        await connection.execute("UPDATE valve SET next_deadline = now()")
        await rig.timers.once()
        assert await connection.fetchval("SELECT next_deadline FROM valve") is None


async def test_the_clock_of_a_site_that_is_gone_stops(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    await rig.aged(31)
    rig.places.known.clear()
    await rig.timers.once()
    assert len(await rig.outbox()) == 1
    async with rig.worker_pool.acquire() as connection:
        assert await connection.fetchval("SELECT next_deadline FROM valve") is None
