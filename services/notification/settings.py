"""What the notification service is told."""

from pathlib import Path

from pydantic import Field, SecretStr

from shared.chassis.settings import ServiceSettings

PUSH_SERVICES = (
    "https://fcm.googleapis.com",
    "https://updates.push.services.mozilla.com",
    "https://web.push.apple.com",
)


class Settings(ServiceSettings):
    """Channels and deadlines.

    With a `push_key_file` (made when it does not exist) browsers can be rung; `push_allow` lists the exact
    origins of their push services, `push_contact` is how those reach us (RFC 8292).

    `channels` maps a channel's name to `webhook:<url>` (one fixed receiver) or to an Apprise URL with
    `{address}` in it. The channel `webhook` is always there: its addresses are URLs of the allow-list.
    `webhook_allow` lists exact origins; an exact loopback origin may be among them.
    `escalate_after_s` maps a prefix of the area code to the seconds of each level (0 = no such level).
    """

    channels: dict[str, SecretStr] = Field(default={})
    webhook_allow: list[str] = Field(default=[])
    escalate_after_s: dict[str, list[int]] = Field(default={})
    push_key_file: Path | None = None
    push_contact: str = "mailto:operations@gaswatch.invalid"
    push_allow: list[str] = Field(default=list(PUSH_SERVICES))
    timer_poll_s: float = 1.0
    senders: int = Field(default=16, ge=1, le=64)
