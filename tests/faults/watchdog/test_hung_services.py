"""Fault 35: a service hangs with its connections alive; the canaries of real ingestion and alerting tell."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from typing import Any

import httpx
import msgspec
import pytest

from services.watchdog.domain.canaries import canaries
from shared.chassis.kafka import Producer
from shared.contracts import topic_names as names
from shared.contracts.objects import Device, Site
from shared.contracts.telemetry import partition_of
from tests.component.dispatch.support import Service, environment, key_file, until
from tests.conftest import Broker, DatabaseFactory

pytestmark = pytest.mark.engines
OWNER: dict[str, Any] = {"operator_id": "op-platform", "area_code": "530600"}


async def seed(bootstrap: str, prefix: str) -> None:
    """Say what the registry would."""
    producer = Producer(bootstrap, prefix=prefix, client_id="seed")
    await producer.start()
    found = canaries(partition_of, 12)
    try:
        for canary in found:
            site = Site(
                site_id=canary.site_id,
                name=canary.site_id,
                kind="pipeline",
                gas="CH4",
                reserved=True,
                **OWNER,
            )
            await producer.send(names.SITE, msgspec.json.encode(site), key=canary.site_id.encode())
        devices = [
            Device(
                device_id=canary.device_id,
                site_id=canary.site_id,
                zone="z1",
                kind="detector",
                client_id="watchdog",
                controller_id="watchdog",
                gas="CH4",
                lel_basis_volpct=5.0,
                **OWNER,
            )
            for canary in found
        ]
        speaker = Device(
            device_id="watchdog",
            site_id=found[0].site_id,
            zone="z1",
            kind="controller",
            client_id="watchdog",
            **OWNER,
        )
        for device in (*devices, speaker):
            await producer.send(names.DEVICE, msgspec.json.encode(device), key=device.device_id.encode())
    finally:
        await producer.stop()


def certificate(broker: Broker, client: str, folder: Path) -> dict[str, str]:
    """Write a client's certificate and return the settings that name it."""
    if client == "watchdog":
        files = broker.authority.issue_client(client)
    else:
        files = broker.authority.sign_leaf(client, server=False)
    for ending, content in zip(("crt", "key"), files, strict=True):
        (folder / f"{client}.{ending}").write_bytes(content)
    return {
        "GW_MQTT_HOST": broker.host,
        "GW_MQTT_PORT": str(broker.port),
        "GW_MQTT_CA_FILE": str(broker.ca_file),
        "GW_MQTT_CERT_FILE": str(folder / f"{client}.crt"),
        "GW_MQTT_KEY_FILE": str(folder / f"{client}.key"),
    }


class World:
    def __init__(self, services: dict[str, Service], file: Path) -> None:
        self.services = services
        self.file = file

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []


@pytest.fixture
async def world(
    kafka_bootstrap: str, topic_prefix: str, mqtt_broker: Broker, database: DatabaseFactory, tmp_path: Path
) -> AsyncIterator[World]:
    await seed(kafka_bootstrap, topic_prefix)
    made = await database("alerting")
    key = key_file(tmp_path)
    (tmp_path / "keys").mkdir(mode=0o700)
    common = {
        "GW_KAFKA_BOOTSTRAP": kafka_bootstrap,
        "GW_TOPIC_PREFIX": topic_prefix,
        "GW_PRINCIPAL_KEY_FILE": str(key),
    }
    own = {
        "ingestion": common | certificate(mqtt_broker, "platform.ingestion", tmp_path),
        "alerting": environment(
            "alerting",
            kafka_bootstrap,
            topic_prefix,
            made,
            key,
            GW_COMMAND_KEYS_DIR=str(tmp_path / "keys"),
        ),
        "watchdog": common
        | certificate(mqtt_broker, "watchdog", tmp_path)
        | {
            "GW_PERIOD_S": "2",
            "GW_CLEAR_AFTER_S": "0.5",
            "GW_LATE_S": "8",
            "GW_STAGES": '["receipt", "alert", "cleared"]',
            "GW_REPEAT_S": "4",
            "GW_ALARM_FILE": str(tmp_path / "alarms.jsonl"),
        },
    }
    async with AsyncExitStack() as stack:
        services = {}
        for name, settings in own.items():
            services[name] = Service(name, settings, tmp_path)
            stack.push_async_callback(services[name].kill)
            await services[name].start()
        yield World(services, tmp_path / "alarms.jsonl")


# In `make test` the whole product is watched while alerting hangs (fault 35).
@pytest.mark.full
@pytest.mark.parametrize(("hung", "stage"), [("alerting", "alert"), ("ingestion", "receipt")])
async def test_a_service_that_hangs_is_told_and_so_is_its_recovery(
    world: World, hung: str, stage: str
) -> None:
    metrics = f"{world.services['watchdog'].url}/metrics"

    async def through() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            text = (await client.get(metrics)).text
        wanted = 'gas_watchdog_canary_seconds_count{stage="cleared"}'
        return any(line.startswith(wanted) and float(line.split()[-1]) >= 36 for line in text.splitlines())

    await until(through, what="the first canaries came through everywhere")
    assert world.lines() == []
    world.services[hung].send(SIGSTOP)
    await until(world.lines, limit_s=40)
    assert stage in world.lines()[0]["late"]
    world.services[hung].send(SIGCONT)
    await until(lambda: world.lines()[-1]["kind"] == "recovered", limit_s=60)
