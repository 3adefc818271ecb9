"""MQTT to Kafka: a task per message, acknowledged and receipted after Kafka has it."""

import asyncio
import json
import time
from collections import defaultdict
from typing import Any

import asyncpg
import paho.mqtt.client as mqtt
from aiokafka import AIOKafkaProducer
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from prometheus_client import Counter, start_http_server
from pydantic import ValidationError

from benchmarks.ordinary.model import EVENT, READING, TOPIC, Config, Event, Reading, config

RECEIPT_EVERY_S = 10.0
IN_FLIGHT = 2_000
TAKEN = Counter("ordinary_ingested", "Messages that Kafka has")


class Ingest:
    """The subscriber."""

    def __init__(
        self, settings: Config, producer: AIOKafkaProducer, devices: dict[str, tuple[str, str]]
    ) -> None:
        self._settings = settings
        self._producer = producer
        self._devices = devices
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._accepted: dict[str, dict[tuple[str, int], list[int]]] = defaultdict(lambda: defaultdict(list))
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, client_id="platform.ingestion", protocol=mqtt.MQTTv5, manual_ack=True
        )
        self._client.tls_set(settings.ca_file, settings.cert_file, settings.key_file)
        self._client.on_message = self._on_message
        self._client.on_connect = self._on_connect
        self.subscribed = asyncio.Event()

    def start(self) -> None:
        """Connect; paho's own thread reads."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = IN_FLIGHT
        self._client.connect(
            self._settings.mqtt_host, self._settings.mqtt_port, 30, clean_start=True, properties=properties
        )
        self._client.loop_start()

    def _on_connect(self, client: mqtt.Client, *_: Any) -> None:
        client.subscribe([("gas/v1/+/up/reading", 1), ("gas/v1/+/up/event", 1)])
        self._loop.call_soon_threadsafe(self.subscribed.set)

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._begin, message)

    def _begin(self, message: mqtt.MQTTMessage) -> None:
        task = asyncio.create_task(self._handle(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, message: mqtt.MQTTMessage) -> None:
        _, _, client, _, leaf = message.topic.split("/")
        try:
            said: Reading | Event = (READING if leaf == "reading" else EVENT).validate_json(message.payload)
        except ValidationError as error:
            await self._reject(client, message, "bad_field", str(error))
            return
        owner = self._devices.get(said.device_id)
        if owner is None or owner[0] != client:
            reason = "unknown_device" if owner is None else "wrong_client"
            await self._reject(client, message, reason, said.device_id)
            return
        await self._producer.send_and_wait(TOPIC, message.payload, key=owner[1].encode())
        TAKEN.inc()
        self._client.ack(message.mid, message.qos)
        self._accepted[client][said.device_id, said.boot_id].append(said.seq)
        if isinstance(said, Event) or said.status.startswith("alarm"):
            self._receipt(client)

    async def _reject(self, client: str, message: mqtt.MQTTMessage, reason: str, detail: str) -> None:
        headers = [("reason", reason.encode()), ("detail", detail.encode())]
        await self._producer.send_and_wait(f"{TOPIC}.dlq", message.payload, headers=headers)
        self._client.ack(message.mid, message.qos)
        receipt = {"server_time_ms": _now_ms(), "accepted": [], "rejected": [{"reason": reason}]}
        self._client.publish(f"gas/v1/{client}/down/receipt", json.dumps(receipt), qos=1)

    def _receipt(self, client: str) -> None:
        accepted = [
            {"device_id": device_id, "boot_id": boot_id, "ranges": _ranges(seqs)}
            for (device_id, boot_id), seqs in self._accepted.pop(client, {}).items()
        ]
        for at in range(0, len(accepted), 200):
            receipt = {"server_time_ms": _now_ms(), "accepted": accepted[at : at + 200], "rejected": []}
            self._client.publish(f"gas/v1/{client}/down/receipt", json.dumps(receipt), qos=1)

    async def receipts(self) -> None:
        """Send what is to be receipted every ten seconds."""
        while True:
            await asyncio.sleep(RECEIPT_EVERY_S)
            for client in list(self._accepted):
                self._receipt(client)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _ranges(seqs: list[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for seq in sorted(set(seqs)):
        if found and seq == found[-1][1] + 1:
            found[-1][1] = seq
        else:
            found.append([seq, seq])
    return found


async def main() -> None:
    """Run until stopped."""
    settings = config()
    connection = await asyncpg.connect(settings.dsn)
    rows = await connection.fetch("SELECT device_id, client_id, site_id FROM device")
    await connection.close()
    producer = AIOKafkaProducer(bootstrap_servers=settings.kafka, acks="all", enable_idempotence=True)
    await producer.start()
    devices = {row["device_id"]: (row["client_id"], row["site_id"]) for row in rows}
    ingest = Ingest(settings, producer, devices)
    ingest.start()
    await ingest.subscribed.wait()
    start_http_server(settings.metrics_port, "127.0.0.1")
    await ingest.receipts()


if __name__ == "__main__":
    asyncio.run(main())
