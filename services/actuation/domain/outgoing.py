"""What becomes of one issued command: on its way to a client, or dropped with a reason."""

import re
from dataclasses import dataclass
from enum import StrEnum

LIFE_S_MAX = 30  # WIRE section 1: a command expires at most 30 s after it was issued
_CLIENT = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Dropped(StrEnum):
    """Why a command does not go out."""

    EXPIRED = "expired"
    BAD_CLIENT = "bad_client"


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed command for a client; `attempt` tells a repetition of the same id from the first."""

    command_id: str
    attempt: int
    client_id: str
    jws: str
    expires_ms: int
    issued_ms: int

    @property
    def topic(self) -> str:
        """The MQTT topic of the client that speaks for the valve."""
        return f"gas/v1/{self.client_id}/down/command"


def judge(command: Outgoing, now_ms: int) -> int | Dropped:
    """Return the message expiry in whole seconds (1 … 30), or why the command is dropped.

    Rounded down, so that the broker never holds it longer than the valve would take it. An id that could
    name another topic is refused here too, whatever the registry let through.
    """
    if not _CLIENT.fullmatch(command.client_id):
        return Dropped.BAD_CLIENT
    left_s = (command.expires_ms - now_ms) // 1000
    return min(left_s, LIFE_S_MAX) if left_s >= 1 else Dropped.EXPIRED
