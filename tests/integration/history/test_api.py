"""The readings API: who may ask, which bucket, and that a curve agrees with what is stored."""

import os
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.history.adapters.queries import Queries, open_query_pool
from services.history.entrypoints.api import add_routes
from shared.chassis.clock import SystemClock
from shared.chassis.http import create_app
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.chassis.times import rfc3339
from shared.contracts.access import may
from tests.answers import HOOKS
from tests.integration.history.harness import DAY, HOUR, NOW, History, device, event, reading

HOUR_MS = 3_600_000
OWNER = Principal("u1", frozenset({"operator_admin"}), operator_id="op-1")
OTHER = Principal("u2", frozenset({"operator_admin"}), operator_id="op-2")
COUNTY = Principal("u3", frozenset({"regulator_viewer"}), area_code="530602")
NEIGHBOUR = Principal("u4", frozenset({"regulator_viewer"}), area_code="530621")
CITY = Principal("u5", frozenset({"regulator_viewer"}), area_code="530600")
ADMIN = Principal("u6", frozenset({"administrator"}))


class Api:
    """A client of the API that signs in as anybody."""

    def __init__(self, client: httpx.AsyncClient, key: PrincipalKey) -> None:
        self._client = client
        self._key = key

    async def get(self, path: str, who: Principal | None = OWNER, **query: Any) -> httpx.Response:
        headers = {HEADER: self._key.sign(who, "history")} if who else {}
        query = {name.rstrip("_"): value for name, value in query.items()}
        return await self._client.get(f"/api/v1/{path}", params=query, headers=headers)

    async def curve(self, from_ms: int, to_ms: int, who: Principal = OWNER, **query: Any) -> dict[str, Any]:
        found = await self.get(
            "readings",
            who,
            **({"device_id": "det-1", "from_": rfc3339(from_ms), "to": rfc3339(to_ms)} | query),
        )
        assert found.status_code == 200, found.text
        answer: dict[str, Any] = found.json()
        return answer


@pytest.fixture
async def api(history: History) -> AsyncIterator[Api]:
    pool = await open_query_pool(history.dsns.api)
    key = PrincipalKey(os.urandom(32))
    app = create_app("history", health=history.health, key=key, may=may)
    add_routes(app, Queries(pool), clock=SystemClock(), keep_readings_days=90)
    await history.devices.tell("det-1", device())
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://history", event_hooks=HOOKS) as client:
        yield Api(client, key)
    await pool.close()


@pytest.mark.parametrize(
    ("who", "status"),
    [(None, 401), (OWNER, 200), (OTHER, 404), (COUNTY, 200), (NEIGHBOUR, 404), (CITY, 200), (ADMIN, 200)],
)
@pytest.mark.parametrize("path", ["readings", "device-events"])
async def test_another_tenants_device_does_not_exist(
    history: History, api: Api, who: Principal | None, status: int, path: str
) -> None:
    await history.say(reading(1))
    query = {"device_id": "det-1", "from_": rfc3339(NOW - DAY), "to": rfc3339(NOW + DAY)}
    assert (await api.get(path, who, **query)).status_code == status


async def test_latest_shows_ones_own_devices_only(history: History, api: Api) -> None:
    await history.devices.tell("det-2", device("det-2", operator_id="op-2", site_id="site-2"))
    await history.say(reading(1), reading(1, device_id="det-2"), reading(1, device_id="nobodys"))
    await history.say(event(2, "muted", {"on": True}), event(None, "connection", {"online": True}))

    async def seen(who: Principal, **query: Any) -> list[str]:
        answer = await api.get("device-latest", who, **query)
        return [item["device_id"] for item in answer.json()["items"]]

    assert await seen(OWNER) == ["det-1"]
    assert await seen(OTHER) == ["det-2"]
    assert await seen(OTHER, device_id="det-1") == []
    assert await seen(COUNTY) == ["det-1", "det-2"]
    assert await seen(COUNTY, site_id="site-2") == ["det-2"]
    assert await seen(ADMIN) == ["det-1", "det-2", "nobodys"]
    item = (await api.get("device-latest", OWNER)).json()["items"][0]
    assert (item["reading"]["lel_percent"], item["online"]) == (1.5, True)
    assert (item["event"]["type"], item["event"]["data"]) == ("muted", {"on": True})


