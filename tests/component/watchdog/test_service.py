"""The watchdog as a process, between a broker and Kafka that a test stops and starts.

The test plays ingestion and alerting: it receipts readings and says alerts, until it does not.
"""

import asyncio
import json
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from deploy.native.engines import Engines
from shared.chassis.kafka import TopicSpec, create_topics
from shared.chassis.mqtt import Connect, Options, Session
from shared.contracts import topic_names as names
from tests.component.dispatch.support import Bus, Service, Sink, alert, key_file, until
from tests.conftest import Broker

pytestmark = pytest.mark.engines


class Platform:
    """Receipts and alerts for whatever the watchdog sends."""

    def __init__(self, broker: Broker, bus: Bus) -> None:
        options = Options(
            host=broker.host,
            port=broker.port,
            connect=Connect(client_id="platform.ingestion", keepalive_s=15),
            tls=self._tls(broker),
        )
        self.session = Session(options, ["gas/v1/watchdog/up/reading"], self._heard)
        self.bus = bus
        self.receipts = True
        self.alerts = True
        self.alarms = 0
        self.normals = 0
        self.tasks: set[asyncio.Task[None]] = set()

    @staticmethod
    def _tls(broker: Broker) -> Any:
        import ssl

        certificate, key = broker.authority.sign_leaf("platform.ingestion", server=False)
        folder = broker.folder
        (folder / "i.crt").write_bytes(certificate)
        (folder / "i.key").write_bytes(key)
        context = ssl.create_default_context(cafile=str(broker.ca_file))
        context.load_cert_chain(folder / "i.crt", folder / "i.key")
        return context

    def _heard(self, publishes: list[tuple[bytes, bytes, int, bool]], generation: int) -> None:
        for _topic, payload, packet_id, _retain in publishes:
            self.session.ack([packet_id], generation)
            task = asyncio.create_task(self._take(json.loads(payload)))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)

    async def _take(self, readings: list[dict[str, Any]]) -> None:
        alarm = readings[0]["status"] == "alarm_high"
        self.alarms += alarm
        self.normals += not alarm
        if self.receipts:
            accepted = [
                {"device_id": r["device_id"], "boot_id": r["boot_id"], "ranges": [[r["seq"], r["seq"]]]}
                for r in readings
            ]
            receipt = {"server_time_ms": 0, "accepted": accepted, "rejected": []}
            await self.session.client.publish("gas/v1/watchdog/down/receipt", json.dumps(receipt).encode())
        if self.alerts:
            for reading in readings[:-1]:  # the last is the controller's own
                found = alert(
                    "x",
                    site_id=reading["device_id"].removesuffix("-d"),
                    device_ids=[reading["device_id"]],
                    reserved=True,
                    value=reading["lel_percent"] if alarm else None,
                    updated_at_ms=reading["time_ms"],
                )
                await self.bus.alert(found, "raised" if alarm else "cleared")

    async def stop(self) -> None:
        await self.session.stop()
        await asyncio.wait_for(asyncio.gather(*self.tasks, return_exceptions=True), 10)


class World:
    def __init__(self, service: Service, platform: Platform, sink: Sink, file: Path) -> None:
        self.service = service
        self.platform = platform
        self.sink = sink
        self.file = file

    def lines(self) -> list[dict[str, Any]]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text().splitlines()]

    def kinds(self) -> list[str]:
        return [line["kind"] for line in self.lines()]


def settings(broker: Broker, bootstrap: str, prefix: str, folder: Path, sink: Sink) -> dict[str, str]:
    certificate, key = folder / "w.crt", folder / "w.key"
    for file, content in zip((certificate, key), broker.authority.issue_client("watchdog"), strict=True):
        file.write_bytes(content)
    return {
        "GW_KAFKA_BOOTSTRAP": bootstrap,
        "GW_TOPIC_PREFIX": prefix,
        "GW_PRINCIPAL_KEY_FILE": str(key_file(folder)),
        "GW_MQTT_HOST": broker.host,
        "GW_MQTT_PORT": str(broker.port),
        "GW_MQTT_CA_FILE": str(broker.ca_file),
        "GW_MQTT_CERT_FILE": str(certificate),
        "GW_MQTT_KEY_FILE": str(key),
        "GW_PERIOD_S": "0.5",
        "GW_CLEAR_AFTER_S": "0.1",
        "GW_LATE_S": "3",
        "GW_REPEAT_S": "2",
        "GW_STAGES": '["receipt", "alert", "cleared"]',
        "GW_ALARM_FILE": str(folder / "alarms.jsonl"),
        "GW_ALARM_WEBHOOK": f"{sink.origin}/alarm",
        "GW_ALARM_COMMAND": f"tee -a {folder / 'command.jsonl'}",
    }


