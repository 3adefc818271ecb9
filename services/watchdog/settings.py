"""What the watchdog is told."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from services.watchdog.domain.watch import Stage
from shared.chassis.settings import ServiceSettings
from shared.contracts.telemetry import TELEMETRY_PARTITIONS


class Settings(ServiceSettings):
    """The way to the broker, when a canary is late, and how that is said; seconds.

    `stages` are those that are waited for. `alarm_webhook` and `alarm_command` are further ways to speak
    beside standard error and the file.
    """

    mqtt_host: str
    mqtt_port: int
    mqtt_ca_file: Path
    mqtt_cert_file: Path
    mqtt_key_file: Path
    mqtt_client_id: str = "watchdog"
    telemetry_partitions: int = TELEMETRY_PARTITIONS
    period_s: float = Field(default=30.0, gt=0)
    clear_after_s: float = Field(default=5.0, gt=0)
    late_s: float = Field(default=60.0, gt=0)
    repeat_s: float = Field(default=60.0, gt=0)
    canary_level: Literal["low", "high"] = "high"
    stages: list[Stage] = Field(default=list(Stage))
    alarm_file: Path
    alarm_webhook: str | None = None
    alarm_command: str | None = None
