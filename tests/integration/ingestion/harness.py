"""A platform of one ingestion on real engines: registers devices, speaks as clients, reads what Kafka has."""

import asyncio
import contextlib
import hashlib
import json
import signal
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.native import ports
from shared.chassis.kafka import Producer
from shared.chassis.mqtt import Client, Connect, ConnectionLost, Options
from shared.contracts.objects import Device
from shared.contracts.topic_names import DEVICE, TELEMETRY, dead_letters

ROOT = Path(__file__).resolve().parents[3]
LIMIT_S = 20.0


async def until(condition: Callable[[], Any], what: str, limit_s: float = LIMIT_S) -> Any:
    """Wait for a condition, at most `limit_s`."""
    ends = time.monotonic() + limit_s
    while not (found := condition()):
        assert time.monotonic() < ends, f"not within {limit_s} s: {what}"
        await asyncio.sleep(0.02)
    return found


def device(
    device_id: str, client_id: str, kind: str = "detector", site_id: str = "s1", **more: Any
) -> Device:
    return Device(device_id, site_id, "o1", "530602", "z1", kind, client_id, **more)  # type: ignore[arg-type]


def reading(
    device_id: str, seq: int, status: str = "normal", boot_id: int = 1, **more: Any
) -> dict[str, Any]:
    return {"device_id": device_id, "boot_id": boot_id, "seq": seq, "status": status} | more


def event(device_id: str, seq: int, type_: str, boot_id: int = 1, **data: Any) -> dict[str, Any]:
    return {"device_id": device_id, "boot_id": boot_id, "seq": seq, "type": type_, "data": data}


def sha256(payload: bytes) -> str:
    return hashlib.sha256(payload).hexdigest()


def _ids(message: dict[str, Any]) -> tuple[str, int, int]:
    return message["device_id"], message["boot_id"], message["seq"]


class Speaker:
    """A client on MQTT: publishes, and keeps every receipt."""

    def __init__(self, client: Client, name: str, arrived: list[tuple[float, dict[str, Any]]]) -> None:
        self.client = client
        self.name = name
        self.arrived = arrived

    async def say(self, message: Any, leaf: str = "reading", **options: Any) -> bytes:
        payload = message if isinstance(message, bytes) else json.dumps(message).encode()
        await self.client.publish(f"gas/v1/{self.name}/up/{leaf}", payload, **options)
        return payload

    @property
    def accepted(self) -> set[tuple[str, int, int]]:
        """Every (device_id, boot_id, seq) in a receipt."""
        return {
            (entry["device_id"], entry["boot_id"], seq)
            for _, receipt in self.arrived
            for entry in receipt["accepted"]
            for low, high in entry["ranges"]
            for seq in range(low, high + 1)
        }

    async def insist(
        self, messages: list[tuple[str, dict[str, Any]]], again_s: float, limit_s: float
    ) -> None:
        """Send (leaf, message) until each has a receipt, as a device does, but more impatiently."""
        ends = time.monotonic() + limit_s
        while missing := [each for each in messages if _ids(each[1]) not in self.accepted]:
            assert time.monotonic() < ends, f"{len(missing)} without a receipt"
            for leaf, message in missing:
                await self.say(message, leaf)
            pause = time.monotonic() + again_s
            while time.monotonic() < pause and any(_ids(each[1]) not in self.accepted for each in missing):
                await asyncio.sleep(0.05)

    @property
    def rejected(self) -> list[dict[str, Any]]:
        return [entry for _, receipt in self.arrived for entry in receipt["rejected"]]


