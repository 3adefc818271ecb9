"""What actuation needs of the world."""

from typing import Protocol

from services.actuation.domain.outgoing import Outgoing


class CommandSender(Protocol):
    """A way to the devices."""

    def send(self, command: Outgoing) -> None:
        """Send now, or as soon as the broker answers while the command has not expired; never block."""
        ...
