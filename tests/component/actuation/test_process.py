"""Actuation as the process it is: its settings, its start, its end, and the whole way of a command."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc.jwk import KeySet

from deploy.native import ports
from shared.chassis.health import Health
from shared.chassis.kafka import Producer
from shared.chassis.outbox import Relay
from simulators.valve_logic import ValveLogic
from tests.integration.actuation.test_commands import Valve, until
from tests.integration.alerting.rig import Rig

ROOT = Path(__file__).resolve().parents[3]
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


class Process:
    """`python -m services.actuation` with its own settings."""

    def __init__(self, broker: Any, bootstrap: str, prefix: str, folder: Path) -> None:
        certificate, key = broker.files("actuation")
        (folder / "key").write_text(os.urandom(32).hex())
        self.url = f"http://127.0.0.1:{(port := ports.pick())}"
        self.environment = {
            "PATH": os.environ["PATH"],
            "GW_KAFKA_BOOTSTRAP": bootstrap,
            "GW_TOPIC_PREFIX": prefix,
            "GW_HTTP_PORT": str(port),
            "GW_PRINCIPAL_KEY_FILE": str(folder / "key"),
            "GW_MQTT_HOST": broker.host,
            "GW_MQTT_PORT": str(broker.port),
            "GW_MQTT_CA_FILE": str(broker.ca_file),
            "GW_MQTT_CERT_FILE": str(certificate),
            "GW_MQTT_KEY_FILE": str(key),
        }
        self.started: list[subprocess.Popen[str]] = []

    def start(self, **other: str | None) -> subprocess.Popen[str]:
        environment = {k: v for k, v in (self.environment | other).items() if v is not None}
        process = subprocess.Popen(
            [sys.executable, "-m", "services.actuation"],
            cwd=ROOT,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    async def ready(self) -> None:
        async with httpx.AsyncClient() as client, asyncio.timeout(30):
            while True:
                try:
                    if (await client.get(f"{self.url}/readyz")).status_code == 200:
                        return
                except httpx.TransportError:
                    pass
                await asyncio.sleep(0.05)

    def stop(self) -> None:
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.communicate()


@pytest.fixture
def actuation(mqtt_broker: Any, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path) -> Iterator[Process]:
    process = Process(mqtt_broker, kafka_bootstrap, topic_prefix, tmp_path)
    yield process
    process.stop()


@pytest.fixture
async def alerting(
    database: Any, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Rig]:
    """Alerting's store with its relay: what is decided leaves for Kafka."""
    async with Rig(await database("alerting"), tmp_path / "alerting") as rig:
        producer = Producer(kafka_bootstrap, prefix=topic_prefix)
        await producer.start()
        relay = asyncio.create_task(
            Relay(rig.dsns.worker, producer, schema="alerting", health=Health()).run()
        )
        yield rig
        relay.cancel()
        await asyncio.gather(relay, return_exceptions=True)
        await producer.stop()


async def test_a_decided_close_is_at_the_valve_in_milliseconds(
    actuation: Process, alerting: Rig, mqtt_broker: Any
) -> None:
    process = actuation.start()
    await actuation.ready()
    valve = Valve(mqtt_broker, "controller-1")
    try:
        await until(lambda: valve.subscribed)
        took = []
        for count in range(1, 6):
            began = time.monotonic()
            await alerting.raised("G02", number=count, close=True)
            await until(lambda wanted=count: len(valve.got) >= wanted)  # type: ignore[misc]
            took.append(valve.got[-1][0] - began)
            await closed_and_open_again(alerting, count)
        logic = ValveLogic("valve-1", KeySet.import_key_set(alerting.keys.jwks()))  # type: ignore[arg-type]
        for _, text, _, _ in valve.got:
            verdict = logic.learn_time(time.time_ns() // 1_000_000, 0).judge(text, 1)
            assert verdict.moves
        assert sorted(took)[2] < 0.25, f"the median of {took}: a loaded machine is allowed for"
    finally:
        await asyncio.to_thread(valve.stop)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(process.wait, 15) == 0
    assert time.monotonic() - began < 10


async def closed_and_open_again(rig: Rig, count: int) -> None:
    await rig.moved("closed", 2 * count)
    await rig.moved("open", 2 * count + 1)


async def test_killed_and_started_again_it_sends_what_still_lives(
    actuation: Process, alerting: Rig, mqtt_broker: Any
) -> None:
    first = actuation.start()
    await actuation.ready()
    first.kill()
    await asyncio.to_thread(first.wait)
    await alerting.raised("G02", close=True)
    valve = Valve(mqtt_broker, "controller-1")
    try:
        await until(lambda: valve.subscribed)
        actuation.start()
        await until(lambda: len(valve.got) == 1, limit_s=30)
    finally:
        await asyncio.to_thread(valve.stop)


@pytest.mark.parametrize(
    ("other", "code", "said"),
    [
        ({"GW_MQTT_HOST": None}, 2, "GW_MQTT_HOST"),
        ({"GW_MQTT_PORT": "many"}, 2, "GW_MQTT_PORT"),
        ({"GW_KAFKA_BOOTSTRAP": "127.0.0.1:1"}, 1, "Kafka does not answer"),
        ({"GW_MQTT_CERT_FILE": "/nowhere.crt"}, 1, "/nowhere.crt"),
        ({"GW_TOPIC_PREFIX": "absent."}, 1, "absent.gas.valve-command.v1"),
    ],
)
async def test_what_is_missing_is_one_sentence(
    actuation: Process, other: dict[str, str | None], code: int, said: str
) -> None:
    process = actuation.start(**other)
    _, errors = await asyncio.to_thread(process.communicate, None, 40)
    assert process.returncode == code
    assert said in errors
    assert "Traceback" not in errors


async def test_a_taken_port_is_one_sentence(actuation: Process) -> None:
    actuation.start()
    await actuation.ready()
    second = actuation.start()
    _, errors = await asyncio.to_thread(second.communicate, None, 40)
    assert second.returncode == 1
    assert "is taken" in errors


async def test_when_the_broker_goes_it_is_not_ready_and_becomes_so_again(
    actuation: Process, mqtt_broker: Any
) -> None:
    actuation.start()
    await actuation.ready()
    await asyncio.to_thread(mqtt_broker.process.stop)

    async def status() -> int:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{actuation.url}/readyz")).status_code
            except httpx.TransportError:
                return 0

    async with asyncio.timeout(30):
        while await status() != 503:
            await asyncio.sleep(0.05)
    await asyncio.to_thread(mqtt_broker.process.start)
    await actuation.ready()
