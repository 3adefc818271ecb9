"""Devices in the database: their keys, and what the registry tells of them."""

from collections.abc import Sequence

from services.history.adapters.writer import Connection, Patient
from services.history.domain.devices import DeviceState
from shared.chassis.health import Health
from shared.contracts.objects import Device

_ENSURE = """
    WITH made AS (
      INSERT INTO device (device_id) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING
      RETURNING device_key, device_id, has_odd)
    SELECT * FROM made
    UNION ALL
    SELECT device_key, device_id, has_odd FROM device WHERE device_id = ANY($1)"""
_TELL = """
    INSERT INTO device (device_id, operator_id, area_code, site_id, zone, kind, heartbeat_s, reserved)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (device_id) DO UPDATE
      SET operator_id = excluded.operator_id, area_code = excluded.area_code, site_id = excluded.site_id,
          zone = excluded.zone, kind = excluded.kind, heartbeat_s = excluded.heartbeat_s,
          reserved = excluded.reserved, gone = false"""


class Devices:
    """Implements DeviceKeys."""

    def __init__(self, dsn: str, health: Health) -> None:
        self._patient = Patient(dsn, "history devices", health)

    async def ensure(self, device_ids: Sequence[str]) -> list[DeviceState]:
        """Return the devices, made where unknown: what is accepted is stored, whoever owns it."""
        found: list[DeviceState] = []
        # A device that another instance makes at this moment is only seen by the next statement.
        while len(found) < len(device_ids):
            found += await self._ensure(sorted(set(device_ids) - {state.device_id for state in found}))
        return found

    async def _ensure(self, device_ids: list[str]) -> list[DeviceState]:
        rows = await self._patient.do(lambda connection: connection.fetch(_ENSURE, device_ids))
        return [DeviceState(row["device_id"], row["device_key"], odd=row["has_odd"]) for row in rows]

    async def all(self) -> list[DeviceState]:
        """Return every device."""
        rows = await self._patient.do(
            lambda connection: connection.fetch("SELECT device_key, device_id, has_odd FROM device")
        )
        return [DeviceState(row["device_id"], row["device_key"], odd=row["has_odd"]) for row in rows]

    async def tell(self, device_id: str, device: Device | None) -> None:
        """Keep what the registry says; a device that is gone keeps its owner and its history."""

        async def work(connection: Connection) -> None:
            if device is None:
                await connection.execute("UPDATE device SET gone = true WHERE device_id = $1", device_id)
                return
            await connection.execute(
                _TELL,
                device_id,
                device.operator_id,
                device.area_code,
                device.site_id,
                device.zone,
                device.kind,
                device.heartbeat_s,
                device.reserved,
            )

        await self._patient.do(work)

    def close(self) -> None:
        """End the connection."""
        self._patient.drop()
