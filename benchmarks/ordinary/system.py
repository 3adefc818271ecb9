"""The ordinary implementation as what is measured: its database, topics and processes."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
from pathlib import Path

import asyncpg

from benchmarks import usage
from benchmarks.counting import Stored, counter, counts, latencies_ms
from benchmarks.fleet import Fleet
from benchmarks.ordinary.model import TOPIC
from benchmarks.publisher import Alarm
from deploy.native import ports
from deploy.native.engines import EngineAddresses
from deploy.native.places import PROJECT
from deploy.timescaledb.provision import at_database
from shared.chassis.kafka import TopicSpec, create_topics

DATABASE = "ordinary"
PARTITIONS = 12
READY_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0
PROGRESS = {
    "ingest": "ordinary_ingested_total",
    "alerting": "ordinary_judged_total",
    "history": "ordinary_stored_total",
}
COUNTS = (
    "SELECT count(*) FROM reading WHERE boot_id = $1",
    "SELECT count(*) FROM event WHERE boot_id = $1",
)
RAISED = """
SELECT device_id, extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1e9 FROM alert
WHERE opened_at >= to_timestamp($1::double precision / 1000)"""


class Ordinary:
    """Three processes: ingest, alerting, history."""

    def __init__(self, engines: EngineAddresses, folder: Path) -> None:
        self._engines = engines
        self._folder = folder
        self._dsn = at_database(engines.postgres.dsn, DATABASE)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ports = ports.remembered(folder / "ordinary.json", tuple(PROGRESS))

    async def start(self, fleet: Fleet) -> None:
        """Make topics, tables and devices, start, and return when all are ready."""
        specs = [TopicSpec(TOPIC, PARTITIONS), TopicSpec(f"{TOPIC}.dlq", 1)]
        await create_topics(self._engines.kafka.bootstrap, specs)
        await self._tables(fleet)
        for name in PROGRESS:
            self._start(name)
        end = time.monotonic() + READY_LIMIT_S
        while not self._ready():
            if time.monotonic() > end:
                raise RuntimeError(f"the ordinary implementation does not start: see {self._folder}/logs")
            await asyncio.sleep(0.2)

    async def _tables(self, fleet: Fleet) -> None:
        admin = await asyncpg.connect(self._engines.postgres.dsn)
        try:
            await admin.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await admin.close()
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute((Path(__file__).parent / "schema.sql").read_text())
            rows = [
                (row["device_id"], row["controller_id"] or row["device_id"], row["site_id"], row["kind"])
                for row in fleet.city().devices
            ]
            await connection.copy_records_to_table("device", records=rows)
        finally:
            await connection.close()

    def _start(self, name: str) -> None:
        mqtt = self._engines.mqtt
        file = self._folder / f"ordinary-{name}.json"
        settings = {
            "kafka": self._engines.kafka.bootstrap, "dsn": self._dsn, "mqtt_host": mqtt.host,
            "mqtt_port": mqtt.port_tls, "ca_file": mqtt.ca_file,
            "cert_file": f"{mqtt.certs_dir}/ingestion.crt", "key_file": f"{mqtt.certs_dir}/ingestion.key",
            "metrics_port": self._ports[name],
        }  # fmt: skip
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            json.dump(settings, out)
        with (self._folder / "logs" / f"ordinary-{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "-m", f"benchmarks.ordinary.{name}", str(file)],
                cwd=PROJECT,
                stdout=log,
                stderr=log,
            )

    def _ready(self) -> bool:
        try:
            self.progress()
        except (urllib.error.URLError, OSError):
            return False
        return True

    def stop(self) -> None:
        """Stop the processes."""
        for process in self._processes.values():
            process.terminate()
        for process in self._processes.values():
            try:
                process.wait(STOP_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    @property
    def engines(self) -> EngineAddresses:
        """Return where the engines are."""
        return self._engines

    def pids(self) -> dict[str, int]:
        """Return engines and processes."""
        return usage.engines(self._engines) | {name: process.pid for name, process in self._processes.items()}

    def progress(self) -> dict[str, float]:
        """Return the processes' own counters."""
        return {
            name: counter(f"http://127.0.0.1:{self._ports[name]}", metric)
            for name, metric in PROGRESS.items()
        }

    async def stored(self, boot_id: int) -> Stored:
        """Count rows; the unique index makes each count once."""
        return await counts(self._dsn, COUNTS, boot_id)

    async def latencies_ms(self, alarms: list[Alarm]) -> tuple[list[float], list[str]]:
        """Return due moment to committed alert."""
        return await latencies_ms(self._dsn, RAISED, alarms)
