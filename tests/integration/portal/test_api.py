"""Signing in, the second factor, what reaches the services, and the live stream, on the real engines."""

import asyncio

import msgspec
import orjson
import pyotp

from shared.chassis.kafka import Producer
from shared.chassis.principal import HEADER
from shared.contracts.events import Alert, AlertChanged, TimelineItem
from tests.integration.portal.rig import LIMIT_S, ORIGIN, SECRET, bearer, next_code, sign_in


async def test_the_service_hears_who_asks_and_nobody_can_say_it_themselves(portal):
    answer = await sign_in(portal)
    headers = bearer(answer) | {HEADER: "forged", "Idempotency-Key": "k"}
    assert (await portal.get("/api/v1/alerts?limit=3", headers=headers)).json()["path"] == "api/v1/alerts"
    who = portal.heard[-1]["who"]
    assert (who.subject, who.operator_id, who.crew_id, who.roles) == (
        "member",
        "op-a",
        "crew-1",
        {"crew_member"},
    )
    assert portal.heard[-1]["headers"]["idempotency-key"] == "k"


async def test_without_a_live_token_everything_is_401_before_anything_else(portal):
    portal.cookies.clear()
    for path in ("alerts", "nothing", "people", "stream/alerts"):
        assert (await portal.get(f"/api/v1/{path}")).status_code == 401
    assert (await portal.post("/api/v1/alerts/x:acknowledge", content=b"{")).status_code == 401
    assert (await portal.get("/api/v1/alerts", headers={"Authorization": "Bearer x"})).status_code == 401


async def test_a_code_works_once_and_a_password_alone_does_not(portal):
    assert (await sign_in(portal, "watch")).json()["type"] == "second-factor-needed"
    code = pyotp.TOTP(SECRET).now()
    assert (await sign_in(portal, "watch", code)).status_code == 200
    again = await sign_in(portal, "watch", code)
    assert (again.status_code, again.json()["type"]) == (401, "code-used")
    assert (await sign_in(portal, "watch", next_code())).status_code == 200


async def test_arming_a_valve_needs_a_fresh_code(portal):
    answer = await sign_in(portal, "watch", pyotp.TOTP(SECRET).now())
    code = next_code()
    arm = {"reason": "leak", "otp": code}
    first = await portal.post("/api/v1/valves/v1:arm", json=arm, headers=bearer(answer))
    again = await portal.post("/api/v1/valves/v1:arm", json=arm, headers=bearer(answer))
    assert (first.json()["second_factor"], again.json()["second_factor"]) == (True, False)


async def test_guessing_stops_after_five_failures(portal):
    for _ in range(5):
        assert (await sign_in(portal, password="wrong")).status_code == 401
    assert (await sign_in(portal)).status_code == 429
    assert (await sign_in(portal, "viewer")).status_code == 200


async def test_refreshing_rotates_and_signing_out_ends(portal):
    first = await sign_in(portal)
    portal.cookies.clear()
    second = await portal.post("/api/v1/session:refresh", headers=bearer(first))
    portal.cookies.clear()
    assert (await portal.get("/api/v1/people/me", headers=bearer(second))).json()["username"] == "member"
    assert (await portal.get("/api/v1/people/me", headers=bearer(first))).status_code == 401
    assert (await portal.post("/api/v1/session:refresh", headers=bearer(first))).status_code == 401
    assert (await portal.delete("/api/v1/session", headers=bearer(second))).status_code == 204
    assert (await portal.get("/api/v1/people/me", headers=bearer(second))).status_code == 401


async def test_a_refresh_whose_answer_was_lost_ends_nothing(portal):
    first = await sign_in(portal)
    lost = await portal.post("/api/v1/session:refresh", headers=bearer(first))
    portal.cookies.clear()
    assert (await portal.get("/api/v1/people/me", headers=bearer(first))).status_code == 200
    again = await portal.post("/api/v1/session:refresh", headers=bearer(first))
    portal.cookies.clear()
    assert (await portal.get("/api/v1/people/me", headers=bearer(lost))).status_code == 401
    assert (await portal.get("/api/v1/people/me", headers=bearer(again))).status_code == 200
    assert (await portal.get("/api/v1/people/me", headers=bearer(first))).status_code == 401


async def test_signing_out_by_a_former_token_ends_the_session(portal):
    first = await sign_in(portal)
    second = await portal.post("/api/v1/session:refresh", headers=bearer(first))
    portal.cookies.clear()
    assert (await portal.delete("/api/v1/session", headers=bearer(first))).status_code == 204
    assert (await portal.get("/api/v1/people/me", headers=bearer(second))).status_code == 401