@pytest.fixture
async def world(
    kafka_bootstrap: str, topic_prefix: str, mqtt_broker: Broker, tmp_path: Path
) -> AsyncIterator[World]:
    async with Bus(kafka_bootstrap, topic_prefix).open() as bus, Sink().open() as sink:
        platform = Platform(mqtt_broker, bus)
        playing = asyncio.create_task(platform.session.run())
        service = Service(
            "watchdog", settings(mqtt_broker, kafka_bootstrap, topic_prefix, tmp_path, sink), tmp_path
        )
        try:
            await platform.session.wait_connected()
            yield World(await service.start(), platform, sink, tmp_path / "alarms.jsonl")
        finally:
            await service.kill()
            await platform.stop()
            await playing


async def test_while_all_is_well_canaries_fly_and_nothing_is_said(world: World) -> None:
    await until(lambda: world.platform.normals >= 12)
    assert world.kinds() == []
    assert await world.service.stop() == 0


async def test_alerting_that_hangs_is_said_by_every_voice_again_and_again_until_it_recovers(
    world: World,
) -> None:
    """Fault 35: TCP alive, readings receipted, no alerts."""
    await until(lambda: world.platform.normals >= 2)
    world.platform.alerts = False
    await until(lambda: len(world.lines()) >= 2)
    first = world.lines()[0]
    assert first["kind"] == "late"
    assert set(first["late"]) <= {"alert", "cleared"}
    assert 3 <= first["seconds"] < 8
    await until(lambda: "still_late" in world.kinds())
    world.platform.alerts = True
    await until(lambda: world.kinds()[-1] == "recovered")
    command = world.file.parent / "command.jsonl"
    await until(lambda: world.sink.calls[-1][1]["kind"] == "recovered")
    await until(lambda: json.loads(command.read_text().splitlines()[-1])["kind"] == "recovered")
    assert '"watchdog"' in world.service.log.read_text()


async def test_ingestion_that_hangs_is_said(world: World) -> None:
    await until(lambda: world.platform.normals >= 2)
    world.platform.receipts = False
    await until(world.lines)
    assert set(world.lines()[0]["late"]) == {"receipt"}


async def test_a_broker_that_is_stopped_is_said_and_a_voice_that_hangs_silences_no_other(
    world: World, mqtt_broker: Broker
) -> None:
    await until(lambda: world.platform.normals >= 2)
    world.sink.hold = asyncio.Event()
    mqtt_broker.process.daemon.send(signal.SIGSTOP)
    try:
        await until(lambda: len(world.lines()) >= 3)
    finally:
        mqtt_broker.process.daemon.send(signal.SIGCONT)
    world.sink.hold.set()
    await until(lambda: world.kinds()[-1] == "recovered")


async def test_it_starts_and_speaks_while_nothing_else_is_there(mqtt_broker: Broker, tmp_path: Path) -> None:
    async with Sink().open() as sink:
        given = settings(mqtt_broker, "127.0.0.1:1", "none.", tmp_path, sink)
        mqtt_broker.process.daemon.kill()
        service = Service("watchdog", given, tmp_path)
        service.process = await asyncio.create_subprocess_exec(
            *service.command, cwd=service.folder, env=service.environment
        )
        try:
            file = tmp_path / "alarms.jsonl"
            await until(lambda: file.exists() and file.read_text())
            assert set(json.loads(file.read_text().splitlines()[0])["late"]) == {
                "receipt",
                "alert",
                "cleared",
            }
        finally:
            await service.kill()


@pytest.mark.full
async def test_kafka_that_is_stopped_for_a_while(mqtt_broker: Broker, tmp_path: Path) -> None:
    """Kafka under SIGSTOP: the alarm comes, and after SIGCONT the recovery, without a restart."""
    engines = Engines.provisioned(tmp_path / "engines")
    addresses = await asyncio.to_thread(engines.start)
    bootstrap = addresses.kafka.bootstrap
    try:
        await create_topics(bootstrap, [TopicSpec(names.ALERT, 3)])
        async with Bus(bootstrap, "").open() as bus, Sink().open() as sink:
            platform = Platform(mqtt_broker, bus)
            playing = asyncio.create_task(platform.session.run())
            service = Service("watchdog", settings(mqtt_broker, bootstrap, "", tmp_path, sink), tmp_path)
            try:
                await platform.session.wait_connected()
                world = World(await service.start(), platform, sink, tmp_path / "alarms.jsonl")
                await until(lambda: platform.normals >= 4)
                engines.kafka.daemon.send(signal.SIGSTOP)
                await until(world.lines)
                engines.kafka.daemon.send(signal.SIGCONT)
                await until(lambda: world.kinds()[-1] == "recovered", limit_s=60)
            finally:
                await service.kill()
                await platform.stop()
                await playing
    finally:
        await asyncio.to_thread(engines.stop)
