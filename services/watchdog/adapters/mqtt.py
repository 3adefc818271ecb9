"""The watchdog on the wire: a controller like any other."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from shared.chassis.clock import Clock
from shared.chassis.logs import get_logger
from shared.chassis.mqtt import Connect, MqttError, Options, Session, Will
from shared.chassis.mqtt.client import Client
from shared.chassis.service import StartError
from shared.contracts.wire import Receipt

PUBLISH_LIMIT_S = 5.0
KEEPALIVE_S = 15
Receipted = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker is, and with what to sign in."""

    host: str
    port: int
    ca_file: Path
    cert_file: Path
    key_file: Path


class MqttWire:
    """Publishes canaries and hears receipts; connects again for ever."""

    def __init__(
        self, address: Address, client_id: str, clock: Clock, boot_id: int, receipted: Receipted
    ) -> None:
        self._client_id = client_id
        self._clock = clock
        self._receipted = receipted
        self._decoder = msgspec.json.Decoder(Receipt)
        self._boot_id = boot_id
        try:
            tls = ssl.create_default_context(cafile=str(address.ca_file))
            tls.load_cert_chain(address.cert_file, address.key_file)
        except OSError as error:  # SSLError is one too
            names = f"{address.ca_file}, {address.cert_file} and {address.key_file}"
            raise StartError(f"The certificates {names} cannot be used ({error}).") from error
        will = Will(topic=self._topic("up/state"), payload=self._state(online=False), retain=True)
        connect = Connect(client_id=client_id, clean_start=True, keepalive_s=KEEPALIVE_S, will=will)
        options = Options(host=address.host, port=address.port, connect=connect, tls=tls)
        self._session = Session(
            options, [self._topic("down/+")], self._heard, on_up=self._up, on_down=self._down
        )

    def _topic(self, leaf: str) -> str:
        return f"gas/v1/{self._client_id}/{leaf}"

    def _state(self, *, online: bool) -> bytes:
        more = {"time_ms": self._clock.now_ms(), "firmware": "watchdog"} if online else {}
        return msgspec.json.encode({"online": online, "boot_id": self._boot_id, **more})

    @property
    def connected(self) -> bool:
        """Whether the broker is there."""
        return self._session.connected

    async def run(self) -> None:
        """Stay connected until cancelled."""
        try:
            await self._session.run()
        finally:
            await self._session.stop()

    async def _up(self, client: Client) -> None:
        await client.publish(self._topic("up/state"), self._state(online=True), retain=True)

    def _down(self, error: MqttError) -> None:
        get_logger().warning("not connected to the broker", error=str(error), kind=type(error).__name__)

    async def publish(self, readings: list[dict[str, object]]) -> None:
        """Publish one array; what cannot be sent now is a canary that will be late."""
        try:
            async with asyncio.timeout(PUBLISH_LIMIT_S):
                await self._session.client.publish(self._topic("up/reading"), msgspec.json.encode(readings))
        except (MqttError, TimeoutError):
            return

    def _heard(self, publishes: list[tuple[bytes, bytes, int, bool]], generation: int) -> None:
        for _topic, payload, packet_id, _retain in publishes:
            self._session.ack([packet_id], generation)
            try:
                receipt = self._decoder.decode(payload)
            except msgspec.DecodeError:
                continue  # a command, or nonsense: not what we wait for
            for one in receipt.accepted:
                self._receipted(one.device_id, one.boot_id)
