"""The names of the Kafka topics (WIRE.md section 2); `topics/*.yaml` says all else about them."""

TELEMETRY = "gas.telemetry.v1"
DEVICE = "gas.device.v1"
SITE = "gas.site.v1"
OPERATOR = "gas.operator.v1"
LICENCE = "gas.licence.v1"
ALERT = "gas.alert.v1"
VALVE_COMMAND = "gas.valve-command.v1"
ORDER = "gas.order.v1"
NOTIFICATION = "gas.notification.v1"
ENFORCEMENT = "gas.enforcement.v1"


def dead_letters(topic: str) -> str:
    """Return the name of the dead-letter topic of `topic`."""
    return f"{topic}.dlq"
