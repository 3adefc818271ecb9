"""Accounts: made by an administrator, first password, second factor, sessions that end."""

import asyncio
import json
import uuid

import httpx
import orjson
import pyotp
import pytest

from services.portal.entrypoints import gateway
from tests.integration.portal.rig import LIMIT_S, PEOPLE, bearer, sign_in

ADMIN = next(one["totp_secret"] for one in PEOPLE if one["username"] == "admin")
OWN = "a long enough phrase"
NEW = {"username": "li.si", "name": "李四", "role": "watch", "operator_id": "op-a"}


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
async def admin(portal):
    return bearer(await sign_in(portal, "admin", pyotp.TOTP(ADMIN).now()))


async def create(portal, admin, **more):
    answer = await portal.post("/api/v1/people", json=NEW | more, headers=admin | key())
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_first_password_is_for_one_thing_only(portal, admin):
    made = await create(portal, admin)
    portal.cookies.clear()
    mine = bearer(await sign_in(portal, "li.si", password=made["password"]))
    assert (await portal.get("/api/v1/people/me", headers=mine)).json()["owes"] == "password"
    refused = await portal.get("/api/v1/alerts", headers=mine)
    assert (refused.status_code, refused.json()["type"]) == (403, "password-owed")
    body = {"password": made["password"], "new_password": OWN}
    assert (
        await portal.post("/api/v1/people/me:password", json=body, headers=mine | key())
    ).status_code == 200
    owing = (await portal.get("/api/v1/people/me", headers=mine)).json()
    assert owing["owes"] == "second_factor"
    assert (await portal.get("/api/v1/alerts", headers=mine)).json()["type"] == "second-factor-owed"
    secret = (await portal.post("/api/v1/people/me:second-factor", json={}, headers=mine | key())).json()[
        "totp_secret"
    ]
    wrong = await portal.post("/api/v1/people/me:second-factor", json={"otp": "000000"}, headers=mine | key())
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["type"] == "code-wrong"
    code = {"otp": pyotp.TOTP(secret).now()}
    assert (
        await portal.post("/api/v1/people/me:second-factor", json=code, headers=mine | key())
    ).status_code == 200
    assert (await portal.get("/api/v1/alerts", headers=mine)).status_code == 200
    assert (await sign_in(portal, "li.si", password=made["password"])).status_code == 401
    assert (await sign_in(portal, "li.si", code["otp"], OWN)).json()["type"] == "code-used"


@pytest.mark.parametrize(
    ("fresh", "code"),
    [
        ("short", "password-short"),
        ("aaaaaaaaaaaaaaaa", "password-repeats"),
        ("li.si is my name", "password-names"),
        ("Gaswatch-2026-11", "password-names"),
    ],
)
async def test_a_weak_password_is_refused_with_the_field_and_the_reason(portal, admin, fresh, code):
    made = await create(portal, admin)
    mine = bearer(await sign_in(portal, "li.si", password=made["password"]))
    body = {"password": made["password"], "new_password": fresh}
    answer = await portal.post("/api/v1/people/me:password", json=body, headers=mine | key())
    assert answer.status_code == 422
    fault = answer.json()["errors"][0]
    assert (fault["loc"][-1], fault["type"]) == ("new_password", code)


@pytest.mark.parametrize(
    ("present", "fresh", "field", "code"),
    [
        (None, None, "new_password", "password-present"),
        ("no password of hers", OWN, "password", "password-wrong"),
    ],
)
async def test_a_refused_change_of_the_password_says_why_by_a_code(
    portal, admin, present, fresh, field, code
):
    made = await create(portal, admin)
    mine = bearer(await sign_in(portal, "li.si", password=made["password"]))
    body = {"password": present or made["password"], "new_password": fresh or made["password"]}
    answer = await portal.post("/api/v1/people/me:password", json=body, headers=mine | key())
    fault = answer.json()["errors"][0]
    assert (answer.status_code, fault["loc"][-1], fault["type"]) == (422, field, code)


async def test_changing_the_password_ends_the_other_sessions(portal):
    here, there = bearer(await sign_in(portal)), bearer(await sign_in(portal))
    body = {"password": "right", "new_password": OWN}
    assert (
        await portal.post("/api/v1/people/me:password", json=body, headers=here | key())
    ).status_code == 200
    portal.cookies.clear()
    assert (await portal.get("/api/v1/people/me", headers=there)).status_code == 401
    assert (await portal.get("/api/v1/people/me", headers=here)).status_code == 200


