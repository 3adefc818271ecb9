"""One test's view of the running product: what to look at, and the means to break things."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, cast

import asyncpg
import httpx
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.contracts.telemetry import partition_of
from shared.contracts.topic_names import TELEMETRY, dead_letters
from tests.faults.fleet import FaultClient, Fleet, Site, until
from tests.faults.ledger import Key
from tests.faults.world import World

RSS_BYTES_MAX = 256 * 1024 * 1024
READY_LIMIT_S = 60.0
FULL_LIMIT_S = 1800
Test = TypeVar("Test", bound=Callable[..., Any])
GATE = 530_600  # the advisory lock behind which a gated statement waits


def counts(few: int, full: int) -> Callable[[Test], Test]:
    """Parametrise by `count`: few in `make test`, all under the marker `full` in `make faults`."""
    return pytest.mark.parametrize(
        "count",
        [
            pytest.param(few, id=f"{few}"),
            pytest.param(
                full, id=f"full-{full}", marks=[pytest.mark.full, pytest.mark.timeout(FULL_LIMIT_S)]
            ),
        ],
    )


@dataclass
class Scene:
    """One test's view: a fleet with its ledger, a connection to look with, and the means to break things."""

    world: World
    fleet: Fleet
    connection: "asyncpg.Connection[Any]"
    rss_max: dict[str, int] = field(default_factory=dict)
    killed: int = 0
    said: str = "injected"

    # --- looking ---

    async def fetch(self, query: str, *arguments: Any) -> list[Any]:
        """Ask the database; a lost connection is opened again."""
        for _ in range(2):
            try:
                return list(await self.connection.fetch(query, *arguments))
            except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError):
                self.connection = await asyncpg.connect(self.world.dsn, timeout=10)
        return []

    async def alerts(self, site: Site, rule: str = "G02") -> list[Any]:
        """Return a site's alerts of a rule."""
        return await self.fetch(
            "SELECT * FROM alerting.alert WHERE site_id = $1 AND rule = $2", site.site_id, rule
        )

    async def orders(self, site: Site) -> list[Any]:
        """Return a site's response orders."""
        return await self.fetch(
            "SELECT * FROM dispatch.orders WHERE site_id = $1 AND kind = 'response'", site.site_id
        )

    async def commands(self, site: Site) -> list[Any]:
        """Return the close commands that were issued for a site."""
        return await self.fetch("SELECT * FROM alerting.valve_command WHERE site_id = $1", site.site_id)

    async def site(self) -> Site:
        """Return a connected site where nothing has happened yet, known to alerting."""
        found = await self.fleet.site(next(self.world.sites))
        await until(
            "the valve's position is known to alerting",
            lambda: self.fetch("SELECT 1 FROM alerting.valve WHERE valve_id = $1", found.valve_id),
        )
        return found

    async def talkers(self, number: int) -> list[FaultClient]:
        """Return connected detectors that speak for themselves."""
        return await self.fleet.talkers(self.world.talkers[:number])

    async def metric(self, service: str, name: str) -> float:
        """Return a figure of a service, 0 before it exists."""
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            text = (await client.get(f"{self.world.stack.url(service)}/metrics")).text
        values = [
            line.rsplit(" ", 1)[1] for line in text.splitlines() if line.split("{")[0].split(" ")[0] == name
        ]
        return sum(map(float, values))

    async def records(self, topic: str) -> list[Any]:
        """Return every record of a topic."""
        bootstrap = self.world.engines.kafka.bootstrap
        consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            places = consumer.assignment()
            found: list[Any] = []
            for place, end in (await consumer.end_offsets(places)).items():
                while await consumer.position(place) < end:
                    found += (await consumer.getmany(place, timeout_ms=500)).get(place, [])
            return found
        finally:
            await consumer.stop()

    async def whereabouts(self, key: Key) -> str:
        """Return where a receipted message without a row is: its places in Kafka, dead letters included."""
        found = [
            f"{record.topic}[{record.partition}]@{record.offset} of {record.timestamp}"
            for topic in (TELEMETRY, dead_letters(TELEMETRY))
            for record in await self.records(topic)
            if _holds(record.value or b"", key)
        ]
        return f"{key}: {', '.join(found) or 'not in Kafka'}"

    async def decided(self, site: Site) -> None:
        """Return when alerting has decided everything that is in the site's partition now."""
        place = TopicPartition(TELEMETRY, partition_of(site.site_id))
        consumer = AIOKafkaConsumer(bootstrap_servers=self.world.engines.kafka.bootstrap)
        await consumer.start()
        try:
            end = (await consumer.end_offsets([place]))[place]
        finally:
            await consumer.stop()
        query = 'SELECT 1 FROM alerting.partition WHERE partition = $1 AND "offset" >= $2'
        await until("alerting has read on", lambda: self.fetch(query, place.partition, end))

    async def one_of_each(self, site: Site, limit_s: float = 45.0) -> str:
        """Check D and V of one leak: one alert, one order, one effect at the valve."""
        await until("the alert", lambda: self.alerts(site), limit_s)
        await until("the order", lambda: self.orders(site), limit_s)
        await until("the valve is closed", lambda: site.valve.position == "closed", limit_s)
        alerts, orders = len(await self.alerts(site)), len(await self.orders(site))
        assert (alerts, orders, site.closings()) == (1, 1, 1), (alerts, orders, site.closings())
        return "1 alert, 1 order, 1 valve effect"

    # --- breaking ---

    async def repeat(self, count: int, fault: Callable[["Scene", Site], Awaitable[str]], what: str) -> None:
        """Inject a fault `count` times, each at a site of its own."""
        for _ in range(count):
            self.said = f"{count} {what}; each: {await fault(self, await self.site())}"

    def service(self, name: str) -> psutil.Process | None:
        """Return a service's process."""
        pid = self.world.stack.pid(name)
        try:
            return psutil.Process(pid) if pid is not None else None
        except psutil.NoSuchProcess:
            return None

    async def settled(self, name: str, age_s: float = 2.2) -> psutil.Process:
        """Return a service's process once the supervisor counts it as started (2 s)."""

        def old_enough() -> psutil.Process | None:
            found = self.service(name)
            return found if found is not None and time.time() - found.create_time() > age_s else None

        return cast("psutil.Process", await until(f"{name} runs", old_enough, 60))

    async def kill(self, name: str) -> None:
        """`kill -9` a service and wait until the process is gone."""
        process = await self.settled(name)
        process.kill()
        self.killed += 1
        await until(f"{name} is gone", lambda: not process.is_running() or self.service(name) != process, 10)

    async def ready(self, *names: str, limit_s: float = READY_LIMIT_S) -> float:
        """Return after how many seconds services (default: all) say that they are ready."""
        began = time.monotonic()
        for name in names or self.world.stack.names:
            await until(f"{name} is ready", partial(asyncio.to_thread, self.world.stack.ready, name), limit_s)
        return time.monotonic() - began

    def signal_engine(self, name: str, number: signal.Signals) -> None:
        """Send a signal to an engine's process."""
        getattr(self.world.engines, name).daemon.send(number)

    async def kill_engine(self, name: str) -> None:
        """`kill -9` an engine."""
        await asyncio.to_thread(getattr(self.world.engines, name).daemon.kill)
        self.killed += 1

    async def start_engine(self, name: str) -> None:
        """Start an engine again, on the same port with the same state."""
        await asyncio.to_thread(getattr(self.world.engines, name).start)

    @asynccontextmanager
    async def gate(self, table: str, moment: str, site: Site) -> AsyncIterator["Gate"]:
        """Let every `moment` (INSERT, UPDATE) of a site's rows of a table wait until the gate is opened."""
        gate = Gate(self, await asyncpg.connect(self.world.dsn, timeout=10), table, moment, site)
        await gate.close()
        try:
            yield gate
        finally:
            await gate.remove()

    # --- bounds ---

    async def sample(self) -> None:
        """Keep the largest resident size of each service, until cancelled."""
        while True:
            for name in self.world.stack.names:
                process = self.service(name)
                if process is not None:
                    try:
                        size = process.memory_info().rss
                    except psutil.Error:
                        continue
                    self.rss_max[name] = max(size, self.rss_max.get(name, 0))
            await asyncio.sleep(0.5)

    def bounded(self) -> str:
        """Check M."""
        over = {name: size for name, size in self.rss_max.items() if size > RSS_BYTES_MAX}
        assert not over, f"more than 256 MiB: {over}"
        return f"RSS ≤ {max(self.rss_max.values(), default=0) // 2**20} MiB"


