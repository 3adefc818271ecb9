"""Wires actuation together."""

from functools import partial

from services.actuation.adapters.mqtt import Address, MqttSender
from services.actuation.entrypoints.commands import follow
from services.actuation.handlers import issued
from services.actuation.settings import Settings
from shared.chassis.clock import SystemClock
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.logs import configure
from shared.chassis.service import run
from shared.chassis.serving import serve
from shared.contracts.topic_names import VALVE_COMMAND


async def start(settings: Settings) -> None:
    """Run until stopped."""
    configure("actuation", settings.log_level)
    health, clock = Health(), SystemClock()
    address = Address(
        settings.mqtt_host,
        settings.mqtt_port,
        settings.mqtt_ca_file,
        settings.mqtt_cert_file,
        settings.mqtt_key_file,
    )
    sender = MqttSender(address, clock=clock, health=health)
    topic = settings.topic_prefix + VALVE_COMMAND
    await run(
        sender.run(),
        follow(settings.kafka_bootstrap, topic, partial(issued, sender), clock=clock, health=health),
        serve(create_app("actuation", health=health, key=None), settings.http_host, settings.http_port),
    )
