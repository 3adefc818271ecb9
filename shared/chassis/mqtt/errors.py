"""What can go wrong on an MQTT connection: one exception for each thing a caller decides on."""

from dataclasses import dataclass
from enum import StrEnum


class CloseCause(StrEnum):
    """Who or what ended a connection."""

    OURS = "ours"
    SERVER = "server"
    LOST = "lost"
    KEEPALIVE = "keepalive"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a connection ended; `reason_code` is that of the broker's DISCONNECT or CONNACK, if any."""

    cause: CloseCause
    detail: str = ""
    reason_code: int | None = None


class MqttError(Exception):
    """The base of everything this package raises."""


class ProtocolError(MqttError):
    """The peer sent bytes that MQTT 5 forbids, or a packet above the agreed size; the connection is over."""


class ConnectRefused(MqttError):  # noqa: N818 - named for what happened, as the callers say it
    """The broker answered CONNECT with a reason code of 0x80 or above."""

    def __init__(self, reason_code: int) -> None:
        super().__init__(f"the broker refused the connection: 0x{reason_code:02x}")
        self.reason_code = reason_code


class ConnectionLost(MqttError):  # noqa: N818 - named for what happened, as the callers say it
    """There is no connection (any more): what was in flight may or may not have arrived, so send it again."""

    def __init__(self, closed: Closed) -> None:
        super().__init__(f"{closed.cause}: {closed.detail}" if closed.detail else str(closed.cause))
        self.closed = closed


class PublishRefused(MqttError):  # noqa: N818 - named for what happened, as the callers say it
    """The broker answered PUBLISH with a reason code of 0x80 or above: it has not taken the message."""

    def __init__(self, reason_code: int) -> None:
        super().__init__(f"the broker refused the message: 0x{reason_code:02x}")
        self.reason_code = reason_code


class SubscribeRefused(MqttError):  # noqa: N818 - named for what happened, as the callers say it
    """The broker refused at least one filter; `reason_codes` are in the order of the filters."""

    def __init__(self, reason_codes: tuple[int, ...]) -> None:
        super().__init__(
            f"the broker refused a subscription: {', '.join(f'0x{c:02x}' for c in reason_codes)}"
        )
        self.reason_codes = reason_codes


class Busy(MqttError):  # noqa: N818 - a state that passes, not an error
    """Nothing was sent: the in-flight window or the write buffer is full; `await client.ready()` first."""


class PacketTooLarge(MqttError):  # noqa: N818 - named for what happened, as the callers say it
    """Nothing was sent: the packet would exceed what the broker said it takes."""
