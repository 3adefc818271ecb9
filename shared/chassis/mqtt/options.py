"""Where and how to connect."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass

from .packets import Connect
from .parser import PACKET_BYTES_MAX, Publish

OnPublishes = Callable[[list[Publish], int], None]
"""Called with all messages of one read, and the generation of the connection they came by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A broker's address, the CONNECT to send, and limits.

    `coalesce_s_max` > 0 lets reads gather up to that long under load (see `Gauge`). A broker's packet above
    `packet_bytes_max` ends the connection.
    """

    host: str
    port: int
    connect: Connect
    tls: ssl.SSLContext | None = None
    server_hostname: str | None = None
    connect_timeout_s: float = 10.0
    coalesce_s_max: float = 0.0
    packet_bytes_max: int = PACKET_BYTES_MAX


def ignore(_publishes: list[Publish], _generation: int) -> None:
    """Stand in for the callback of a client that only publishes."""
