"""Devices that were heard behind a known client, but that nobody registered."""

import pytest

from services.registry.entrypoints.consumer import HeardConsumer
from shared.chassis.consumer import Retry
from shared.chassis.kafka import Record
from tests.integration.registry.harness import Registry, device, tenant


def letter(offset: int, value: bytes, client: str = "dev-1", reason: str = "unknown_device") -> Record:
    headers = {"reason": reason.encode(), "client": client.encode()}
    return Record("gas.telemetry.v1.dlq", 0, offset, None, value, headers, 1_790_000_000_000 + offset)


async def test_who_was_heard_but_never_registered(shop: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = HeardConsumer(shop.store)
    stranger = b'{"device_id": "stranger", "boot_id": 1, "seq": 0, "status": "normal"}'
    for record in (
        letter(1, stranger),
        letter(2, stranger),
        letter(2, stranger),
        letter(3, b"nonsense"),
        letter(4, b'{"device_id": "../x"}'),
        letter(5, stranger, client="nobody"),
        letter(6, b'{"device_id": "other"}', reason="bad_field"),
        letter(7, b'{"device_id": "dev-1"}'),
    ):
        await consumer.handle(record)

    async def heard(operator_id: str = "op-1") -> list[tuple[str, str, int]]:
        items = (await shop.get("devices:heard-unregistered", tenant(operator_id))).json()["items"]
        return [(item["client"], item["device_id"], item["messages"]) for item in items]

    assert await heard() == [("dev-1", "stranger", 2)]
    assert await heard("op-2") == []
    monkeypatch.setattr("services.registry.adapters.heard.PER_CLIENT_MAX", 2)
    for offset in range(10, 20):
        await consumer.handle(letter(offset, b'{"device_id": "made-up-%d"}' % offset))
    await consumer.handle(letter(20, stranger))
    assert await heard() == [("dev-1", "made-up-10", 1), ("dev-1", "stranger", 3)]
    await shop.made("devices", device("stranger"))
    assert await heard() == [("dev-1", "made-up-10", 1)]
    async with shop.store.worker() as unit:
        assert await unit.forget_heard(100_000) == 1


async def test_while_the_database_is_away_a_letter_waits(shop: Registry) -> None:
    await shop.store._worker.close()
    with pytest.raises(Retry):
        await HeardConsumer(shop.store).handle(letter(1, b'{"device_id": "stranger"}'))
