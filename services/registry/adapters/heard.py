"""Devices that were heard behind a known client but that nobody registered."""

import datetime as dt
from collections.abc import Mapping

from services.registry.ports import Row
from shared.chassis.database import Connection
from shared.chassis.inbox import clean, first_time

PER_CLIENT_MAX = 1000
CONSUMER = "heard"

_HEAR = """
INSERT INTO heard_unknown AS h
  (client, device_id, site_id, operator_id, area_code, first_heard_at, last_heard_at, messages)
SELECT $1, $2, site_id, operator_id, area_code, $3, $3, 1
FROM device
WHERE device_id = $1 AND upper_inf(valid_time) AND upper_inf(record_time)
  AND NOT EXISTS (SELECT 1 FROM device WHERE device_id = $2)
  AND ((SELECT count(*) FROM heard_unknown WHERE client = $1) < $4
    OR EXISTS (SELECT 1 FROM heard_unknown WHERE client = $1 AND device_id = $2))
ON CONFLICT (client, device_id) DO UPDATE SET
  first_heard_at = least(h.first_heard_at, excluded.first_heard_at),
  last_heard_at = greatest(h.last_heard_at, excluded.last_heard_at),
  messages = h.messages + 1
"""


class HeardQueries:
    """The part of a unit that knows who was heard."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    async def heard(self, filters: Mapping[str, str], after: tuple[str, str], limit: int) -> list[Row]:
        """Return devices that were heard but never registered, by client and id."""
        rows = await self.connection.fetch(
            "SELECT to_jsonb(h) AS h FROM heard_unknown h"
            " WHERE (client, device_id) > ($1, $2) AND ($3::text IS NULL OR client = $3)"
            " AND ($4::text IS NULL OR site_id = $4)"
            " AND NOT EXISTS (SELECT 1 FROM device WHERE device.device_id = h.device_id)"
            " ORDER BY client, device_id LIMIT $5",
            *after,
            filters.get("client"),
            filters.get("site_id"),
            limit,
        )
        return [dict(row["h"]) for row in rows]

    async def hear(self, client: str, device_id: str, at: dt.datetime, message_id: str) -> bool:
        """Count a message of a device that nobody registered; False when it is not kept.

        Not kept: seen before, behind a client that is not registered, registered meanwhile, or beyond the
        number of devices that one client may bring (a client that makes up ids must not fill the table).
        """
        if not await first_time(self.connection, CONSUMER, message_id):
            return False
        status = await self.connection.execute(_HEAR, client, device_id, at, PER_CLIENT_MAX)
        return status.endswith(" 1")

    async def forget_heard(self, days: int) -> int:
        """Delete what was registered since, or not heard for some days."""
        await clean(self.connection)
        status = await self.connection.execute(
            "DELETE FROM heard_unknown h WHERE last_heard_at < now() - make_interval(days => $1)"
            " OR EXISTS (SELECT 1 FROM device WHERE device.device_id = h.device_id)",
            days,
        )
        return int(status.split()[-1])
