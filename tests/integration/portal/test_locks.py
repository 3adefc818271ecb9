"""Guessing is slowed; a person who mistypes, or whose code was used, soon goes on."""

import pyotp

from tests.integration.portal.rig import SECRET, bearer, next_code, sign_in


async def age(portal, seconds):
    """Let the failures on record lie further back."""
    await portal.pool.execute(
        "WITH old AS (DELETE FROM failed_sign_in RETURNING *) INSERT INTO failed_sign_in"
        " SELECT username, address, at - make_interval(secs => $1) FROM old",
        seconds,
    )


async def test_a_used_code_with_the_right_password_is_no_failure(portal):
    code = pyotp.TOTP(SECRET).now()
    assert (await sign_in(portal, "watch", code)).status_code == 200
    for _ in range(6):
        answer = await sign_in(portal, "watch", code)
        assert (answer.status_code, answer.json()["type"]) == (401, "code-used")
        assert "wait for the next" in answer.json()["title"]
    assert (await sign_in(portal, "watch", code, password="wrong")).json()["type"] == "unauthorised"
    assert (await sign_in(portal, "watch", next_code())).status_code == 200


async def test_a_used_code_when_arming_ends_no_session(portal):
    code = pyotp.TOTP(SECRET).now()
    answer = await sign_in(portal, "watch", code)
    for _ in range(6):
        used = await portal.post(
            "/api/v1/valves/v1:arm", json={"reason": "r", "otp": code}, headers=bearer(answer)
        )
        assert not used.json()["second_factor"]
    fresh = {"reason": "r", "otp": next_code()}
    armed = await portal.post("/api/v1/valves/v1:arm", json=fresh, headers=bearer(answer))
    assert armed.json()["second_factor"]


async def test_the_lock_says_how_long_and_ends_after_a_minute_then_after_two(portal):
    for _ in range(5):
        assert (await sign_in(portal, password="wrong")).status_code == 401
    locked = await sign_in(portal)
    assert locked.status_code == 429
    assert 1 <= int(locked.headers["retry-after"]) <= 60
    await age(portal, 61)
    assert (await sign_in(portal, password="wrong")).status_code == 401
    assert 60 < int((await sign_in(portal)).headers["retry-after"]) <= 120
    await age(portal, 121)
    assert (await sign_in(portal)).status_code == 200


async def test_who_goes_on_guessing_waits_a_quarter_of_an_hour_each_time(portal):
    """What was guessed before the longest lock still counts after it."""
    for _ in range(4):
        assert (await sign_in(portal, password="wrong")).status_code == 401
    for lock_s in (60, 120, 240, 480, 900, 900):
        assert (await sign_in(portal, password="wrong")).status_code == 401
        assert lock_s - 60 < int((await sign_in(portal)).headers["retry-after"]) <= lock_s
        await age(portal, lock_s + 1)


async def test_a_success_clears_the_count(portal):
    for _ in range(3):
        for _ in range(4):
            assert (await sign_in(portal, password="wrong")).status_code == 401
        assert (await sign_in(portal)).status_code == 200


async def test_a_lock_stops_nobody_who_is_signed_in_from_closing_a_valve(portal):
    answer = await sign_in(portal, "watch", pyotp.TOTP(SECRET).now())
    for _ in range(5):
        await sign_in(portal, "watch", password="wrong")
    assert (await sign_in(portal, "watch", next_code())).status_code == 429
    headers = bearer(answer)
    arm = {"reason": "leak", "otp": next_code()}
    armed = await portal.post("/api/v1/valves/v1:arm", json=arm, headers=headers)
    assert armed.json()["second_factor"]
    closed = await portal.post("/api/v1/valves/v1:close", json={"arm_token": "t"}, headers=headers)
    assert closed.status_code == 200
