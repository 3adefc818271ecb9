"""Settings are read from the environment once, at start; what is missing is said in one sentence."""

import sys
from pathlib import Path
from typing import Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

EXIT_BAD_SETTINGS = 2


class ServiceSettings(BaseSettings):
    """What every service is told; variables are called GW_<NAME>."""

    model_config = SettingsConfigDict(env_prefix="GW_", frozen=True, extra="ignore")

    kafka_bootstrap: str
    database_api_dsn: SecretStr | None = None
    database_worker_dsn: SecretStr | None = None
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535)
    principal_key_file: Path
    instance: str = "1"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    topic_prefix: str = ""


S = TypeVar("S", bound=BaseSettings)


def load(settings_class: type[S]) -> S:
    """Return the settings; otherwise say in one sentence which variable is wrong, and exit with code 2."""
    try:
        return settings_class()
    except ValidationError as error:
        prefix = settings_class.model_config.get("env_prefix", "")
        faults = [
            f"{prefix}{'_'.join(str(part) for part in fault['loc']).upper()} ({fault['msg']})"
            for fault in error.errors()
        ]
        sys.stderr.write(
            f"Settings are missing or wrong: {', '.join(faults)}; set them in the environment.\n"
        )
        raise SystemExit(EXIT_BAD_SETTINGS) from None


def secret(value: SecretStr | None, name: str) -> str:
    """Return a secret that this service needs; without it say so in one sentence and exit with code 2."""
    if value is None:
        sys.stderr.write(f"Settings are missing: {name}; set it in the environment.\n")
        raise SystemExit(EXIT_BAD_SETTINGS)
    return value.get_secret_value()
