"""The connection to the broker: messages in, receipts and PUBACKs out, and whether a backlog waits."""

import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

from services.ingestion.handlers.intake import DROPPED_TOPIC, Publish
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Counter, Gauge
from shared.chassis.mqtt import (
    Busy,
    Client,
    ConnectionLost,
    MqttError,
    Options,
    PacketTooLarge,
    Session,
)
from shared.chassis.mqtt import Connect as ConnectPacket
from shared.chassis.service import StartError

FILTERS: Final = ("gas/v1/+/up/reading", "gas/v1/+/up/event", "gas/v1/+/up/state", DROPPED_TOPIC)
SESSION_EXPIRY_S: Final = 0xFFFFFFFF
"""Never: why is in docs/decisions/sessions-that-never-end.md."""
WINDOW: Final = 4000
"""Messages that the broker sends ahead of PUBACKs; below its own limit (max_inflight_messages 5000)."""
KEEPALIVE_S: Final = 20
COALESCE_S: Final = 0.003
"""At high rates reads gather for 3 ms: half the CPU of a subscriber (PERFORMANCE.md section 2)."""
RECEIPT_EXPIRY_S: Final = 60
BARRIER_LIMIT_S: Final = 2.0
ATTEMPTS_AT_START: Final = 3
"""Mosquitto 2.0 now and then drops a connection that it has just taken, so one failure says little."""

CONNECTED = Gauge("gas_ingestion_mqtt_connected", "1 while connected and subscribed")
LOST = Counter("gas_ingestion_mqtt_lost_total", "Connections to the broker that ended or failed")
REDELIVERED = Gauge("gas_ingestion_mqtt_redelivered", "Messages of this connection that came before")


def tls(ca_file: Path, cert_file: Path, key_file: Path) -> ssl.SSLContext:
    """Return the client's side of TLS; StartError when a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file))
        context.load_cert_chain(cert_file, key_file)
    except (OSError, ssl.SSLError) as error:
        names = f"{ca_file}, {cert_file} and {key_file}"
        raise StartError(f"The certificates {names} cannot be used ({error}).") from error
    return context


class Broker:
    """One persistent session at the cell's broker; acknowledges, receipts and holds back reading."""

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        *,
        client_id: str,
        health: Health,
    ) -> None:
        self._where = f"{host}:{port}"
        self._health = health
        self._attempts = 0
        self._first: asyncio.Future[MqttError | None] = asyncio.get_running_loop().create_future()
        health.set("mqtt", ok=False, detail="not connected yet")
        options = Options(
            host=host,
            port=port,
            tls=context,
            connect=ConnectPacket(
                client_id=client_id,
                clean_start=False,
                session_expiry_s=SESSION_EXPIRY_S,
                keepalive_s=KEEPALIVE_S,
                receive_maximum=WINDOW,
            ),
            coalesce_s_max=COALESCE_S,
        )
        self.on_publishes: Callable[[list[Publish], int], None] = lambda _publishes, _generation: None
        self._session = Session(
            options, FILTERS, self._took, on_up=self._connected, on_down=self._disconnected
        )

    async def run(self) -> None:
        """Stay connected until cancelled; StartError when the broker does not take us the first time."""
        running = asyncio.create_task(self._session.run())
        try:
            error = await self._first
            if error is not None:
                raise StartError(f"the MQTT broker at {self._where} does not take us ({error}).")
            await running
        finally:
            running.cancel()
            CONNECTED.set(0)

    async def stop(self) -> None:
        """Disconnect; the broker keeps the session and what is not acknowledged."""
        await self._session.stop()

    async def barrier(self) -> bool:
        """Return True once everything the broker had sent before this call was handed on; False when unknown.

        The broker answers in order, so its answer to a repeated subscription stands behind those messages.
        """
        try:
            client = self._session.client
            async with asyncio.timeout(BARRIER_LIMIT_S):
                await client.subscribe(FILTERS)
        except (MqttError, TimeoutError):
            return False
        REDELIVERED.set(client.redelivered)
        return True

    def send(self, topic: str, payload: bytes) -> bool:
        """Publish a receipt without waiting; False when there is no connection or no room."""
        try:
            future = self._session.client.publish_nowait(topic, payload, expiry_s=RECEIPT_EXPIRY_S)
        except (Busy, ConnectionLost, PacketTooLarge):
            return False
        future.add_done_callback(_forget)
        return True

    def ack(self, packet_ids: list[int], generation: int) -> None:
        """Acknowledge what came by one connection."""
        self._session.ack(packet_ids, generation)

    def pause_reading(self) -> None:
        """Stop reading: the broker keeps what comes."""
        self._session.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._session.resume_reading()

    def _took(self, publishes: list[Publish], generation: int) -> None:
        self.on_publishes(publishes, generation)

    async def _connected(self, _client: Client) -> None:
        if not self._first.done():
            self._first.set_result(None)
        CONNECTED.set(1)
        self._health.set("mqtt", ok=True)
        get_logger().info("connected to the broker", broker=self._where)

    def _disconnected(self, error: MqttError) -> None:
        self._attempts += 1
        if self._attempts >= ATTEMPTS_AT_START and not self._first.done():
            self._first.set_result(error)
        CONNECTED.set(0)
        LOST.inc()
        self._health.set("mqtt", ok=False, detail=str(error))
        get_logger().warning("no connection to the broker", broker=self._where, error=str(error))


def _forget(future: "asyncio.Future[int]") -> None:
    """Take note of a receipt's end: a lost one is repeated when the device sends again."""
    if not future.cancelled():
        future.exception()
