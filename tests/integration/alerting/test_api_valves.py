"""Closing by hand over HTTP against the real PostgreSQL: arming, who may, the list of commands."""

import asyncio

from joserfc.jwk import KeySet

from simulators.valve_logic import ValveLogic
from tests.integration.alerting.rig import LEAD, OTHER_WATCH, REGULATOR, STRANGER, WATCH, Rig


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
    await rig.answered(issued["command_id"], "accepted")
    await rig.moved("closed", 1)
    await rig.moved("open", 2)
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
