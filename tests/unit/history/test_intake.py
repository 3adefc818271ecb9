import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.history.domain.devices import DeviceState
from services.history.domain.items import decode
from services.history.domain.window import FUTURE_MS, HOUR_MS, PAST_MS, believable
from services.history.handlers import SHOWN_MAX, Intake

NOW = 1_790_000_000_000


class Keys:
    """Numbers devices as they come."""

    def __init__(self) -> None:
        self.known: dict[str, DeviceState] = {}

    async def ensure(self, device_ids: Sequence[str]) -> list[DeviceState]:
        return [
            self.known.setdefault(name, DeviceState(name, len(self.known), odd=False)) for name in device_ids
        ]

    async def all(self) -> list[DeviceState]:
        return list(self.known.values())


def said(seq: int, time_ms: int | None = NOW, **more: Any) -> dict[str, Any]:
    item = {"device_id": "d", "boot_id": 1, "seq": seq, "status": "normal"} | more
    return item if time_ms is None else item | {"time_ms": time_ms}


async def take(intake: Intake, *items: dict[str, Any]) -> list[tuple[int, str]]:
    return await intake.add(decode(json.dumps(items).encode()), 0, 0, NOW)


@given(st.integers(NOW - 2 * PAST_MS, NOW + 2 * PAST_MS))
def test_the_window(time_ms: int) -> None:
    assert believable(time_ms, NOW) == (-PAST_MS <= time_ms - NOW <= FUTURE_MS)


def test_no_time_is_not_believable() -> None:
    assert not believable(None, NOW)


async def test_ordinary_readings_take_the_short_way_and_odd_ones_do_not() -> None:
    intake = Intake(Keys(), lambda: NOW)
    await take(intake, said(0), said(1))
    await take(intake, said(2), said(3, None), said(4))
    batch = intake.seal()
    assert [row[3] for row in batch.readings] == [0, 1, 2, 4]
    assert [(row[3], row[-1]) for row in batch.staged_readings] == [(3, True)]
    assert batch.odd_devices == {0}
    await take(intake, said(5))
    batch = intake.seal()
    assert (len(batch.readings), [row[3] for row in batch.staged_readings]) == (0, [5])


async def test_an_hour_is_marked_once_while_it_runs_and_always_when_it_is_over() -> None:
    intake = Intake(Keys(), lambda: NOW)
    hour = NOW // HOUR_MS
    await take(intake, said(0), said(1))
    assert intake.seal().marks == {(0, hour)}
    await take(intake, said(2))
    assert intake.seal().marks == set()
    for seq in (3, 4):
        await take(intake, said(seq, NOW - HOUR_MS))
        assert intake.seal().marks == {(0, hour - 1)}


async def test_bad_items_are_named_by_their_place() -> None:
    intake = Intake(Keys(), lambda: NOW)
    no_seq = {"device_id": "d", "boot_id": 1, "status": "normal"}
    bad = await take(intake, said(0), no_seq, said(1), {"device_id": "d", "type": "muted", "seq": 1})
    assert [index for index, _ in bad] == [1, 3]
    assert len(intake.seal()) == 2


async def test_a_change_of_status_is_shown_at_once_and_the_rest_in_turn() -> None:
    intake = Intake(Keys(), lambda: NOW)
    names = [f"d{number}" for number in range(SHOWN_MAX * 2)]
    await take(intake, *(said(0, device_id=name) for name in names))
    assert len(intake.seal().latest_readings) == SHOWN_MAX * 2
    changed = f"d{SHOWN_MAX * 2 - 1}"
    await take(
        intake, *(said(1, device_id=name) for name in names), said(2, device_id=changed, status="fault")
    )
    first = [shown.device_key for shown in intake.seal().latest_readings]
    assert len(first) == SHOWN_MAX + 1
    second = [shown.device_key for shown in intake.seal().latest_readings]
    assert len({*first, *second}) == SHOWN_MAX * 2
    assert intake.seal().latest_readings == []
