"""What the registry is told, by environment variables GW_*."""

from pathlib import Path

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Beside the common settings: the certificate authority, the broker's list, the command keys."""

    ca_file: Path
    ca_key_file: Path
    crl_file: Path
    broker_pid_file: Path | None = None
    mqtt_host: str = ""
    mqtt_port: int = 8883
    command_keys_file: Path | None = None
