"""Real processes of services, started by a test and stopped by their own pid."""

import asyncio
import json
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer

from deploy.native import ports
from deploy.timescaledb.provision import ROOT, Database
from shared.chassis import cloudevents
from shared.chassis.ids import uuid7
from shared.chassis.kafka import Producer
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.contracts import topic_names as names
from shared.contracts.events import Alert, AlertChanged, TimelineItem
from shared.contracts.objects import Contact, Site

LIMIT_S = 30.0


async def until(condition: Callable[[], Any], limit_s: float = LIMIT_S, what: str = "") -> Any:
    """Return the first true answer of `condition` (awaited if need be); fail after `limit_s`."""
    end = time.monotonic() + limit_s
    while True:
        found = condition()
        if asyncio.iscoroutine(found):
            found = await found
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"not in {limit_s} s: {what or condition}")
        await asyncio.sleep(0.02)


class Service:
    """One process of a service."""

    def __init__(self, name: str, environment: Mapping[str, str], folder: Path) -> None:
        self.name = name
        self.port = ports.pick()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"{name}-{self.port}.log"
        self.environment = {**environment, "GW_HTTP_PORT": str(self.port)}
        self.command = (sys.executable, "-m", f"services.{name}")
        self.folder = ROOT
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> "Service":
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                *self.command, cwd=self.folder, env=self.environment, stderr=log, stdout=log
            )
        await until(self._ready, what=f"{self.name} is ready; its log: {self.log}")
        return self

    async def _ready(self) -> bool:
        assert self.process is not None
        assert self.process.returncode is None, self.log.read_text()[-3000:]
        with suppress(httpx.HTTPError):
            async with httpx.AsyncClient(trust_env=False) as client:
                return (await client.get(f"{self.url}/readyz")).status_code == 200
        return False

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    async def kill(self) -> None:
        """Kill it as a power cut would."""
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    async def stop(self) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
        async with asyncio.timeout(15):
            return await self.process.wait()


def environment(
    service: str, bootstrap: str, prefix: str, database: Database, key_file: Path, **more: str
) -> dict[str, str]:
    dsns = database.services[service]
    return {
        "GW_KAFKA_BOOTSTRAP": bootstrap,
        "GW_DATABASE_API_DSN": dsns.api,
        "GW_DATABASE_WORKER_DSN": dsns.worker,
        "GW_PRINCIPAL_KEY_FILE": str(key_file),
        "GW_TOPIC_PREFIX": prefix,
        **more,
    }


def key_file(folder: Path) -> Path:
    file = folder / "principal.key"
    if not file.exists():
        PrincipalKey.create(file)
    return file


def headers(file: Path, audience: str, *roles: str, subject: str = "somebody", **more: Any) -> dict[str, str]:
    principal = Principal(subject=subject, roles=frozenset(roles), **{"operator_id": "op1", **more})
    return {HEADER: PrincipalKey.load(file).sign(principal, audience), "Idempotency-Key": uuid7()}


SITE = Site(
    site_id="s1",
    operator_id="op1",
    area_code="530602",
    name="老街火锅",
    kind="restaurant",
    longitude=103.70,
    latitude=27.33,
    gas="CH4",
    contacts=[Contact(name="店长", phone="13800000000")],
)


def alert(alert_id: str = "a1", **more: Any) -> Alert:
    values: dict[str, Any] = {
        "alert_id": alert_id,
        "rule": "G02",
        "priority": "P1",
        "site_id": "s1",
        "operator_id": "op1",
        "area_code": "530602",
        "zone": "厨房",
        "device_ids": ["d1"],
        "active": True,
        "acknowledged": False,
        "suppressed": False,
        "test": False,
        "opened_at_ms": 1_700_000_000_000,
        "updated_at_ms": 1_700_000_000_000,
        "rule_version": 1,
        "value": 62.0,
        "unit": "%LEL",
    }
    return Alert(**(values | more))


class Bus:
    """A test's producer and its view of the topics."""

    def __init__(self, bootstrap: str, prefix: str) -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._producer = Producer(bootstrap, prefix=prefix, client_id="test")

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Bus"]:
        await self._producer.start()
        try:
            yield self
        finally:
            await self._producer.stop()

    async def site(self, site: Site = SITE) -> None:
        await self._producer.send(names.SITE, msgspec.json.encode(site), key=site.site_id.encode())

    async def alert(self, found: Alert, kind: str = "raised", event_id: str | None = None) -> str:
        event = event_id or uuid7()
        item = TimelineItem(at_ms=found.updated_at_ms, kind=kind)  # type: ignore[arg-type]
        await self._producer.send(
            names.ALERT,
            msgspec.json.encode(AlertChanged(found, item)),
            key=found.site_id.encode(),
            headers=cloudevents.headers(f"cn.gas.alert.{kind}.v1", "/test", found.site_id, 0, id_=event),
        )
        return event

    async def raw(self, topic: str, value: bytes, key: bytes = b"k") -> None:
        await self._producer.send(topic, value, key=key)

    async def read(
        self, topic: str, enough: Callable[[list[Any]], bool], limit_s: float = LIMIT_S
    ) -> list[Any]:
        """Return (type, key, value) of every record from the beginning on, once there are `enough`."""
        consumer = AIOKafkaConsumer(
            self._prefix + topic,
            bootstrap_servers=self._bootstrap,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=100,
        )
        await consumer.start()
        found: list[Any] = []
        try:
            async with asyncio.timeout(limit_s):
                while not enough(found):
                    for records in (await consumer.getmany(timeout_ms=100)).values():
                        found += [
                            (dict(r.headers).get("ce_type", b"").decode(), r.key, json.loads(r.value))
                            for r in records
                        ]
        except TimeoutError:
            raise AssertionError(f"{topic} holds only {found}") from None
        finally:
            await consumer.stop()
        return found


class Sink:
    """A webhook that keeps what it gets; `answer` decides the status, `hold` stalls."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], dict[str, Any]]] = []
        self.answer: Callable[[int], str] = lambda _number: "200 OK"
        self.hold: asyncio.Event | None = None
        self.port = 0
        self._server: asyncio.Server | None = None

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Sink"]:
        self._server = await asyncio.start_server(self._client, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            self._server.close()

    async def _client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if line)
            body = json.loads(await reader.readexactly(int(fields.get("content-length", "0"))))
            self.calls.append((fields, body))
            if self.hold is not None:
                await self.hold.wait()
            status = self.answer(len(self.calls))
            writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