async def test_a_cookie_acts_only_from_our_own_origin(portal):
    await sign_in(portal, "watch", pyotp.TOTP(SECRET).now())
    assert (await portal.get("/api/v1/alerts")).status_code == 200
    url = "/api/v1/alerts/x:acknowledge"
    assert (await portal.post(url, json={})).status_code == 403
    assert (await portal.post(url, json={}, headers={"Origin": "http://evil.test"})).status_code == 403
    assert (await portal.post(url, json={}, headers={"Origin": ORIGIN})).status_code == 200


async def test_people_are_for_administrators(portal):
    member = await sign_in(portal)
    assert (await portal.get("/api/v1/people", headers=bearer(member))).status_code == 403


async def test_a_service_that_this_portal_has_not_and_an_unknown_path_are_404(portal):
    member = await sign_in(portal)
    assert (await portal.get("/api/v1/device-latest", headers=bearer(member))).status_code == 404
    assert (await portal.get("/api/v1/what", headers=bearer(member))).status_code == 404


async def test_another_method_on_a_path_that_exists_is_405(portal):
    member = await sign_in(portal)
    for method, path, allowed in (
        ("DELETE", "alerts/x", "GET"),
        ("PUT", "devices/x", "GET, PATCH"),
        ("GET", "devices/x:retire", "POST"),
    ):
        answer = await portal.request(method, f"/api/v1/{path}", headers=bearer(member))
        assert (answer.status_code, answer.headers.get("Allow")) == (405, allowed)
    assert (await portal.post("/api/v1/valves/x:open", headers=bearer(member))).status_code == 404


def alert(alert_id: str, operator_id: str, area_code: str, *, reserved: bool = False) -> bytes:
    found = Alert(
        alert_id=alert_id, rule="G02", priority="P1", site_id="s",
        operator_id=operator_id, area_code=area_code,
        zone="z", device_ids=["d"], active=True, acknowledged=False, suppressed=False, test=False,
        opened_at_ms=0, updated_at_ms=0, rule_version=1, reserved=reserved,
    )  # fmt: skip
    return msgspec.json.encode(AlertChanged(found, TimelineItem(0, "raised")))


async def lines(frames, count):
    found = []
    async with asyncio.timeout(LIMIT_S):
        async for frame in frames:
            told = [block.partition(b"data: ")[2] for block in frame.split(b"\n\n")]
            found += [orjson.loads(data)["alert_id"] for data in told if data]
            if len(found) >= count:
                break
    await frames.aclose()
    return found


async def test_a_stream_shows_its_reader_its_own_and_resumes(portal, kafka_bootstrap, topic_prefix):
    from services.portal.entrypoints.streams import _frames
    from shared.chassis.principal import Principal

    stream = portal.streams["alerts"]
    task = asyncio.create_task(stream.run())
    producer = Producer(kafka_bootstrap, prefix=topic_prefix)
    await producer.start()
    try:
        async with asyncio.timeout(LIMIT_S):
            while stream._replay is None:
                await asyncio.sleep(0.05)
        mine = Principal("w", frozenset({"watch"}), operator_id="op-a")
        county = Principal("v", frozenset({"regulator_viewer"}), area_code="530602")
        outside = Principal("x", frozenset({"watch"}), operator_id="op-c")
        everywhere = Principal("y", frozenset({"administrator"}))

        def read(principal, last=None):
            missed, reader = stream.subscribe(principal, last)
            return _frames(stream, missed, reader)

        live_mine, live_county = read(mine), read(county)
        started = stream._replay.position()
        for value in (
            alert("a1", "op-a", "530602"),
            alert("b1", "op-b", "530602"),
            alert("c1", "op-a", "530602", reserved=True),
            b"not json",
            alert("a2", "op-a", "530621"),
        ):
            await producer.send("gas.alert.v1", value, key=b"s")
        assert await lines(live_mine, 2) == ["a1", "a2"]
        assert await lines(live_county, 2) == ["a1", "b1"]
        assert await lines(read(mine, started), 2) == ["a1", "a2"]
        assert list(stream.subscribe(outside, started)[0]) == []
        assert await lines(read(everywhere, started), 3) == ["a1", "b1", "a2"]
        assert b"event: reset" in next(iter(stream.subscribe(mine, "99999")[0]))
        assert stream._readers
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await producer.stop()
