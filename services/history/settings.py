"""Settings of history, from the environment (GW_*)."""

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """What this service is told beside the common settings; days of retention."""

    keep_readings_days: int = Field(90, ge=31)
    keep_events_days: int = Field(400, ge=31)
    keep_rollups_days: int = Field(1096, ge=31)
    batch_rows: int = Field(8_000, ge=1, le=20_000)
