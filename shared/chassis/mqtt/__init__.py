"""A small asyncio MQTT 5 client: QoS 0 and 1, manual acknowledgement, batches instead of tasks."""

from .client import Client
from .errors import (
    Busy,
    CloseCause,
    Closed,
    ConnectionLost,
    ConnectRefused,
    MqttError,
    PacketTooLarge,
    ProtocolError,
    PublishRefused,
    SubscribeRefused,
)
from .options import OnPublishes, Options
from .packets import Connect, Will
from .parser import Connack, Publish
from .session import Backoff, Session

__all__ = [
    "Backoff",
    "Busy",
    "Client",
    "CloseCause",
    "Closed",
    "Connack",
    "Connect",
    "ConnectRefused",
    "ConnectionLost",
    "MqttError",
    "OnPublishes",
    "Options",
    "PacketTooLarge",
    "ProtocolError",
    "Publish",
    "PublishRefused",
    "Session",
    "SubscribeRefused",
    "Will",
]
