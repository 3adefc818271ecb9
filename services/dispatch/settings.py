"""What the dispatch service is told."""

from pydantic import Field

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Deadlines in seconds; `arrive_s` maps a prefix of the area code to the arrival limit (DOMAIN 5)."""

    accept_s: int = 60
    retry_s: int = 5
    arrive_s: dict[str, int] = Field(default={"": 3600, "530602": 1800})
    timer_poll_s: float = 1.0
