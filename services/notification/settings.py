"""What the notification service is told."""

from pydantic import Field, SecretStr

from shared.chassis.settings import ServiceSettings


class Settings(ServiceSettings):
    """Channels and deadlines.

    `channels` maps a channel's name to `webhook:<url>` (one fixed receiver) or to an Apprise URL with
    `{address}` in it. The channel `webhook` is always there: its addresses are URLs of the allow-list.
    `webhook_allow` lists exact origins; an exact loopback origin may be among them.
    `escalate_after_s` maps a prefix of the area code to the seconds of each level (0 = no such level).
    """

    channels: dict[str, SecretStr] = Field(default={})
    webhook_allow: list[str] = Field(default=[])
    escalate_after_s: dict[str, list[int]] = Field(default={})
    timer_poll_s: float = 1.0
    senders: int = Field(default=16, ge=1, le=64)