async def test_sessions_are_listed_and_ended_by_their_owner_only(portal):
    here, there = bearer(await sign_in(portal)), bearer(await sign_in(portal))
    other = bearer(await sign_in(portal, "viewer"))
    portal.cookies.clear()
    listed = (await portal.get("/api/v1/sessions", headers=here)).json()["items"]
    assert [one["current"] for one in listed].count(True) == 1
    (gone,) = [one["session_id"] for one in listed if not one["current"]]
    assert (await portal.delete(f"/api/v1/sessions/{gone}", headers=other)).status_code == 404
    assert (await portal.delete(f"/api/v1/sessions/{gone}", headers=here)).status_code == 204
    assert (await portal.get("/api/v1/people/me", headers=there)).status_code == 401


async def test_closing_an_account_ends_its_sessions_and_a_new_password_starts_anew(portal, admin):
    mine = bearer(await sign_in(portal))
    portal.cookies.clear()
    url = "/api/v1/people/member"
    assert (await portal.post(f"{url}:disable", headers=admin | key())).json()["disabled"] is True
    assert (await portal.get("/api/v1/people/me", headers=mine)).status_code == 401
    assert (await sign_in(portal)).status_code == 401
    await portal.post(f"{url}:enable", headers=admin | key())
    fresh = (await portal.post(f"{url}:new-password", headers=admin | key())).json()["password"]
    assert (await sign_in(portal)).status_code == 401
    assert (await sign_in(portal, password=fresh)).status_code == 200


async def test_a_person_whose_account_is_closed_or_changed_is_rung_no_more(portal, admin):
    url = "/api/v1/people/member"

    async def rung_off(doing):
        portal.heard.clear()
        assert (await doing).status_code == 200
        return [(one["method"], one["path"], one["query"], one["who"].subject) for one in portal.heard]

    async def change(**body):
        seen = (await portal.get(url, headers=admin)).headers["etag"]
        return await portal.patch(url, json=body, headers=admin | {"If-Match": seen})

    off = [("DELETE", "api/v1/push-subscriptions", "person=member", "admin")]
    assert await rung_off(portal.post(f"{url}:disable", headers=admin | key())) == off
    assert await rung_off(portal.post(f"{url}:enable", headers=admin | key())) == []
    assert await rung_off(portal.post(f"{url}:new-password", headers=admin | key())) == off
    assert await rung_off(change(name="张三")) == []
    assert await rung_off(change(role="regulator_viewer", area_code="530602")) == off


async def test_a_session_that_its_owner_ends_is_rung_no_more(portal):
    here, *_ = [bearer(await sign_in(portal)) for _ in range(3)]
    portal.cookies.clear()

    async def ids() -> dict[bool, list[str]]:
        rows = (await portal.get("/api/v1/sessions", headers=here)).json()["items"]
        return {now: [one["session_id"] for one in rows if one["current"] is now] for now in (True, False)}

    async def silenced(doing):
        portal.heard.clear()
        assert (await doing).is_success
        asked = [one for one in portal.heard if one["path"] == "api/v1/push-subscriptions:silence"]
        return [(one["who"].subject, json.loads(one["body"])["session_ids"]) for one in asked]

    (lost, _) = others = (await ids())[False]
    assert await silenced(portal.delete(f"/api/v1/sessions/{lost}", headers=here)) == [("member", [lost])]
    body = {"password": "right", "new_password": OWN}
    changed = portal.post("/api/v1/people/me:password", json=body, headers=here | key())
    assert await silenced(changed) == [("member", [others[1]])]
    (last,) = (await ids())[True]
    assert await silenced(portal.delete("/api/v1/session", headers=here)) == [("member", [last])]


