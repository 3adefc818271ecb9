"""What people do stands in the audit chain before it is done; whoever touches the chain is found."""

import asyncio
from typing import Any

import asyncpg
import msgspec
import orjson
import pyotp
import pytest
from typer.testing import CliRunner

from services.portal import commands
from services.portal.adapters.heads import HeadKey
from services.portal.domain.audit import Fault, Finding, Head, verify
from services.portal.entrypoints.closes import Closes
from services.portal.handlers.auditing import sign_head
from shared.chassis.clock import SystemClock
from shared.chassis.database import open_pool
from shared.chassis.kafka import Record
from shared.contracts.events import ValveCommandIssued
from tests.integration.portal.rig import SECRET, bearer, person, sign_in

SWAPPED = """
UPDATE audit SET seq = 1000 WHERE seq = 3;
UPDATE audit SET seq = 3 WHERE seq = 4;
UPDATE audit SET seq = 4 WHERE seq = 1000
"""


async def entries(portal) -> list[dict[str, Any]]:
    return [orjson.loads(link.text) async for link in portal.chain.links()]


async def acknowledge(portal, headers, number=1, note="seen"):
    url = f"/api/v1/alerts/a{number}:acknowledge"
    return await portal.post(url, json={"note": note}, headers=headers | {"Idempotency-Key": str(number)})


async def watch(portal):
    return bearer(await sign_in(portal, "watch", pyotp.TOTP(SECRET).now()))


async def test_an_act_has_its_intent_and_its_result(portal):
    headers = await watch(portal)
    assert (await acknowledge(portal, headers)).status_code == 200
    intent, result = [one for one in await entries(portal) if one["object"] == "alerts/a1:acknowledge"]
    assert (intent["kind"], result["kind"], result["about"]) == ("intent", "result", intent["seq"])
    assert (intent["actor"], intent["role"], intent["reason"]) == ("watch", "watch", "seen")
    assert intent["before"]["path"] == "api/v1/alerts/a1"
    assert (result["status"], result["after"]["path"]) == (200, "api/v1/alerts/a1:acknowledge")


async def test_what_may_not_be_done_leaves_no_intent_and_reading_none_either(portal):
    headers = bearer(await sign_in(portal, "viewer"))
    assert (await acknowledge(portal, headers)).status_code == 403
    assert (await portal.get("/api/v1/alerts", headers=headers)).status_code == 200
    assert [one for one in await entries(portal) if "alerts" in one["object"]] == []


async def test_signing_in_and_out_and_ending_a_session_stand_in_the_chain(portal):
    here, there = bearer(await sign_in(portal)), bearer(await sign_in(portal))
    portal.cookies.clear()
    listed = (await portal.get("/api/v1/sessions", headers=here)).json()["items"]
    (other,) = [one["session_id"] for one in listed if not one["current"]]
    await portal.delete(f"/api/v1/sessions/{other}", headers=here)
    await portal.delete("/api/v1/session", headers=there)
    await portal.delete("/api/v1/session", headers=here)
    await sign_in(portal, password="wrong")
    await sign_in(portal, "a-password-typed-as-a-name", password="wrong")
    await portal.later.ended()
    acts = [(one["action"], one["actor"], one["status"]) for one in await entries(portal)]
    assert acts == [
        ("POST session", "member", 200),
        ("POST session", "member", 200),
        ("DELETE sessions/{}", "member", 204),
        ("DELETE session", "member", 204),
        ("POST session", "member", 401),
    ]


async def test_no_act_without_its_intent(portal):
    headers = await watch(portal)
    heard = len(portal.heard)
    owner = await asyncpg.connect(portal.owner)
    await owner.execute("ALTER TABLE audit RENAME TO audit_away")
    try:
        answer = await acknowledge(portal, headers)
    finally:
        await owner.execute("ALTER TABLE audit_away RENAME TO audit")
        await owner.close()
    assert answer.status_code == 503
    assert len([one for one in portal.heard[heard:] if one["path"].endswith(":acknowledge")]) == 0


async def test_secrets_are_not_in_the_chain(portal):
    headers = await watch(portal)
    code = pyotp.TOTP(SECRET).at(0)
    body = {"reason": "leak", "otp": code}
    await portal.post("/api/v1/valves/v1:arm", json=body, headers=headers | {"Idempotency-Key": "1"})
    text = " ".join([link.text async for link in portal.chain.links()])
    assert code not in text
    assert "leak" in text


async def test_acts_at_a_valve_and_new_orders_are_their_areas_to_read(portal):
    headers = await watch(portal)
    arm = {"reason": "leak", "otp": "000000"}
    await portal.post("/api/v1/valves/v1:arm", json=arm, headers=headers | {"Idempotency-Key": "1"})
    order = {"site_id": "s", "kind": "inspection", "priority": "P4", "text": "look"}
    await portal.post("/api/v1/orders", json=order, headers=headers | {"Idempotency-Key": "2"})
    told = [orjson.loads(link.text) async for link in portal.chain.links()]
    areas = {(one["action"], one["kind"]): one["area_code"] for one in told}
    for kind in ("intent", "result"):
        assert areas["POST valves/{}:arm", kind] == "530602"
    assert areas["POST orders", "result"] == "530602"