async def test_few_readings_come_as_they_were_said(history: History, api: Api) -> None:
    await history.say(
        reading(1, NOW - 61_000, gas="CH4", battery_v=3.3),
        reading(2, NOW - 1_000, status="alarm_low", buffered=True),
        reading(3, None),
    )
    answer = await api.curve(NOW - DAY, NOW + 1)
    assert (answer["bucket"], answer["next_cursor"]) == ("raw", None)
    first, second, odd = answer["items"]
    assert first == {
        "device_id": "det-1", "boot_id": 1, "seq": 1, "time_ms": NOW - 61_000, "status": "normal",
        "gas": "CH4", "lel_percent": 1.5, "battery_v": 3.3, "buffered": False, "late": True, "odd": False,
        "skew_ms": -61_000, "ingested_at": rfc3339(NOW),
    }  # fmt: skip
    assert (second["status"], second["buffered"], second["late"]) == ("alarm_low", True, False)
    assert (odd["odd"], "time_ms" in odd) == (True, False)


async def test_pages_follow_one_another_without_gap_or_double(history: History, api: Api) -> None:
    await history.say(*(reading(seq, NOW - 10_000 + seq // 3) for seq in range(25)))
    seen: list[int] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await api.curve(NOW - DAY, NOW + 1, bucket="raw", limit=4, **cursor)
        seen += [item["seq"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert seen == list(range(25))


async def test_many_readings_come_in_buckets_that_agree_with_them(history: History, api: Api) -> None:
    start = HOUR - 50 * HOUR_MS
    history.now_ms = start
    said = [(start + n * 60_000, n % 100) for n in range(50 * 60 + 10)]
    items = [reading(n, time, lel_percent=float(lel)) for n, (time, lel) in enumerate(said)]
    for n in range(0, len(items), 500):
        await history.say(*items[n : n + 500])
    await history.roll(HOUR + 3 * 60_000)
    answer = await api.curve(start, HOUR + HOUR_MS)
    assert (answer["bucket"], len(answer["items"])) == ("1h", 51)
    by_time = {item["time"]: item for item in answer["items"]}
    for hour in range(51):
        since = start + hour * HOUR_MS
        lels = [lel for time, lel in said if since <= time < since + HOUR_MS]
        point = by_time[rfc3339(since)]
        assert point["count"] == len(lels)
        assert point["lel_percent"] == {
            "min": min(lels), "max": max(lels), "avg": pytest.approx(sum(lels) / len(lels)),
            "count": len(lels),
        }  # fmt: skip
    for width, hours in (("3h", 3), ("1d", 24)):
        answer = await api.curve(start, HOUR + HOUR_MS, bucket=width)
        assert answer["bucket"] == width
        assert sum(item["count"] for item in answer["items"]) == len(said)
        for item in answer["items"]:
            assert item["count"] <= hours * 60
    paged: list[str] = []
    cursor: dict[str, Any] = {}
    while True:
        answer = await api.curve(start, HOUR + HOUR_MS, bucket="1h", limit=20, **cursor)
        paged += [item["time"] for item in answer["items"]]
        if answer["next_cursor"] is None:
            break
        cursor = {"cursor": answer["next_cursor"]}
    assert paged == sorted(by_time)


async def test_time_in_alarm_is_known_before_the_hour_is_rolled_up(history: History, api: Api) -> None:
    await history.say(reading(1, HOUR - 1_800_000, status="alarm_low"), reading(2, HOUR - 1_740_000))
    [before] = (await api.curve(HOUR - HOUR_MS, HOUR, bucket="1h"))["items"]
    await history.roll(NOW)
    [after] = (await api.curve(HOUR - HOUR_MS, HOUR, bucket="1h"))["items"]
    assert before["alarm_s"] == after["alarm_s"] == 60.0


async def test_late_data_shows_before_it_is_rolled_up(history: History, api: Api) -> None:
    since = HOUR - 5 * HOUR_MS
    history.now_ms = since
    await history.say(reading(1, since + 1, lel_percent=1.0))
    await history.roll(HOUR)
    history.now_ms = HOUR
    await history.say(reading(0, since, lel_percent=9.0))
    for width in ("1h", "1d"):
        answer = await api.curve(since, HOUR, bucket=width)
        assert [item["lel_percent"]["max"] for item in answer["items"]] == [9.0]
        assert [item["count"] for item in answer["items"]] == [2]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from_": "yesterday"}, "from"),
        ({"from_": "2026-01-01T00:00:00"}, "from"),
        ({"from_": "1001-01-01T00:00:00Z"}, "from"),
        ({"to": "2026-13-01T00:00:00Z"}, "to"),
        ({"to": rfc3339(NOW - DAY)}, "to"),
        ({"bucket": "7m"}, "bucket"),
        ({"bucket": "0h"}, "bucket"),
        ({"bucket": "-1h"}, "bucket"),
        ({"bucket": "1h", "from_": rfc3339(NOW - 90 * DAY)}, "bucket"),
        ({"cursor": "!"}, "cursor"),
        ({"limit": 2001}, "limit"),
        ({"limit": 0}, "limit"),
        ({"device_id": "x" * 65}, "device_id"),
    ],
)
async def test_bad_questions_name_the_field(api: Api, query: dict[str, Any], field: str) -> None:
    asked = {"device_id": "det-1", "from_": rfc3339(NOW - DAY), "to": rfc3339(NOW)} | query
    answer = await api.get("readings", OWNER, **asked)
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert field in answer.text


@pytest.mark.parametrize("path", ["readings", "device-events"])
async def test_two_bad_times_are_both_named(api: Api, path: str) -> None:
    answer = await api.get(path, OWNER, device_id="det-1", from_="yesterday", to="2026-11-23")
    assert answer.status_code == 422
    assert [one["loc"] for one in answer.json()["errors"]] == [["query", "from"], ["query", "to"]]
    assert "from: " in answer.json()["detail"]
    assert "to: " in answer.json()["detail"]


@pytest.mark.parametrize("path", ["readings", "device-events"])
async def test_a_question_without_a_device_names_it(api: Api, path: str) -> None:
    answer = await api.get(path, OWNER, from_=rfc3339(NOW - DAY), to=rfc3339(NOW))
    assert answer.status_code == 422
    assert "device_id" in answer.text


@pytest.mark.parametrize("path", ["readings", "device-events"])
async def test_without_times_the_last_day_is_answered(history: History, api: Api, path: str) -> None:
    now = SystemClock().now_ms()
    # A minute after now: a clock that is fast but believed. The last is a day and more before 12 h ago.
    times = (now + 60_000, now - HOUR_MS, now - DAY + 600_000, now - DAY - HOUR_MS, now - 2 * DAY)
    for seq, at in enumerate(times):
        said = reading(seq, at) if path == "readings" else event(seq, "muted", {"on": True}, at)
        await history.say(said, ingested_ms=min(at, now))

    async def asked(**query: Any) -> set[int]:
        answer = await api.get(path, OWNER, device_id="det-1", **query)
        assert answer.status_code == 200, answer.text
        return {item["seq"] for item in answer.json()["items"]}

    assert await asked() == {0, 1, 2}
    assert await asked(to=rfc3339(now - 12 * HOUR_MS)) == {2, 3}
    assert await asked(from_=rfc3339(now - 2 * HOUR_MS)) == {0, 1}
    assert (await api.get(path, OWNER, device_id="det-1", to="0001-01-01T00:00:00Z")).status_code == 422


async def test_events_page_by_page(history: History, api: Api) -> None:
    await history.say(*(event(seq, "muted", {"on": bool(seq % 2)}, NOW - 1000 + seq) for seq in range(7)))
    await history.say(event(None, "connection", {"online": True}))
    query: dict[str, Any] = {"from_": rfc3339(NOW - DAY), "to": rfc3339(NOW + DAY), "limit": 5}
    first = (await api.get("device-events", OWNER, device_id="det-1", **query)).json()
    second = (
        await api.get("device-events", OWNER, device_id="det-1", **query, cursor=first["next_cursor"])
    ).json()
    items = first["items"] + second["items"]
    assert [item.get("seq") for item in items] == [*range(7), None]
    assert items[1]["data"] == {"on": True}
    assert second["next_cursor"] is None
