"""Closing by hand, commands, timers: against the real PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import KeySet

from services.alerting.domain import loops
from services.alerting.domain.valve_loop import on_position, on_result
from shared.chassis.ids import uuid7
from simulators.valve_logic import ValveLogic
from tests.integration.alerting.rig import LEAD, OTHER_WATCH, REGULATOR, STRANGER, WATCH, Rig


@pytest.fixture
async def rig(database: Any, tmp_path: Path) -> AsyncIterator[Rig]:
    async with Rig(await database("alerting"), tmp_path) as made:
        yield made


async def test_arm_then_close_sends_one_signed_command(rig: Rig) -> None:
    armed = await rig.arm()
    body = armed.json()
    assert armed.status_code == 200
    assert body.keys() == {"arm_token", "expires_at", "affected"}
    assert (body["affected"]["site_name"], body["affected"]["zone"]) == ("Noodles", "kitchen")
    closed = await rig.close(body["arm_token"])
    assert closed.status_code == 202
    (event,) = await rig.outbox()
    assert (event["client_id"], event["automatic"], event["actors"]) == ("controller-1", False, ["li"])
    assert event["reason"] == "smell of gas"
    assert event["command_id"] == closed.json()["command_id"]
    keys = KeySet.import_key_set((await rig.get("command-keys", None)).json())
    valve = ValveLogic("valve-1", keys).learn_time(event["issued_at_ms"], 0)
    assert valve.judge(event["jws"], 5).moves
    async with rig.worker_pool.acquire() as connection:
        assert await connection.fetchval("SELECT priority FROM outbox ORDER BY seq DESC LIMIT 1") == 0


async def test_a_token_is_for_one_use_one_person_and_60_s(rig: Rig) -> None:
    token = (await rig.arm()).json()["arm_token"]
    assert (await rig.close(token, OTHER_WATCH)).status_code == 409
    assert (await rig.close("x" * 43)).status_code == 409
    async with rig.worker_pool.acquire() as connection:
        left_s = await connection.fetchval(
            "SELECT extract(epoch FROM expires_at - now())::float FROM valve_arm"
        )
        assert 55 < left_s <= 60
        await connection.execute("UPDATE valve_arm SET expires_at = now() - interval '1 millisecond'")
    late = await rig.close(token)
    assert (late.status_code, late.json()["type"]) == (409, "not-armed")
    token = (await rig.arm()).json()["arm_token"]
    assert (await rig.close(token)).status_code == 202
    assert (await rig.close(token)).json()["type"] == "not-armed"
    assert len(await rig.outbox()) == 1


async def test_the_same_request_again_commands_once(rig: Rig) -> None:
    token = (await rig.arm()).json()["arm_token"]
    first = await rig.close(token, key="k1")
    again = await rig.close(token, key="k1")
    assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(await rig.outbox()) == 1


async def test_a_token_is_never_stored(rig: Rig) -> None:
    token = (await rig.arm()).json()["arm_token"]
    async with rig.worker_pool.acquire() as connection:
        text = str(await connection.fetch("SELECT * FROM idempotency")) + str(
            await connection.fetch("SELECT * FROM valve_arm")
        )
    assert token not in text


async def test_two_people_command_one_valve_one_wins_the_other_is_told(rig: Rig) -> None:
    tokens = [(await rig.arm(who)).json()["arm_token"] for who in (WATCH, OTHER_WATCH)]
    answers = await asyncio.gather(rig.close(tokens[0], WATCH), rig.close(tokens[1], OTHER_WATCH))
    won, lost = sorted(answers, key=lambda answer: answer.status_code)
    assert (won.status_code, lost.status_code) == (202, 409)
    assert lost.json()["by"] == won.json()["actors"]
    assert lost.json()["command_id"] == won.json()["command_id"]
    assert len(await rig.outbox()) == 1


async def test_who_may_close(rig: Rig) -> None:
    from dataclasses import replace

    without = replace(WATCH, second_factor=False)
    for given, status, word in (
        ({}, 403, "needs `otp`"),
        ({"otp": "12345"}, 422, "otp"),
        ({"otp": "12345x"}, 422, "otp"),
        ({"otp": "123456"}, 403, "wrong or already used"),
    ):
        answer = await rig.post("valves/valve-1:arm", without, {"reason": "smell of gas", **given})
        assert (answer.status_code, word in answer.text) == (status, True), answer.text
    for who in (REGULATOR, LEAD):
        assert (await rig.arm(who)).status_code == 403
    assert (await rig.arm(STRANGER)).status_code == 404
    assert (await rig.get("valves/valve-1/commands", STRANGER)).status_code == 404
    for path in ("valves/valve-9:arm", "valves/detector-1:arm"):
        assert (await rig.post(path, WATCH, {"reason": "x"})).status_code == 404
    assert (await rig.post("valves/valve-1:arm", WATCH, {"otp": "1"})).status_code == 422


async def test_nothing_is_closed_from_afar_under_maintenance(rig: Rig) -> None:
    token = (await rig.arm()).json()["arm_token"]
    rig.places.maintained = True
    answer = await rig.close(token)
    assert (answer.status_code, answer.json()["reason"]) == (409, "under_maintenance")
    rig.places.maintained = False
    assert (await rig.close(token)).status_code == 202, "what was refused did not use the token up"


async def test_commands_are_listed_the_newest_first(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    (issued,) = await rig.outbox()
    await answered(rig, issued["command_id"], "accepted")
    await moved(rig, "closed", 1)
    await moved(rig, "open", 2)
    token = (await rig.arm()).json()["arm_token"]
    assert (await rig.close(token)).status_code == 202
    first = (await rig.get("valves/valve-1/commands", limit=1)).json()
    second = (await rig.get("valves/valve-1/commands", limit=1, cursor=first["next_cursor"])).json()
    newest, oldest = first["items"][0], second["items"][0]
    assert (newest["automatic"], newest["state"], newest["actors"]) == (False, "sent", ["li"])
    assert (oldest["automatic"], oldest["state"], oldest["actors"]) == (True, "closed", ["rule:G02"])
    assert oldest["results"] == [{"result": "accepted", "reason": None}]
    assert newest["seq"] > oldest["seq"]
    third = (await rig.get("valves/valve-1/commands", limit=1, cursor=second["next_cursor"])).json()
    assert third == {"items": [], "next_cursor": None}


async def answered(rig: Rig, command_id: str, result: str, reason: str | None = None) -> None:
    async with rig.store.unit() as unit:
        state = (await unit.load([rig.places.facts("site-1")]))["site-1"]
        at = loops.moment(state, "valve-1", unit.now_ms, uuid7)
        step = on_result(loops.valve_of(state, "valve-1"), command_id, result, reason, at)
        loops.apply(state, step, unit.now_ms, uuid7)
        await unit.save([state])


async def moved(rig: Rig, position: str, seq: int) -> None:
    async with rig.store.unit() as unit:
        state = (await unit.load([rig.places.facts("site-1")]))["site-1"]
        at = loops.moment(state, "valve-1", unit.now_ms, uuid7)
        step = on_position(loops.valve_of(state, "valve-1"), position, (1, seq), "command", at)
        loops.apply(state, step, unit.now_ms, uuid7)
        await unit.save([state])


async def test_a_fresh_alarm_closes_and_its_timeline_tells(rig: Rig) -> None:
    alert = await rig.raised("G02", close=True)
    (issued,) = await rig.outbox()
    assert (issued["actors"], issued["automatic"], issued["alert_id"]) == (["rule:G02"], True, alert.alert_id)
    await answered(rig, issued["command_id"], "accepted")
    await answered(rig, issued["command_id"], "accepted")
    await moved(rig, "closing", 1)
    await moved(rig, "closed", 2)
    lines = (await rig.get(f"alerts/{alert.alert_id}/timeline")).json()["items"]
    kinds = [line["kind"] for line in lines]
    assert kinds == ["raised", "command_sent", "command_result", "valve_moved", "valve_moved", "valve_closed"]
    assert {line.get("command_id") for line in lines[1:]} == {issued["command_id"]}


async def aged(rig: Rig, seconds: float) -> None:
    """Let a valve's loop be older than it is: every time in it, and its deadline."""
    async with rig.store.unit() as unit:
        await unit.connection.execute(
            """
            UPDATE valve SET next_deadline = next_deadline - make_interval(secs => $1),
              state = state || jsonb_build_object(
                'command', state->'command'
                  || jsonb_build_object('issued_ms', (state->'command'->>'issued_ms')::bigint - $1 * 1000)
                  || jsonb_build_object('expires_ms', (state->'command'->>'expires_ms')::bigint - $1 * 1000),
                'want', state->'want'
                  || jsonb_build_object('since_ms', (state->'want'->>'since_ms')::bigint - $1 * 1000)
                  || CASE WHEN state->'want'->>'answered_ms' IS NULL THEN '{}' ELSE jsonb_build_object(
                       'answered_ms', (state->'want'->>'answered_ms')::bigint - $1 * 1000) END)
            """,
            seconds,
        )


