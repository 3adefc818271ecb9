"""What the alerting service is told."""

from pathlib import Path

from shared.chassis.settings import ServiceSettings
from shared.contracts.telemetry import TELEMETRY_PARTITIONS


class Settings(ServiceSettings):
    """`command_keys_dir` holds the private signing keys; their public part is written there as jwks.json."""

    command_keys_dir: Path
    telemetry_partitions: int = TELEMETRY_PARTITIONS
