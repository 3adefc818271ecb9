"""The product as what is measured."""

from benchmarks import usage
from benchmarks.counting import Stored, counter, counts, latencies_ms
from benchmarks.publisher import Alarm
from deploy.native.engines import EngineAddresses
from deploy.native.stack import Stack

PROGRESS = {
    "ingestion": "gas_ingestion_items_total",
    "alerting": "gas_alerting_items_total",
    "history": "gas_history_rows_total",
}
_COUNT = """
SELECT (SELECT count(*) FROM history.{0} WHERE boot_id = $1)
  + (SELECT count(*) FROM history.odd_{0} WHERE boot_id = $1)"""
COUNTS = (_COUNT.format("reading"), _COUNT.format("device_event"))
# The moment of a commit is known by a row that only that transaction wrote: the first line of the timeline.
RAISED = """
SELECT unnest(a.device_ids) AS device_id, extract(epoch FROM pg_xact_commit_timestamp(t.xmin)) * 1e9
FROM alerting.alert a JOIN alerting.timeline t USING (alert_id)
WHERE a.family = 'gas' AND t.kind = 'raised' AND a.opened_at_ms >= $1"""


class Product:
    """All services of a stack."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    @property
    def engines(self) -> EngineAddresses:
        """Return where the engines are."""
        return self._stack.engines

    def pids(self) -> dict[str, int]:
        """Return engines and services."""
        services = {name: self._stack.pid(name) for name in self._stack.names}
        return usage.engines(self.engines) | {name: pid for name, pid in services.items() if pid}

    def progress(self) -> dict[str, float]:
        """Return the services' own counters."""
        return {name: counter(self._stack.url(name), metric) for name, metric in PROGRESS.items()}

    async def stored(self, boot_id: int) -> Stored:
        """Count rows; the unique index makes each count once."""
        return await counts(self.engines.postgres.dsn, COUNTS, boot_id)

    async def latencies_ms(self, alarms: list[Alarm]) -> tuple[list[float], list[str]]:
        """Return due moment to committed alert."""
        return await latencies_ms(self.engines.postgres.dsn, RAISED, alarms)
