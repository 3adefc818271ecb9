"""What the product made of a run: rows, alerts, and how long each alarm took, asked of its database."""

import re
import urllib.request
from dataclasses import dataclass
from typing import Any

import asyncpg

from benchmarks.publisher import Alarm
from deploy.native.stack import Stack

PROGRESS = {
    "ingestion": "gas_ingestion_items_total",
    "alerting": "gas_alerting_items_total",
    "history": "gas_history_rows_total",
}
# The moment of a commit is known by the row that only that transaction wrote.
RAISED = """
SELECT a.device_ids, a.family, a.opened_at_ms,
  extract(epoch FROM min(pg_xact_commit_timestamp(t.xmin))) * 1e9 AS committed_ns
FROM alerting.alert a JOIN alerting.timeline t USING (alert_id)
WHERE a.family = 'gas' AND t.kind = 'raised' AND a.opened_at_ms >= $1 GROUP BY 1, 2, 3"""


@dataclass(frozen=True)
class Stored:
    """Rows with a run's boot_id."""

    readings: int
    events: int


def progress(stack: Stack) -> dict[str, float]:
    """Return the services' own counters."""
    return {name: _counter(stack.url(name), counter) for name, counter in PROGRESS.items()}


def _counter(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        found = re.search(rf"^{name} ([0-9.e+]+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


async def stored(connection: "asyncpg.Connection[asyncpg.Record]", boot_id: int) -> Stored:
    """Count the rows of a run; the unique index makes each count once."""
    counts = [
        await connection.fetchval(
            f"SELECT (SELECT count(*) FROM history.{table} WHERE boot_id = $1)"
            f" + (SELECT count(*) FROM history.odd_{table} WHERE boot_id = $1)", boot_id, timeout=120,
        )
        for table in ("reading", "device_event")
    ]  # fmt: skip
    return Stored(*counts)


async def latencies_ms(
    connection: "asyncpg.Connection[asyncpg.Record]", alarms: list[Alarm]
) -> tuple[list[float], list[str]]:
    """Return, sorted, the time from each alarm's due moment to its alert's commit, and who has no alert."""
    if not alarms:
        return [], []
    since_ms = min(alarm.due_ns for alarm in alarms) // 1_000_000 - 1_000
    committed: dict[str, float] = {}
    for row in await connection.fetch(RAISED, since_ms):
        for device_id in row["device_ids"]:
            committed[device_id] = min(committed.get(device_id, 1e30), float(row["committed_ns"]))
    missing = [alarm.device_id for alarm in alarms if alarm.device_id not in committed]
    took = [
        (committed[alarm.device_id] - alarm.due_ns) / 1e6 for alarm in alarms if alarm.device_id in committed
    ]
    return sorted(took), missing


def quantile(values: list[float], share: float) -> float:
    """Return a quantile of sorted values; 0 when there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def as_row(values: dict[str, Any]) -> str:
    """Return a line for people."""
    return "  ".join(f"{name} {value}" for name, value in values.items())
