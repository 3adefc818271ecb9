"""The revocation list on its way to Mosquitto: a file replaced whole, and a SIGHUP to the right process."""

import asyncio
import datetime as dt
import os
import signal
from pathlib import Path

from cryptography import x509

from services.registry.adapters.authority import FileAuthority
from shared.chassis.database import Pool
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.outbox import LOST

PROGRAM = "mosquitto"
POLL_S = 10.0
RENEW_AFTER = dt.timedelta(days=1)
FACT = "revocation list"


def replace_file(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, readable by the broker's user."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with new.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o644)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def hang_up(pid_file: Path, program: str = PROGRAM) -> bool:
    """Send SIGHUP to the broker of a pid file ("pid" or "pid start_ticks"); False when it is not running.

    The process must bear the broker's name, and the start time if the file has one: pids are used again.
    """
    try:
        words = pid_file.read_text().split()
        pid = int(words[0])
        name = Path(f"/proc/{pid}/comm").read_text().strip()
        ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, ValueError, IndexError):
        return False
    if name != program or (len(words) > 1 and words[1] != ticks):
        return False
    try:
        os.kill(pid, signal.SIGHUP)
    except ProcessLookupError:
        return False
    return True


class RevocationList:
    """Keeps the broker's list as the database says; several instances may do so at once."""

    def __init__(
        self, pool: Pool, authority: FileAuthority, path: Path, pid_file: Path | None, health: Health
    ) -> None:
        self._pool = pool
        self._authority = authority
        self._path = path
        self._pid_file = pid_file
        self._health = health
        self._lock = asyncio.Lock()
        self._state: tuple[int, dt.datetime | None] | None = None
        self._written_at: dt.datetime | None = None

    async def run(self) -> None:
        """Write the list at the start, after every revocation and daily, until cancelled."""
        while True:
            await self.settle()
            await asyncio.sleep(POLL_S)

    async def settle(self) -> None:
        """Write the list now if it is due; what fails is said by the health and tried again by `run`."""
        try:
            await self.refresh()
        except LOST as error:
            self._health.set(FACT, ok=False, detail=f"{type(error).__name__}: {error}")
            get_logger().error("the revocation list was not written", error=str(error))

    async def refresh(self) -> None:
        """Write the list and tell the broker, if something was revoked or the list is a day old."""
        async with self._lock:
            head = await self._pool.fetchrow(
                "SELECT count(*) AS n, max(revoked_at) AS last, clock_timestamp() AS now FROM certificate"
                " WHERE revoked_at IS NOT NULL AND not_after > clock_timestamp()"
            )
            if head is None:
                return
            state, now = (head["n"], head["last"]), head["now"]
            young = self._written_at is not None and now - self._written_at < RENEW_AFTER
            if state == self._state and young and self._path.exists():
                self._health.set(FACT, ok=True)  # it may have failed before: the database was away
                return
            rows = await self._pool.fetch(
                "SELECT serial, revoked_at FROM certificate"
                " WHERE revoked_at IS NOT NULL AND not_after > clock_timestamp() ORDER BY revoked_at"
            )
            ours = {row["serial"]: row["revoked_at"] for row in rows}
            entries = self._others() | ours
            content = self._authority.revocation_list(entries.items(), now)
            await asyncio.to_thread(replace_file, self._path, content)
            told = self._pid_file is not None and hang_up(self._pid_file)
            self._state, self._written_at = state, now
            self._health.set(FACT, ok=True)
            get_logger().info("revocation list written", entries=len(entries), broker_told=told)

    def _others(self) -> dict[str, dt.datetime]:
        """Return what the present list holds, so that nothing revoked by other hands is let in again."""
        try:
            present = x509.load_pem_x509_crl(self._path.read_bytes())
        except (OSError, ValueError):
            return {}
        return {f"{entry.serial_number:x}": entry.revocation_date_utc for entry in present}
