"""Alerting that ends in the middle of a pass has decided nothing of it, and says so by its offset."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaTimeoutError

from services.alerting.adapters.postgres import PostgresStore
from services.alerting.adapters.signing import SigningKeys
from services.alerting.domain.setpoints import SetPoints
from services.alerting.domain.site import SiteFacts
from services.alerting.domain.spec import DeviceFacts, Spec, make_spec
from services.alerting.entrypoints.consumer import Telemetry
from services.alerting.handlers import Deciding
from shared.chassis.clock import SystemClock
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.ids import uuid7
from shared.contracts import topic_names

POINTS = SetPoints().at(1)
LIMIT_S = 20.0


class OneDetector:
    """What the registry tells of a city that is one detector."""

    points = POINTS

    def listen(self, _changed: Any) -> None:
        """Nothing changes."""

    def facts(self, site_id: str) -> SiteFacts:
        return SiteFacts(site_id, "op", "530602", "restaurant")

    def specs(self, partition: int) -> list[Spec]:
        return [make_spec(DeviceFacts("d1", "s1", "z1", "detector"), POINTS)] if partition == 0 else []

    def site_of(self, _device_id: str) -> str:
        return "s1"


class Letters:
    """Dead letters that Kafka does not take, or takes."""

    def __init__(self, *, refused: bool) -> None:
        self._refused = refused

    async def put(self, *_letter: Any) -> None:
        if self._refused:
            raise KafkaTimeoutError


@pytest.mark.engines
async def test_an_alarm_of_an_interrupted_pass_is_alerted_by_whoever_comes_next(
    database, topic_prefix, kafka_bootstrap, tmp_path: Path
):
    alarm = {"device_id": "d1", "boot_id": 1, "seq": 0, "type": "alarm_raised", "data": {"level": "high"}}
    unreadable = {"device_id": "d1", "boot_id": "x"}
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap)
    await producer.start()
    for item in (alarm, unreadable):
        value = msgspec.json.encode([item])
        await producer.send_and_wait(topic_prefix + topic_names.TELEMETRY, value, partition=0)
    await producer.stop()
    dsn = (await database("alerting")).services["alerting"].worker
    pool = await open_pool(dsn, application_name="stopping")
    clock = SystemClock()
    registry: Any = OneDetector()
    store = PostgresStore(pool, SigningKeys.load(tmp_path / "keys", clock.now_ms()))

    def telemetry(letters: Letters) -> Telemetry:
        deciding = Deciding(store, registry, uuid7)
        return Telemetry(
            kafka_bootstrap, store, registry, deciding, letters, clock, Health(), prefix=topic_prefix
        )

    async with asyncio.timeout(LIMIT_S):
        with pytest.raises(KafkaTimeoutError):
            await telemetry(Letters(refused=True)).run()
        assert await pool.fetchval('SELECT "offset" FROM partition WHERE partition = 0') == 0
        running = asyncio.create_task(telemetry(Letters(refused=False)).run())
        while not await pool.fetchval("SELECT 1 FROM alert WHERE subject = 'd1'"):
            assert not running.done()
            await asyncio.sleep(0.05)
        running.cancel()
        await asyncio.wait({running})
    await pool.close()
