"""What actuation is told."""

from pathlib import Path

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """The common settings and the way to the broker."""

    mqtt_host: str
    mqtt_port: int
    mqtt_ca_file: Path
    mqtt_cert_file: Path
    mqtt_key_file: Path
