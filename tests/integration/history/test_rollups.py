"""Roll-ups are filled when an hour is over, and late data corrects them."""

from typing import Any

import pytest

from services.history.entrypoints.timers import retain
from tests.integration.history.harness import DAY, HOUR, NOW, History, device, reading

MINUTE = 60_000
OVER = HOUR + 3 * MINUTE  # the running hour's predecessor is over and complete
LAST = HOUR - 60 * MINUTE


async def hours(history: History) -> dict[int, Any]:
    rows = await history.fetch("SELECT * FROM readings_hourly ORDER BY hour")
    return {round(row["hour"].timestamp() * 1000): row for row in rows}


async def test_an_hour_is_rolled_up_when_it_is_over_and_not_before(history: History) -> None:
    history.now_ms = LAST + 30 * MINUTE
    await history.say(
        reading(1, LAST, lel_percent=1.0, temperature_c=-5.0),
        reading(2, LAST + 10 * MINUTE, lel_percent=4.0),
        reading(3, HOUR - 1, lel_percent=2.5),
        reading(4, HOUR, lel_percent=50.0),
    )
    assert await history.roll(HOUR + MINUTE) == 0
    assert await hours(history) == {}
    assert await history.roll(OVER) == 1
    (row,) = (await hours(history)).values()
    assert (row["count"], row["lel_percent_min"], row["lel_percent_max"]) == (3, 1.0, 4.0)
    assert (row["lel_percent_sum"], row["lel_percent_count"]) == (7.5, 3)
    assert (row["temperature_c_min"], row["temperature_c_count"], row["ppm_count"]) == (-5.0, 1, 0)
    day = (await history.fetch("SELECT * FROM readings_daily"))[0]
    assert (day["count"], day["lel_percent_sum"]) == (3, 7.5)


async def test_late_data_corrects_hour_and_day(history: History) -> None:
    history.now_ms = LAST + 30 * MINUTE
    await history.say(reading(10, LAST + MINUTE, lel_percent=2.0))
    await history.roll(OVER)
    history.now_ms = OVER
    await history.say(reading(3, LAST + 2 * MINUTE, lel_percent=8.0, buffered=True))
    await history.say(reading(4, LAST + 3 * MINUTE, lel_percent=1.0, buffered=True))
    await history.say(reading(4, LAST + 3 * MINUTE, lel_percent=1.0, buffered=True))
    assert (await hours(history))[LAST]["count"] == 1
    assert await history.roll(OVER) == 3
    row = (await hours(history))[LAST]
    assert (row["count"], row["lel_percent_max"], row["lel_percent_sum"]) == (3, 8.0, 11.0)
    assert await history.value("SELECT count FROM readings_daily") == 3
    assert await history.value("SELECT count(*) FROM rollup_due") == 0


async def test_odd_readings_count_when_they_came(history: History) -> None:
    history.now_ms = LAST
    await history.say(reading(1, None), reading(2, 0), ingested_ms=LAST + MINUTE)
    await history.roll(OVER)
    assert (await hours(history))[LAST]["count"] == 2


async def test_seconds_in_alarm(history: History) -> None:
    await history.devices.tell("det-1", device(heartbeat_s=60))
    history.now_ms = LAST
    await history.say(
        # 30 s of alarm of the hour before, then 10 s more of it until normal again
        reading(1, LAST - 30_000, status="alarm_high"),
        reading(2, LAST + 10_000),
        # 20 s, then silence: it counts for 2.5 heartbeats
        reading(3, LAST + 60_000, status="alarm_low"),
        reading(4, LAST + 80_000, status="alarm_low"),
        # an alarm that reaches over the end of the hour
        reading(5, HOUR - 40_000, status="alarm_low"),
    )
    await history.roll(OVER)
    found = await hours(history)
    assert found[LAST - 60 * MINUTE]["alarm_s"] == pytest.approx(30)
    assert found[LAST]["alarm_s"] == pytest.approx(10 + 20 + 150 + 40)