def _holds(value: bytes, key: Key) -> bool:
    try:
        found = json.loads(value)
    except ValueError:
        return False
    items = found if isinstance(found, list) else [found]
    ids = [
        (one.get("device_id"), one.get("boot_id"), one.get("seq")) for one in items if isinstance(one, dict)
    ]
    return key in ids


class Gate:
    """A trigger that waits for an advisory lock which the test holds: a statement stops at a known place."""

    def __init__(
        self, scene: Scene, connection: "asyncpg.Connection[Any]", table: str, moment: str, site: Site
    ) -> None:
        self._scene = scene
        self._connection = connection
        self._table = table
        self._moment = moment
        self._mine = f"NEW.{'key' if table.endswith('outbox') else 'site_id'} = '{site.site_id}'"

    async def close(self) -> None:
        """Hold the lock and set the trigger."""
        await self._connection.execute(
            f"CREATE OR REPLACE FUNCTION public.fault_gate() RETURNS trigger LANGUAGE plpgsql AS"
            f" 'BEGIN PERFORM pg_advisory_xact_lock_shared({GATE}); RETURN NEW; END';"
            f" SELECT pg_advisory_lock({GATE});"
            f" CREATE TRIGGER fault_gate BEFORE {self._moment} ON {self._table}"
            f" FOR EACH ROW WHEN ({self._mine}) EXECUTE FUNCTION public.fault_gate()"
        )

    async def waiting(self, limit_s: float = 30.0) -> int:
        """Return the backend that waits at the gate as soon as one does."""
        rows = await until(
            f"{self._moment} of {self._table} waits",
            lambda: self._connection.fetch(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = $1 AND NOT granted", GATE
            ),
            limit_s,
        )
        return int(rows[0]["pid"])

    async def open(self) -> None:
        """Let everybody pass from now on."""
        await self._connection.execute("SELECT pg_advisory_unlock_all()")

    async def remove(self) -> None:
        """Take the trigger away."""
        if self._connection.is_closed():
            self._connection = await asyncpg.connect(self._scene.world.dsn, timeout=10)
        await self.open()
        await self._connection.execute(f"DROP TRIGGER IF EXISTS fault_gate ON {self._table}")
        await self._connection.close()
