"""The one use case: an issued command leaves for its client."""

import msgspec

from services.actuation.domain.outgoing import Outgoing
from services.actuation.ports import CommandSender
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter
from shared.contracts.events import ValveCommandIssued

COMMANDS = Counter("gas_actuation_commands_total", "Commands by what became of them", ["outcome"])
TYPE = "cn.gas.valve-command.issued.v1"


def issued(sender: CommandSender, event_type: str, value: bytes | None) -> None:
    """Send the command of one event; what cannot be read is counted and passed over.

    No dead letter: alerting is the only writer, and every instance would write the same one.
    """
    if event_type != TYPE or value is None:
        return
    try:
        event = msgspec.json.decode(value, type=ValveCommandIssued)
    except msgspec.DecodeError as error:
        COMMANDS.labels("unreadable").inc()
        get_logger().error("cannot read a command", error=str(error))
        return
    command = Outgoing(
        command_id=event.command_id,
        attempt=event.attempt,
        client_id=event.client_id,
        jws=event.jws,
        expires_ms=event.expires_at_ms,
        issued_ms=event.issued_at_ms,
    )
    sender.send(command)