async def test_a_late_alarm_reaches_into_the_next_hour_too(history: History) -> None:
    before = LAST - 60 * MINUTE
    history.now_ms = before
    await history.say(reading(1, before + MINUTE), reading(3, LAST + 10 * MINUTE))
    await history.roll(OVER)
    assert (await hours(history))[LAST]["alarm_s"] == 0
    await history.say(reading(2, LAST - 10_000, status="alarm_high"))
    await history.roll(OVER)
    found = await hours(history)
    assert found[before]["alarm_s"] == pytest.approx(10)
    assert found[LAST]["alarm_s"] == pytest.approx(140)


async def test_a_mark_of_the_running_hour_is_made_again_after_a_restart(history: History) -> None:
    history.now_ms = LAST
    await history.say(reading(1, LAST + MINUTE))
    history.restart()
    await history.say(reading(2, LAST + 2 * MINUTE))
    assert await history.roll(OVER) == 2
    assert (await hours(history))[LAST]["count"] == 2


async def test_retention_drops_old_chunks_and_keeps_their_rollups(history: History) -> None:
    await history.say(reading(1, NOW - 40 * DAY), ingested_ms=NOW - 40 * DAY)
    await history.say(reading(2, None), ingested_ms=NOW - 40 * DAY)
    await history.say(reading(3, NOW - 20 * DAY), ingested_ms=NOW - 20 * DAY)
    await retain(history.rollups, NOW, readings=31, events=400, rollups=1096)
    rows = await history.fetch("SELECT seq FROM public.reading_v1")
    assert [row["seq"] for row in rows] == [3]
    assert sorted(row["count"] for row in (await hours(history)).values()) == [1, 2]
    await retain(history.rollups, NOW, readings=31, events=400, rollups=31)
    assert await history.value("SELECT count(*) FROM readings_hourly") >= 1


async def test_what_is_young_cannot_be_dropped(history: History) -> None:
    import asyncpg

    await history.say(reading(1))
    with pytest.raises(asyncpg.RaiseError):
        await history.rollups.drop_older("reading", NOW - DAY)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await history.fetch("SELECT drop_chunks('reading', now() - INTERVAL '1 day')")


async def test_while_one_instance_rolls_up_another_does_nothing(history: History) -> None:
    import asyncpg

    history.now_ms = LAST
    await history.say(reading(1, LAST + MINUTE))
    other = await asyncpg.connect(history.dsns.worker)
    try:
        async with other.transaction():
            await other.execute("SELECT pg_advisory_xact_lock(hashtext('history roll-ups'))")
            assert await history.roll(OVER) == 0
    finally:
        await other.close()
    assert await history.roll(OVER) == 1


async def test_a_day_is_tidied_once_and_nothing_of_it_is_lost(history: History) -> None:
    today = NOW // DAY * DAY
    yesterday = today - DAY
    history.now_ms = yesterday
    for hour in range(24):
        time_ms = yesterday + hour * 60 * MINUTE
        items = [reading(hour, time_ms, device_id=f"d{number}") for number in range(30)]
        await history.say(*items, ingested_ms=time_ms)
        await history.roll(time_ms + 63 * MINUTE)
    before = [
        dict(row) for row in await history.fetch("SELECT * FROM readings_hourly ORDER BY device_key, hour")
    ]
    assert await history.rollups.tidy(today + 119 * MINUTE) == 0
    assert await history.rollups.tidy(today + 121 * MINUTE) == 24 * 30
    assert await history.rollups.tidy(today + 121 * MINUTE) == 0
    rows = await history.fetch("SELECT * FROM reading_hourly ORDER BY tableoid, ctid")
    assert [dict(row) for row in rows] == before
    await history.say(reading(99, yesterday + 1, device_id="d3"))
    await history.roll(today + 125 * MINUTE)
    assert await history.value("SELECT max(count) FROM readings_hourly") == 2
