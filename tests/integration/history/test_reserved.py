"""Canaries leave nothing behind for longer than a day; everybody else's history stays."""

import pytest

from services.history.adapters import reserved
from services.history.entrypoints.timers import retain
from tests.integration.history.harness import DAY, HOUR, NOW, History, device, event, reading

HOUR_MS = 3_600_000
MINUTE = 60_000
TABLES = ("reading", "odd_reading", "device_event", "odd_device_event", "reading_hourly", "reading_daily")


async def count(history: History) -> dict[str, int]:
    """Return how many rows there are of each device, by table and device."""
    found: dict[str, int] = {}
    for table in TABLES:
        statement = f"SELECT device_id, count(*) FROM {table} JOIN device USING (device_key) GROUP BY 1"
        found |= {f"{row[0]} {table}": row[1] for row in await history.fetch(statement)}
    return found


async def lived(history: History, device_id: str) -> None:
    """Let a device speak three days ago, a little more and a little less than a day ago, and now."""
    for number, at in enumerate((NOW - 3 * DAY, NOW - DAY - 30 * MINUTE, NOW - DAY + 30 * MINUTE, NOW)):
        seq = number * 10
        history.now_ms = at
        await history.say(
            reading(seq, at, device_id),
            reading(seq + 1, None, device_id),
            event(seq + 2, "boot", {"firmware": "1", "reason": "x"}, at, device_id=device_id),
            event(seq + 3, "boot", {"firmware": "1", "reason": "x"}, 0, device_id=device_id),
            ingested_ms=at,
        )
    await history.roll(HOUR + 3 * MINUTE)


async def test_traces_of_canaries_go_after_a_day_and_nothing_else(history: History) -> None:
    await history.devices.tell("canary", device("canary", reserved=True))
    await history.devices.tell("det-1", device())
    await lived(history, "canary")
    await lived(history, "det-1")
    before = await count(history)
    assert before["canary reading"] == before["det-1 reading"] == 4
    await retain(history.rollups, NOW, readings=90, events=400, rollups=1096)
    after = await count(history)
    assert {name: rows for name, rows in after.items() if name.startswith("det-1")} == {
        name: rows for name, rows in before.items() if name.startswith("det-1")
    }
    for table in TABLES[:4]:
        assert after[f"canary {table}"] == 2, table
    # The hour that a day ago lies in is not a day old, and the day before not either.
    for row in await history.fetch(
        "SELECT hour FROM reading_hourly JOIN device USING (device_key) WHERE device_id = 'canary'"
    ):
        assert row["hour"].timestamp() * 1000 + HOUR_MS > NOW - DAY
    days = await history.fetch(
        "SELECT day FROM reading_daily JOIN device USING (device_key) WHERE device_id = 'canary'"
    )
    assert {row["day"].timestamp() * 1000 // DAY for row in days} <= {NOW // DAY, NOW // DAY - 1}
    assert await history.value("SELECT count(*) FROM latest JOIN device USING (device_key)") == 2
    assert await history.rollups.delete_reserved() == 0


async def test_a_backlog_goes_in_bounded_pieces(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reserved, "ROWS_MAX", 3)
    sizes: list[int] = []
    piece = reserved._piece

    async def seen(*arguments: object, **named: object) -> int:
        sizes.append(await piece(*arguments, **named))  # type: ignore[arg-type]
        return sizes[-1]

    monkeypatch.setattr(reserved, "_piece", seen)
    await history.devices.tell("canary", device("canary", reserved=True))
    old = NOW - 2 * DAY
    await history.say(*(reading(n, old + n, "canary") for n in range(8)), ingested_ms=old)
    assert await history.rollups.delete_reserved() == 8
    assert [size for size in sizes if size] == [3, 3, 2]


async def test_a_site_that_is_no_longer_reserved_keeps_its_history(history: History) -> None:
    await history.devices.tell("det-1", device(reserved=True))
    await history.devices.tell("det-1", device())
    await history.say(reading(1, NOW - 2 * DAY), ingested_ms=NOW - 2 * DAY)
    assert await history.rollups.delete_reserved() == 0
