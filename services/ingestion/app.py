"""Wires ingestion together."""

import asyncio

import msgspec

from services.ingestion.adapters.kafka import KafkaWriter
from services.ingestion.adapters.letters import KafkaLetters
from services.ingestion.entrypoints.mqtt import WINDOW, Broker, tls
from services.ingestion.handlers.directory import Directory
from services.ingestion.handlers.flow import Flow
from services.ingestion.handlers.intake import Intake
from services.ingestion.handlers.marks import mark
from services.ingestion.handlers.receipts import Receipts
from services.ingestion.handlers.replay import Replay
from services.ingestion.handlers.vocabulary import vocabulary
from services.ingestion.settings import Settings
from shared.chassis.clock import SystemClock
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.logs import configure
from shared.chassis.service import run
from shared.chassis.serving import serve
from shared.chassis.table import Table
from shared.contracts.objects import Device
from shared.contracts.topic_names import DEVICE

TICK_S = 0.25


async def start(settings: Settings) -> None:
    """Run until stopped; nothing is taken from the broker before Kafka and the devices are there."""
    configure("ingestion", settings.log_level)
    health, clock = Health(), SystemClock()
    context = tls(settings.mqtt_ca_file, settings.mqtt_cert_file, settings.mqtt_key_file)
    directory = Directory(settings.telemetry_partitions)
    table = Table(
        settings.kafka_bootstrap,
        DEVICE,
        msgspec.json.Decoder(Device).decode,
        prefix=settings.topic_prefix,
        on_change=directory.changed,
    )
    writer = KafkaWriter(
        settings.kafka_bootstrap,
        name=settings.mqtt_client_id,
        prefix=settings.topic_prefix,
        partitions=settings.telemetry_partitions,
        health=health,
    )
    intake = Intake(directory, vocabulary(), clock)
    broker = Broker(
        settings.mqtt_host,
        settings.mqtt_port,
        context,
        client_id=settings.mqtt_client_id,
        health=health,
    )
    receipts = Receipts(broker, clock)
    flow = Flow(intake, receipts, writer, broker, clock)
    broker.on_publishes = flow.on_publishes
    letters = KafkaLetters(settings.kafka_bootstrap, prefix=settings.topic_prefix)
    replay = Replay(intake, flow, letters, clock)
    directory.on_new = replay.registered
    await writer.start()
    await table.load()

    async def tick() -> None:
        while True:
            receipts.tick()
            await asyncio.sleep(TICK_S)

    async def stop() -> None:
        await broker.stop()
        await writer.stop()

    await run(
        table.run(),
        flow.run(),
        broker.run(),
        replay.run(),
        mark(flow, broker.barrier, WINDOW),
        tick(),
        serve(create_app("ingestion", health=health, key=None), settings.http_host, settings.http_port),
        on_stop=stop,
    )
