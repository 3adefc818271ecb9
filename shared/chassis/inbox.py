"""What was already handled: at least once between services becomes one effect.

Each schema that uses it has the table
`inbox (consumer text, message_id text, at timestamptz DEFAULT now(), PRIMARY KEY (consumer, message_id))`.
"""

from shared.chassis.database import Connection

KEEP = "7 days"


async def first_time(connection: Connection, consumer: str, message_id: str) -> bool:
    """Record `message_id` in this transaction; return False when it was handled before."""
    status = await connection.execute(
        "INSERT INTO inbox (consumer, message_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        consumer,
        message_id,
    )
    return status.endswith(" 1")


async def clean(connection: Connection) -> None:
    """Delete what is older than any redelivery."""
    await connection.execute("DELETE FROM inbox WHERE at < now() - $1::text::interval", KEEP)
