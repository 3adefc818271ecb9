"""A screen on the wall reads alerts under a session of its own, and does nothing else."""

import uuid

import pyotp
import pytest

from tests.integration.portal.rig import SECRET, bearer, sign_in


def key():
    return {"Idempotency-Key": str(uuid.uuid4())}


@pytest.fixture
async def watch(portal):
    return bearer(await sign_in(portal, "watch", pyotp.TOTP(SECRET).now()))


async def hung_up(portal, watch, name="大厅"):
    answer = await portal.post("/api/v1/sessions:screen", json={"name": name}, headers=watch | key())
    assert answer.status_code == 201, answer.text
    portal.cookies.clear()
    return answer.json()


async def test_a_screen_reads_until_whoever_hung_it_up_ends_it(portal, watch):
    made = await hung_up(portal, watch)
    shown = await portal.post("/api/v1/session:screen", json={"token": made["token"]})
    assert (shown.status_code, shown.json()["screen"]) == (200, "大厅")
    assert "HttpOnly" in shown.headers["set-cookie"]
    assert (await portal.get("/api/v1/alerts")).status_code == 200  # by the cookie
    portal.cookies.clear()
    (listed,) = [
        one for one in (await portal.get("/api/v1/sessions", headers=watch)).json()["items"] if one["screen"]
    ]
    assert listed["session_id"] == made["session_id"]
    await portal.delete(f"/api/v1/sessions/{made['session_id']}", headers=watch)
    screen = {"Authorization": f"Bearer {made['token']}"}
    assert (await portal.get("/api/v1/alerts", headers=screen)).status_code == 401
    again = await portal.post("/api/v1/session:screen", json={"token": made["token"]})
    assert again.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "alerts/a1:acknowledge", {}),
        ("POST", "valves/v1:arm", {}),
        ("GET", "orders", None),
        ("GET", "stream/orders", None),
        ("GET", "sites?format=csv", None),
        ("GET", "sessions", None),
        ("POST", "sessions:screen", {"name": "another"}),
        ("POST", "people/me:password", {"password": "right", "new_password": "a long enough phrase"}),
    ],
)
async def test_a_screen_does_nothing_and_reads_only_what_it_shows(portal, watch, method, path, body):
    made = await hung_up(portal, watch)
    screen = {"Authorization": f"Bearer {made['token']}"}
    refused = await portal.request(method, f"/api/v1/{path}", json=body, headers=screen | key())
    assert (refused.status_code, refused.json()["type"]) == (403, "screen-only-reads")


async def test_a_screens_token_is_never_replaced_and_a_persons_is_no_screens(portal, watch):
    made = await hung_up(portal, watch)
    screen = {"Authorization": f"Bearer {made['token']}"}
    assert (await portal.post("/api/v1/session:refresh", headers=screen)).status_code == 401
    assert (await portal.get("/api/v1/alerts", headers=screen)).status_code == 200
    token = watch["Authorization"].removeprefix("Bearer ")
    assert (await portal.post("/api/v1/session:screen", json={"token": token})).status_code == 401


async def test_twenty_screens_are_enough(portal, watch):
    for number in range(20):
        await hung_up(portal, watch, f"s{number}")
    one_more = await portal.post("/api/v1/sessions:screen", json={"name": "x"}, headers=watch | key())
    assert (one_more.status_code, one_more.json()["type"]) == (409, "too-many-screens")
