"""Commands to Mosquitto by paho: a thread of its own, a fresh client for each connection.

paho would send again, after a reconnection, what it still had in flight, with the expiry of long ago.
So every connection gets a new client, and what the broker has not acknowledged is kept here and goes out
with what is left of its life.
"""

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from services.actuation.domain.outgoing import Dropped, Outgoing, judge
from services.actuation.handlers import COMMANDS
from shared.chassis.clock import Clock
from shared.chassis.health import Health
from shared.chassis.logs import get_logger
from shared.chassis.metrics import Gauge, Histogram
from shared.chassis.service import StartError

PENDING_MAX = 20_000
CONNECT_LIMIT_S = 5.0
KEEPALIVE_S = 20
BACK_OFF_S = (0.1, 0.2, 0.5, 1.0, 2.0)
SWEEP_S = 1.0
STEADY_S = 10.0
NOBODY_LISTENS = 0x10  # MQTT 5 reason code "no matching subscribers"

PENDING = Gauge("gas_actuation_pending", "Commands that the broker has not acknowledged")
LATENCY = Histogram(
    "gas_actuation_seconds",
    "From the command's issue to the broker's acknowledgement",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is and with which certificate to come."""

    host: str
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path


def tls_context(address: Address) -> ssl.SSLContext:
    """Read the certificates; StartError in one sentence when a file is missing or does not fit."""
    try:
        context = ssl.create_default_context(cafile=str(address.ca_file))
        context.load_cert_chain(str(address.cert_file), str(address.key_file))
    except OSError as error:  # SSLError is one too
        names = f"{address.ca_file}, {address.cert_file} and {address.key_file}"
        raise StartError(f"The certificates {names} cannot be used ({error}).") from error
    return context


class MqttSender:
    """Publishes commands at QoS 1, never retained, with the expiry that is left; keeps nothing on disk."""

    def __init__(self, address: Address, *, clock: Clock, health: Health) -> None:
        self._address = address
        self._tls = tls_context(address)
        self._clock = clock
        self._health = health
        self._client: Client | None = None
        self._was_connected = False
        self._pending: dict[tuple[str, int], Outgoing] = {}
        self._by_mid: dict[int, tuple[str, int]] = {}

    def send(self, command: Outgoing) -> None:
        """Send now, or when the broker is back and the command still lives."""
        if len(self._pending) >= PENDING_MAX:
            self._count(command, "too_many")
            return
        self._pending[command.command_id, command.attempt] = command
        self._publish(command)
        PENDING.set(len(self._pending))

    async def run(self) -> None:
        """Stay connected until cancelled; StartError when the broker does not take us the first time."""
        loop = asyncio.get_running_loop()
        failures = 0
        self._health.set("mqtt", ok=False, detail="not connected yet")
        while True:
            client = self._new_client()
            began = loop.time()
            try:
                await self._session(client)
                # A short session is a failure too: another with the same certificate may be taking over.
                failures = 0 if loop.time() - began > STEADY_S else failures
            except (OSError, TimeoutError, ConnectionError) as error:
                if not self._was_connected:
                    where = f"{self._address.host}:{self._address.port}"
                    raise StartError(f"the MQTT broker at {where} does not take us ({error}).") from error
                get_logger().warning("the broker does not answer", error=f"{type(error).__name__}: {error}")
            finally:
                self._client = None
                self._by_mid.clear()
                client.disconnect()
                await asyncio.to_thread(client.loop_stop)
            self._health.set("mqtt", ok=False, detail="not connected")
            await asyncio.sleep(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            self._drop_expired()
            failures += 1

    def _new_client(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id="actuation",  # the broker puts the certificate's name in its place
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=False,
        )
        client.tls_set_context(self._tls)
        client.connect_timeout = CONNECT_LIMIT_S
        client.max_inflight_messages_set(0)
        return client

    async def _session(self, client: Client) -> None:
        """Connect, send what waits, then look after expiry until the connection is lost."""
        loop = asyncio.get_running_loop()
        connected: asyncio.Future[None] = loop.create_future()
        lost = asyncio.Event()

        def on_connect(_c: Client, _u: Any, _f: Any, code: ReasonCode, _p: Any) -> None:
            loop.call_soon_threadsafe(_settle, connected, code)

        def on_disconnect(*_: Any) -> None:
            loop.call_soon_threadsafe(lost.set)

        def on_publish(_c: Client, _u: Any, mid: int, code: ReasonCode, _p: Any) -> None:
            loop.call_soon_threadsafe(self._acknowledged, client, mid, code)

        client.on_connect, client.on_disconnect, client.on_publish = on_connect, on_disconnect, on_publish
        address = self._address
        await asyncio.to_thread(
            client.connect, address.host, address.port, keepalive=KEEPALIVE_S, clean_start=True
        )
        client.loop_start()
        async with asyncio.timeout(CONNECT_LIMIT_S):
            await connected
        self._client = client
        self._was_connected = True
        self._health.set("mqtt", ok=True)
        for command in list(self._pending.values()):
            self._publish(command)
        while not lost.is_set():
            try:
                async with asyncio.timeout(SWEEP_S):
                    await lost.wait()
            except TimeoutError:
                self._drop_expired()

    def _publish(self, command: Outgoing) -> None:
        verdict = judge(command, self._clock.now_ms())
        if isinstance(verdict, Dropped):
            self._forget(command, verdict)
            return
        if self._client is None:
            return
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.MessageExpiryInterval = verdict
        info: MQTTMessageInfo = self._client.publish(
            command.topic, command.jws, qos=1, retain=False, properties=properties
        )
        self._by_mid[info.mid] = (command.command_id, command.attempt)

    def _acknowledged(self, client: Client, mid: int, code: ReasonCode) -> None:
        if client is not self._client:
            return
        command = self._pending.get(self._by_mid.pop(mid, ("", 0)))
        if command is None:
            return
        if code.is_failure:
            outcome = "refused_by_broker"
        else:
            outcome = "nobody_listens" if code.value == NOBODY_LISTENS else "published"
            LATENCY.observe(max(0, self._clock.now_ms() - command.issued_ms) / 1000)
        self._forget(command, outcome)

    def _drop_expired(self) -> None:
        now_ms = self._clock.now_ms()
        for command in [c for c in self._pending.values() if judge(c, now_ms) is Dropped.EXPIRED]:
            self._forget(command, Dropped.EXPIRED)

    def _forget(self, command: Outgoing, outcome: str) -> None:
        self._pending.pop((command.command_id, command.attempt), None)
        PENDING.set(len(self._pending))
        self._count(command, outcome)

    def _count(self, command: Outgoing, outcome: str) -> None:
        COMMANDS.labels(str(outcome)).inc()
        log = get_logger().info if outcome == "published" else get_logger().warning
        log("command", outcome=str(outcome), command_id=command.command_id, client=command.client_id)


def _settle(connected: "asyncio.Future[None]", code: ReasonCode) -> None:
    if connected.done():
        return
    if code.is_failure:
        connected.set_exception(ConnectionError(f"refused: {code}"))
    else:
        connected.set_result(None)
