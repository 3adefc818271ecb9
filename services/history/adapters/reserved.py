"""What reserved devices (canaries) said a day ago goes: readings, events and their roll-ups."""

import functools

from services.history.adapters.writer import Connection, Patient

ROWS_MAX = 5_000  # in one statement, so that none takes long

# Table, its column of time, and how long a row goes on after that time.
_TRACES = (
    ("reading", "time", "0"),
    ("odd_reading", "time", "0"),
    ("device_event", "time", "0"),
    ("odd_device_event", "time", "0"),
    ("reading_hourly", "hour", "1 hour"),
    ("reading_daily", "day", "1 day"),
)
_RESERVED = "SELECT device_key FROM device WHERE reserved ORDER BY device_key"
# The oldest rows of a device, up to and with the time of the last that fits; by the database's clock.
_DELETE = """
    WITH over AS (SELECT now() - INTERVAL '1 day' - INTERVAL '{length}' AS at)
    DELETE FROM {table} WHERE device_key = $1 AND "{time}" < (SELECT at FROM over)
      AND "{time}" <= coalesce(
        (SELECT "{time}" FROM {table} WHERE device_key = $1 AND "{time}" < (SELECT at FROM over)
         ORDER BY "{time}" OFFSET $2 LIMIT 1), 'infinity')"""
_STATEMENTS = tuple(_DELETE.format(table=table, time=time, length=length) for table, time, length in _TRACES)


async def delete_traces(patient: Patient) -> int:
    """Delete what reserved devices said more than a day ago, in bounded pieces; return how many rows."""
    keys = await patient.do(lambda connection: connection.fetch(_RESERVED))
    total = 0
    for row in keys:
        for statement in _STATEMENTS:
            piece = functools.partial(_piece, statement=statement, key=row["device_key"])
            while deleted := await patient.do(piece):
                total += deleted
    return total


async def _piece(connection: Connection, *, statement: str, key: int) -> int:
    done = await connection.execute(statement, key, ROWS_MAX - 1)
    return int(done.rpartition(" ")[2])