class Platform:
    """The engines' addresses and one ingestion as a process of its own."""

    def __init__(self, broker: Any, bootstrap: str, prefix: str, folder: Path) -> None:
        self.broker, self.bootstrap, self.prefix, self.folder = broker, bootstrap, prefix, folder
        self.http_port = ports.pick()
        self.log = folder / "ingestion.log"
        self.process: asyncio.subprocess.Process | None = None
        self.producer = Producer(bootstrap, prefix=prefix)
        self.speakers: list[Client] = []
        self._stack = contextlib.AsyncExitStack()

    def environment(self, **more: str) -> dict[str, str]:
        crt, key = self.broker.files("ingestion")
        return (
            {"PYTHONDONTWRITEBYTECODE": "1"}
            | {
                "GW_KAFKA_BOOTSTRAP": self.bootstrap,
                "GW_TOPIC_PREFIX": self.prefix,
                "GW_HTTP_PORT": str(self.http_port),
                "GW_PRINCIPAL_KEY_FILE": "none",
                "GW_MQTT_HOST": self.broker.host,
                "GW_MQTT_PORT": str(self.broker.port),
                "GW_MQTT_CA_FILE": str(self.broker.ca_file),
                "GW_MQTT_CERT_FILE": str(crt),
                "GW_MQTT_KEY_FILE": str(key),
            }
            | more
        )

    async def spawn(self, *arguments: str, **more: str) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", *(arguments or ("services.ingestion",)),
                cwd=ROOT, env=self.environment(**more), stderr=log, stdout=log,
            )  # fmt: skip
        return self.process

    async def start(self, *arguments: str, **more: str) -> None:
        """Start ingestion and wait until it is ready."""
        process = await self.spawn(*arguments, **more)
        ends = time.monotonic() + LIMIT_S
        async with httpx.AsyncClient() as http:
            while True:
                assert process.returncode is None, self.log.read_text()
                assert time.monotonic() < ends, self.log.read_text()
                with contextlib.suppress(httpx.HTTPError):
                    answer = await http.get(f"http://127.0.0.1:{self.http_port}/readyz")
                    if answer.status_code == 200:
                        return
                await asyncio.sleep(0.05)

    async def metric(self, name: str) -> float:
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://127.0.0.1:{self.http_port}/metrics")).text
        lines = [line for line in text.splitlines() if line.startswith(name) and not line.startswith("#")]
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines)

    async def kill(self, number: int = signal.SIGKILL) -> int:
        assert self.process is not None
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await asyncio.wait_for(self.process.wait(), 15)

    async def register(self, *devices: Device) -> None:
        for each in devices:
            await self.producer.send(DEVICE, msgspec.json.encode(each), key=each.device_id.encode())

    async def speaker(self, name: str) -> Speaker:
        arrived: list[tuple[float, dict[str, Any]]] = []

        def on_publishes(publishes: list[Any], generation: int) -> None:
            for _, payload, packet_id, _ in publishes:
                arrived.append((time.monotonic(), json.loads(payload)))
                if packet_id:
                    client.ack([packet_id], generation)

        options = Options(
            host=self.broker.host, port=self.broker.port, tls=self.broker.tls(name),
            connect=Connect(client_id=name),
        )  # fmt: skip
        for left in reversed(range(5)):
            client = Client(options, on_publishes)
            try:
                await client.connect()
                break
            except ConnectionLost:
                # Mosquitto 2.0 now and then drops a connection that it has just taken.
                if not left:
                    raise
        await client.subscribe([f"gas/v1/{name}/down/+"])
        self.speakers.append(client)
        return Speaker(client, name, arrived)

    async def read(self, topic: str) -> list[Any]:
        """Return every record of a topic as it is now."""
        consumer = AIOKafkaConsumer(bootstrap_servers=self.bootstrap, enable_auto_commit=False)
        await consumer.start()
        try:
            name = self.prefix + topic
            await consumer._client.set_topics([name])
            places = [TopicPartition(name, number) for number in consumer.partitions_for_topic(name)]
            consumer.assign(places)
            await consumer.seek_to_beginning(*places)
            ends = await consumer.end_offsets(places)
            found = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=200)).values():
                    found += records
            return found
        finally:
            await consumer.stop()

    async def items(self) -> list[dict[str, Any]]:
        """Return every reading and event of the telemetry, in order within each partition."""
        return [item for record in await self.read(TELEMETRY) for item in json.loads(record.value)]

    async def letters(self) -> dict[str, list[Any]]:
        found = defaultdict(list)
        for record in await self.read(dead_letters(TELEMETRY)):
            found[dict(record.headers)["reason"].decode()].append(record)
        return found

    async def close(self) -> None:
        for client in self.speakers:
            client.abort()
        if self.process is not None:
            await self.kill()
        await self.producer.stop()


@contextlib.asynccontextmanager
async def opened(broker: Any, bootstrap: str, prefix: str, folder: Path) -> AsyncIterator[Platform]:
    platform = Platform(broker, bootstrap, prefix, folder)
    await platform.producer.start()
    try:
        yield platform
    finally:
        await platform.close()