@pytest.mark.parametrize("statement", ["UPDATE audit SET text = text", "DELETE FROM audit", "TRUNCATE audit"])
async def test_neither_role_of_the_portal_can_change_the_chain(portal, statement):
    await acknowledge(portal, await watch(portal))
    for pool in (portal.pool, portal.chain._adding):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await pool.execute(statement)
    owner = await asyncpg.connect(portal.owner)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await owner.execute(statement)
    await owner.close()


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE audit SET text = replace(text, 'seen', 'unseen') WHERE seq = 3", Finding(Fault.EDITED, 3)),
        ("DELETE FROM audit WHERE seq = 3", Finding(Fault.DELETED, 3)),
        ("DELETE FROM audit WHERE seq > 4", Finding(Fault.TRUNCATED, 5)),
        (SWAPPED, Finding(Fault.REORDERED, 3)),
    ],
)
async def test_what_the_owner_of_the_table_does_is_found(portal, tmp_path, statement, fault):
    headers = await watch(portal)
    for number in range(3):
        await acknowledge(portal, headers, number)
    key = HeadKey.load(tmp_path / "audit.key", tmp_path / "heads.log")
    await sign_head(portal.chain, key, SystemClock())
    owner = await asyncpg.connect(portal.owner)
    await owner.execute(
        "ALTER TABLE audit DISABLE TRIGGER USER; ALTER TABLE audit NO FORCE ROW LEVEL SECURITY"
    )
    await owner.execute(statement)
    await owner.close()
    heads = [head for text in key.kept() if (head := key.verify(text))]
    assert verify([link async for link in portal.chain.links()], heads) == fault


async def test_a_head_is_signed_when_something_was_written_and_only_then(portal, tmp_path):
    key = HeadKey.load(tmp_path / "audit.key", tmp_path / "heads.log")
    await acknowledge(portal, await watch(portal))
    for _ in range(2):
        await sign_head(portal.chain, key, SystemClock())
    (signed,) = await portal.chain.heads()
    assert key.kept() == [signed]
    last = [link async for link in portal.chain.links()][-1]
    assert key.verify(signed) == Head(last.seq, last.hash)
    other = HeadKey.load(tmp_path / "other.key", tmp_path / "other.log")
    assert other.verify(signed) is None


async def test_an_automatic_close_stands_once_and_one_by_hand_is_its_request(portal):
    closes = Closes(portal.chain)
    command = ValveCommandIssued(
        command_id="c1", valve_id="v1", client_id="v1", site_id="s", operator_id="op-a", area_code="530602",
        zone="z", jws="x", seq=1, issued_at_ms=1, expires_at_ms=2, alert_id="a", actors=["rule:G02"],
        automatic=True, reason="gas high",
    )  # fmt: skip
    for value in (command, command, msgspec.structs.replace(command, attempt=2)):
        record = Record("gas.valve-command.v1", 0, 0, b"s", msgspec.json.encode(value), {}, 0)
        await closes(record)
    by_hand = msgspec.structs.replace(command, command_id="c2", automatic=False)
    await closes(Record("gas.valve-command.v1", 0, 1, b"s", msgspec.json.encode(by_hand), {}, 0))
    (entry,) = [one for one in await entries(portal) if one["kind"] == "automatic"]
    assert (entry["object"], entry["actor"]) == ("valves/v1/commands/c1", "rule:G02")


async def test_who_looks_sees_the_own_and_the_chain_is_exported(portal):
    admin = next(one for one in portal.people if one["username"] == "admin")
    await acknowledge(portal, await watch(portal), note="=cmd|'/c calc'!A1")
    headers = bearer(await sign_in(portal, "admin", pyotp.TOTP(admin["totp_secret"]).now()))
    found = (await portal.get("/api/v1/audit?actor=watch&kind=intent", headers=headers)).json()["items"]
    assert [one["object"] for one in found] == ["alerts/a1:acknowledge"]
    export = await portal.get("/api/v1/audit?format=csv&actor=watch", headers=headers)
    assert export.text.startswith("\ufeff")
    assert "'=cmd" in export.text
    assert (await portal.get("/api/v1/audit", headers=await watch_again(portal))).status_code == 403


async def watch_again(portal):
    return bearer(await sign_in(portal))


async def test_what_is_done_to_accounts_by_command_stands_in_the_chain(portal, monkeypatch, tmp_path):
    monkeypatch.setattr(commands, "_pool", lambda: open_pool(portal.owner, application_name="test"))
    file = tmp_path / "accounts.json"
    file.write_bytes(orjson.dumps([person("member", "crew_member", operator_id="op-a", password="hidden")]))
    for given in (["create-administrator", "chief"], ["add-accounts", str(file)]):
        done = await asyncio.to_thread(CliRunner().invoke, commands.app, given)
        assert done.exit_code == 0, done.output
        password = done.output.rpartition(" ")[2].strip() or "hidden"
        assert password not in str(await entries(portal))
    for username, action in (("chief", "command create-administrator"), ("member", "command add-accounts")):
        intent, result = [one for one in await entries(portal) if one["object"] == f"people/{username}"]
        assert (intent["action"], intent["kind"]) == (action, "intent")
        assert (result["kind"], result["about"], result["status"]) == ("result", intent["seq"], 201)
    again = await asyncio.to_thread(CliRunner().invoke, commands.app, ["create-administrator", "chief"])
    assert again.exit_code == 1
    assert [one for one in await entries(portal) if one["object"] == "people/chief"][-1]["status"] == 409
