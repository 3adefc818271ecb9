"""What ingestion is told."""

from pathlib import Path

from shared.chassis.settings import ServiceSettings
from shared.contracts.telemetry import TELEMETRY_PARTITIONS


class Settings(ServiceSettings):
    """The common settings, the way to the broker, and the name of this cell's ingestion.

    `mqtt_client_id` must be the common name of the certificate: the broker takes it for the client id. It is
    also the key of this ingestion's marks.
    """

    mqtt_host: str
    mqtt_port: int
    mqtt_ca_file: Path
    mqtt_cert_file: Path
    mqtt_key_file: Path
    mqtt_client_id: str = "platform.ingestion"
    telemetry_partitions: int = TELEMETRY_PARTITIONS
