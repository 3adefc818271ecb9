"""What is said is stored once: duplicates, odd times, poison, unknown devices."""

import json

import pytest

from services.history.adapters.writer import CONFLICTS
from tests.integration.history.harness import DAY, NOW, History, device, event, reading

MINUTE = 60_000
YEAR_2099 = 4_070_908_800_000


def conflicts() -> float:
    return float(CONFLICTS._value.get())


async def stored(history: History) -> list[tuple[int, int, bool]]:
    rows = await history.fetch("SELECT boot_id, seq, odd FROM public.reading_v1 ORDER BY 1, 2")
    return [(row["boot_id"], row["seq"], row["odd"]) for row in rows]


async def test_every_field_of_the_wire_comes_back(history: History) -> None:
    said = reading(
        7, time_ms=NOW - 1234, buffered=True, status="alarm_low", gas="CH4", ppm=1.25, temperature_c=-3.5,
        humidity_percent=51, battery_v=3.3, rssi_dbm=-70, life_days_left=900, position="open", supply="mains",
        inlet_pressure_kpa=200.5, outlet_pressure_kpa=2.1, flow_m3h=0.1, pressure_kpa=3, level_percent=40,
        outlet_temperature_c=15, total_m3=123456.789, odorant_mg_m3=20, dropped=["zone"], replayed=True,
        unregistered=True, client="ctl-1",
    )  # fmt: skip
    await history.say(said)
    row = dict((await history.fetch("SELECT * FROM public.reading_v1"))[0])
    assert {name: row[name] for name in said} == said
    assert (row["skew_ms"], row["late"], row["odd"]) == (-1234, False, False)


async def test_a_duplicate_is_stored_once_and_its_neighbours_too(history: History) -> None:
    await history.say(reading(1), reading(2))
    before = conflicts()
    await history.say(reading(0), reading(1), reading(2), reading(3), reading(3))
    assert conflicts() == before + 1
    assert await stored(history) == [(1, seq, False) for seq in range(4)]


async def test_without_duplicates_the_short_way_is_taken(history: History) -> None:
    await history.say(reading(0))
    before = conflicts()
    await history.say(reading(1), reading(2, device_id="det-2"))
    assert conflicts() == before
    assert len(await stored(history)) == 3


@pytest.mark.parametrize(
    "time_ms",
    [0, NOW - 30 * DAY - 1, NOW + 5 * MINUTE + 1, YEAR_2099, 2**53 - 1, None],
    ids=["1970", "too old", "ahead", "2099", "largest", "none"],
)
async def test_odd_times_stay_out_of_the_hypertable_and_resends_are_no_duplicates(
    history: History, time_ms: int | None
) -> None:
    chunks = "SELECT count(*) FROM show_chunks('history.reading')"
    await history.say(reading(5, time_ms))
    await history.say(reading(5, time_ms), ingested_ms=NOW + MINUTE)
    history.restart()
    await history.say(reading(5, time_ms), ingested_ms=NOW + 2 * MINUTE)
    assert await stored(history) == [(1, 5, True)]
    assert await history.value(chunks) == 0
    row = (await history.fetch("SELECT * FROM public.reading_v1"))[0]
    assert row["time_ms"] == time_ms
    assert round(row["time"].timestamp() * 1000) == NOW


@pytest.mark.parametrize("time_ms", [NOW - 30 * DAY, NOW + 5 * MINUTE], ids=["oldest", "newest"])
async def test_the_window_includes_its_ends(history: History, time_ms: int) -> None:
    await history.say(reading(5, time_ms))
    assert await stored(history) == [(1, 5, False)]


async def test_what_was_odd_stays_odd_when_it_comes_again_within_the_window(history: History) -> None:
    ahead = NOW + 10 * MINUTE
    await history.say(reading(5, ahead))
    for restarted in (False, True):
        if restarted:
            history.restart()
        await history.say(reading(5, ahead), reading(6, ahead + 1), ingested_ms=ahead)
    assert await stored(history) == [(1, 5, True), (1, 6, False)]


async def test_what_was_in_the_window_does_not_become_odd_a_month_later(history: History) -> None:
    long_ago = NOW - 29 * DAY
    await history.say(reading(5, long_ago))
    await history.say(reading(5, long_ago), reading(6, long_ago), ingested_ms=NOW + 2 * DAY)
    assert await stored(history) == [(1, 5, False), (1, 6, True)]


async def test_late_is_marked_and_buffered_kept(history: History) -> None:
    await history.say(reading(1, NOW - DAY, buffered=True), reading(2))
    rows = await history.fetch("SELECT seq, late, buffered FROM public.reading_v1 ORDER BY seq")
    assert [tuple(row) for row in rows] == [(1, True, True), (2, False, False)]