async def test_what_was_done_is_answered_and_written_down_while_notification_is_away(portal, admin):
    async def gone():
        raise httpx.ConnectError("gone")

    portal.away["notification"] = gone
    url = "/api/v1/people/member"
    fresh = await portal.post(f"{url}:new-password", headers=admin | key())
    assert fresh.status_code == 200, fresh.text
    assert (await sign_in(portal, password=fresh.json()["password"])).status_code == 200
    closed = await portal.post(f"{url}:disable", headers=admin | key())
    assert (closed.status_code, closed.json()["disabled"]) == (200, True)
    body = {"role": "regulator_viewer", "area_code": "530602"}
    changed = await portal.patch(url, json=body, headers=admin | {"If-Match": closed.headers["etag"]})
    assert (changed.status_code, changed.json()["role"]) == (200, "regulator_viewer")
    told = [orjson.loads(link.text) async for link in portal.chain.links()]
    results = [one for one in told if one["kind"] == "result" and one["object"].startswith("people/")]
    assert [one["status"] for one in results] == [200] * 3
    assert [one["after"]["disabled"] for one in results] == [False, True, True]


async def test_no_transaction_waits_for_a_notification_that_hangs(portal, admin, monkeypatch):
    monkeypatch.setattr(gateway, "SILENCE_LIMIT_S", 1.0)
    held = []

    async def hangs():
        held.append(
            await portal.pool.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            )
        )
        await asyncio.Event().wait()

    here, _ = bearer(await sign_in(portal)), await sign_in(portal)
    portal.away["notification"] = hangs
    body = {"password": "right", "new_password": OWN}
    async with asyncio.timeout(LIMIT_S):
        own = await portal.post("/api/v1/people/me:password", json=body, headers=here | key())
        closed = await portal.post("/api/v1/people/member:disable", headers=admin | key())
    assert (own.status_code, closed.status_code) == (200, 200)
    assert held == [0, 0]


async def test_nobody_closes_the_own_account_and_nobody_else_administers(portal, admin):
    assert (await portal.post("/api/v1/people/admin:disable", headers=admin | key())).status_code == 409
    member = bearer(await sign_in(portal))
    assert (await portal.post("/api/v1/people", json=NEW, headers=member | key())).status_code == 403


async def test_a_change_needs_the_revision_that_was_read(portal, admin):
    await create(portal, admin)
    url = "/api/v1/people/li.si"
    seen = (await portal.get(url, headers=admin)).headers["etag"]
    body = {"role": "crew_member", "operator_id": "op-a", "crew_id": "crew-1"}
    assert (await portal.patch(url, json=body, headers=admin)).status_code == 428
    changed = await portal.patch(url, json=body, headers=admin | {"If-Match": seen})
    assert (changed.json()["role"], changed.json()["name"]) == ("crew_member", "李四")
    assert (await portal.patch(url, json=body, headers=admin | {"If-Match": seen})).status_code == 412


@pytest.mark.parametrize(
    "wrong",
    [
        {"role": "root"},
        {"operator_id": None},
        {"area_code": "530602"},
        {"username": "../x"},
        {"disabled": True},
        {"name": "a\0b"},
    ],
)
async def test_a_person_that_cannot_be_is_refused(portal, admin, wrong):
    assert (await portal.post("/api/v1/people", json=NEW | wrong, headers=admin | key())).status_code == 422


async def test_a_name_that_is_taken_is_409_and_a_first_password_is_not_in_the_chain(portal, admin):
    made = await create(portal, admin)
    assert (await portal.post("/api/v1/people", json=NEW, headers=admin | key())).status_code == 409
    text = " ".join([link.text async for link in portal.chain.links()])
    assert made["password"] not in text
    assert "POST people" in text


async def expire(portal):
    await portal.pool.execute("UPDATE session SET expires_at = now() - interval '1 hour'")


async def test_a_crew_s_phone_wakes_up_signed_in_and_nobody_else_s(portal):
    for username, status in (("member", 200), ("viewer", 401)):
        mine = bearer(await sign_in(portal, username))
        portal.cookies.clear()
        await expire(portal)
        assert (await portal.get("/api/v1/people/me", headers=mine)).status_code == 401
        assert (await portal.post("/api/v1/session:refresh", headers=mine)).status_code == status
    mine = bearer(await sign_in(portal))
    portal.cookies.clear()
    await portal.pool.execute("UPDATE session SET created_at = now() - interval '13 hours'")
    await expire(portal)
    assert (await portal.post("/api/v1/session:refresh", headers=mine)).status_code == 401


async def test_an_act_that_was_kept_for_somebody_else_is_refused(portal):
    mine = bearer(await sign_in(portal))
    for meant, status in (("member", 200), ("lead", 409)):
        answer = await portal.get("/api/v1/people/me", headers=mine | {"Gaswatch-User": meant})
        assert answer.status_code == status