async def test_the_timer_sends_the_same_id_again(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    await aged(rig, 5)
    await rig.timers.once()
    first, again = await rig.outbox()
    assert again["command_id"] == first["command_id"]
    assert (again["attempt"], again["seq"]) == (2, first["seq"])
    await rig.timers.once()
    assert len(await rig.outbox()) == 2


async def test_nothing_back_raises_v01_and_the_alarm_that_lasts_gets_a_new_command(rig: Rig) -> None:
    alert = await rig.raised("G02", close=True)
    await aged(rig, 31)
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
    await moved(rig, "closed", 1)
    assert (await rig.get("alerts", rule="V01")).json()["items"][0]["active"] is False


async def test_acknowledged_without_movement_raises_v01(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    (issued,) = await rig.outbox()
    await answered(rig, issued["command_id"], "accepted")
    await aged(rig, 9)
    await rig.timers.once()
    assert (await rig.get("alerts", rule="V01")).json()["items"] == []
    await aged(rig, 1)
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
    await aged(rig, 31)
    await asyncio.gather(*(rig.timers.once() for _ in range(4)))
    assert len((await rig.get("alerts", rule="V01")).json()["items"]) == 1
    assert len(await rig.outbox()) == 2


async def test_the_timers_run_and_rest(rig: Rig) -> None:
    await rig.raised("G02", close=True)
    task = asyncio.create_task(rig.timers.run())
    try:
        await aged(rig, 4.9)
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
    await aged(rig, 31)
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
    await aged(rig, 31)
    rig.places.known.clear()
    await rig.timers.once()
    assert len(await rig.outbox()) == 1
    async with rig.worker_pool.acquire() as connection:
        assert await connection.fetchval("SELECT next_deadline FROM valve") is None
