"""Counting what came of a run, and the services' own counters."""

import re
import urllib.request
from dataclasses import dataclass

import asyncpg

from benchmarks.publisher import Alarm


@dataclass(frozen=True)
class Stored:
    """Rows with a run's boot_id."""

    readings: int
    events: int


def counter(url: str, name: str) -> float:
    """Read one counter of a service; 0 before it was first used."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=10) as answer:
        found = re.search(rf"^{name} ([0-9.e+]+)$", answer.read().decode(), re.MULTILINE)
    return float(found[1]) if found else 0.0


async def latencies_ms(dsn: str, query: str, alarms: list[Alarm]) -> tuple[list[float], list[str]]:
    """Return, sorted, the time from each alarm's due moment to its alert's commit, and who has no alert.

    `query` gives (device_id, committed_ns) for what was opened since $1 (Unix ms).
    """
    if not alarms:
        return [], []
    since_ms = min(alarm.due_ns for alarm in alarms) // 1_000_000 - 1_000
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(query, since_ms)
    finally:
        await connection.close()
    committed: dict[str, float] = {}
    for device_id, at_ns in rows:
        committed[device_id] = min(committed.get(device_id, 1e30), float(at_ns))
    missing = [alarm.device_id for alarm in alarms if alarm.device_id not in committed]
    took = [
        (committed[alarm.device_id] - alarm.due_ns) / 1e6 for alarm in alarms if alarm.device_id in committed
    ]
    return sorted(took), missing


async def counts(dsn: str, queries: tuple[str, str], boot_id: int) -> Stored:
    """Count readings and events of a run by two queries with the boot_id as $1."""
    connection = await asyncpg.connect(dsn)
    try:
        readings, events = [await connection.fetchval(query, boot_id, timeout=120) for query in queries]
    finally:
        await connection.close()
    return Stored(readings, events)


def quantile(values: list[float], share: float) -> float:
    """Return a quantile of sorted values; 0 when there are none."""
    return values[min(len(values) - 1, int(len(values) * share))] if values else 0.0
