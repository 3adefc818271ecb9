"""The end of a revoked client's open connection: Mosquitto looks at its list only when one begins."""

import os
import ssl
from pathlib import Path

from services.registry.ports import BrokerAway, Issued
from shared.chassis.mqtt import Connect, MqttError, Options
from shared.chassis.mqtt.client import Client

LIMIT_S = 5.0


class Takeover:
    """Implements `ports.Takeover` by connecting once: a client has one connection, the newest."""

    def __init__(self, host: str, port: int, ca_file: Path) -> None:
        self._host = host
        self._port = port
        self._ca_file = ca_file

    async def __call__(self, fresh: Issued) -> None:
        """Connect with a new certificate and leave; BrokerAway when that could not be done."""
        options = Options(
            host=self._host,
            port=self._port,
            connect=Connect(client_id=fresh.device_id),
            tls=self._tls(fresh),
            connect_timeout_s=LIMIT_S,
        )
        client = Client(options)
        try:
            await client.connect()
        except MqttError as error:
            raise BrokerAway(str(error)) from error
        await client.disconnect()

    def _tls(self, fresh: Issued) -> ssl.SSLContext:
        """Return the context of a client; the key goes through memory, because it is kept nowhere."""
        context = ssl.create_default_context(cafile=str(self._ca_file))
        with os.fdopen(os.memfd_create("credentials"), "w") as file:
            file.write(fresh.certificate + fresh.key)
            file.flush()
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}")
        return context