async def test_an_unknown_device_loses_nothing_and_gets_its_owner_later(history: History) -> None:
    await history.say(reading(1, device_id="new-1"))
    assert await history.value("SELECT operator_id FROM device WHERE device_id = 'new-1'") is None
    await history.devices.tell("new-1", device("new-1"))
    await history.say(reading(2, device_id="new-1"))
    assert len(await stored(history)) == 2
    assert await history.value("SELECT operator_id FROM device WHERE device_id = 'new-1'") == "op-1"
    await history.devices.tell("new-1", None)
    assert await history.value("SELECT gone FROM device WHERE device_id = 'new-1'")
    assert len(await stored(history)) == 2


async def test_poison_stands_alone(history: History) -> None:
    await history.take(*(reading(seq) for seq in range(20)))
    await history.take(reading(20, status="bad\0status"), event(21, "bo\0ot", {"firmware": "1"}))
    await history.take(*(reading(seq) for seq in range(22, 40)), event(40, "muted", {"on": True}))
    bad = await history.write()
    assert sorted(row[3] if row[3] in (20, 21) else row for row, _ in bad) == [20, 21]
    assert [seq for _, seq, _ in await stored(history)] == [*range(20), *range(22, 40)]
    assert await history.value("SELECT count(*) FROM public.device_event_v1") == 1
    await history.say(reading(41))


async def test_an_events_text_with_a_nul_is_stored_readable(history: History) -> None:
    await history.say(event(1, "boot", {"firmware": "1\0", "reason": "\\u0000", "x": [{"\0": "\0"}]}))
    found = json.loads(await history.value("SELECT data FROM public.device_event_v1"))
    assert found == {"firmware": "1\ufffd", "reason": "\\u0000", "x": [{"\ufffd": "\ufffd"}]}


async def test_events_are_stored_once_and_those_without_seq_by_their_place(history: History) -> None:
    raised = event(3, "alarm_raised", {"level": "high", "lel_percent": 25.5})
    gone = event(None, "connection", {"online": False}, time_ms=None)
    back = event(None, "connection", {"online": True}, time_ms=NOW)
    odd = event(4, "boot", {"firmware": "1", "reason": "power"}, time_ms=0)
    for _ in range(2):
        await history.say(raised, gone, odd, offset=70)
        await history.say(back, raised, offset=71)
    rows = await history.fetch(
        "SELECT type, seq, data, odd FROM public.device_event_v1 ORDER BY type, data::text"
    )
    assert [(row["type"], row["seq"], json.loads(row["data"]), row["odd"]) for row in rows] == [
        ("alarm_raised", 3, {"level": "high", "lel_percent": 25.5}, False),
        ("boot", 4, {"firmware": "1", "reason": "power"}, True),
        ("connection", None, {"online": False}, False),
        ("connection", None, {"online": True}, False),
    ]


async def test_latest_follows_the_devices_own_order(history: History) -> None:
    await history.say(reading(9, lel_percent=9.0), event(10, "muted", {"on": True}), ingested_ms=NOW)
    await history.say(reading(8, NOW - 1000, lel_percent=8.0), event(7, "muted", {"on": False}))
    history.restart()
    await history.say(reading(6, NOW - 2000, lel_percent=6.0), event(None, "connection", {"online": True}))
    row = (await history.fetch("SELECT * FROM latest"))[0]
    assert (row["seq"], json.loads(row["reading"])["lel_percent"]) == (9, 9.0)
    assert (row["event_seq"], json.loads(row["event_data"]), row["online"]) == (10, {"on": True}, True)
    await history.say(reading(0, boot_id=2, lel_percent=0.5), ingested_ms=NOW + 1)
    assert (await history.value("SELECT boot_id FROM latest")) == 2


async def test_the_reader_sees_the_views_and_nothing_else(history: History, db, admin_dsn) -> None:
    import asyncpg

    await history.say(reading(1), reading(2, None))
    connection = await asyncpg.connect(db.reader)
    try:
        assert await connection.fetchval("SELECT count(*) FROM public.reading_v1") == 2
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM history.reading")
    finally:
        await connection.close()


async def test_after_a_kill_latest_catches_up_with_the_readings(history: History) -> None:
    await history.say(reading(1, NOW - 1000), reading(1, NOW - 1000, device_id="det-2"))
    await history.take(reading(2, lel_percent=7.5))
    batch = history.intake.seal()
    batch.latest_readings = []  # the process died before their turn
    await history.writer.write(batch)
    await history.rollups.catch_up(NOW - DAY)
    row = (await history.fetch("SELECT * FROM latest ORDER BY device_key"))[0]
    assert row["seq"] == 2
    assert json.loads(row["reading"]) == reading(2, lel_percent=7.5)
    await history.say(reading(3))
    assert await history.value("SELECT max(seq) FROM latest") == 3
