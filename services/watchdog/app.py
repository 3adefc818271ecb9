"""The composition root of the watchdog."""

from services.watchdog.adapters.mqtt import Address, MqttWire
from services.watchdog.adapters.voices import AlarmCommand, AlarmFile, AlarmWebhook, StandardError
from services.watchdog.domain.canaries import canaries
from services.watchdog.domain.watch import Limits
from services.watchdog.entrypoints.alerts import Alerts
from services.watchdog.handlers import Watchdog
from services.watchdog.ports import Voice
from services.watchdog.settings import Settings
from shared.chassis import logs, service
from shared.chassis.clock import SystemClock
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.serving import serve
from shared.chassis.settings import load
from shared.contracts import topic_names as names
from shared.contracts.telemetry import partition_of


def voices(settings: Settings, clock: SystemClock) -> list[Voice]:
    """Return the ways to speak."""
    found: list[Voice] = [StandardError(clock), AlarmFile(settings.alarm_file, clock)]
    if settings.alarm_webhook:
        found.append(AlarmWebhook(settings.alarm_webhook, clock))
    if settings.alarm_command:
        found.append(AlarmCommand(settings.alarm_command, clock))
    return found


async def run() -> None:
    """Wire the watchdog together; it starts whether or not anything it watches is there."""
    settings = load(Settings)
    logs.configure("watchdog", settings.log_level)
    clock, health = SystemClock(), Health()
    boot_id = clock.now_ms()
    address = Address(
        settings.mqtt_host,
        settings.mqtt_port,
        settings.mqtt_ca_file,
        settings.mqtt_cert_file,
        settings.mqtt_key_file,
    )
    wire = MqttWire(
        address,
        settings.mqtt_client_id,
        clock,
        boot_id,
        lambda *receipt: watchdog.receipted(*receipt),  # noqa: PLW0108 - it is made below
    )
    partitions = settings.telemetry_partitions
    watchdog = Watchdog(
        canaries(lambda site_id: partition_of(site_id, partitions), partitions),
        wire,
        voices(settings, clock),
        clock,
        controller=(settings.mqtt_client_id, boot_id),
        stages=settings.stages,
        limits=Limits(settings.late_s, settings.repeat_s),
        level=settings.canary_level,
        period_s=settings.period_s,
        clear_after_s=settings.clear_after_s,
    )
    alerts = Alerts(settings.kafka_bootstrap, settings.topic_prefix + names.ALERT, watchdog.alerted, health)
    health.check("mqtt", lambda: (wire.connected, ""))
    health.check("canaries", lambda: (True, f"{watchdog.late} late"))
    await service.run(
        wire.run(),
        alerts.run(),
        watchdog.fly(),
        watchdog.judge(),
        serve(create_app("watchdog", health=health, key=None), settings.http_host, settings.http_port),
    )
