"""A Mosquitto of these tests' own under the product's configuration, and a proxy that cuts and freezes."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvloop

from deploy.native import pki, ports
from deploy.native.mosquitto import Mosquitto
from deploy.native.provision import provision
from shared.chassis.mqtt import Client, Connect, Options, Session

LIMIT_S = 10.0
INGESTION = "platform.ingestion"
ACTUATION = "platform.actuation"


@dataclass
class Broker:
    """The broker and the certificates of its clients."""

    mosquitto: Mosquitto
    folder: Path

    def tls(self, name: str) -> ssl.SSLContext:
        """Return a context with the certificate of `name`."""
        context = ssl.create_default_context(cafile=str(self.mosquitto.ca_file))
        certificate, key = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        if not key.exists():
            for path, content in zip(
                (certificate, key), self.mosquitto.authority.sign_leaf(name, server=False), strict=True
            ):
                path.write_bytes(content)
        context.load_cert_chain(certificate, key)
        return context

    def options(self, name: str, **connect) -> Options:
        """Return how `name` connects; further arguments are those of `Connect`."""
        return Options(
            host=ports.HOST,
            port=self.mosquitto.port,
            connect=Connect(client_id=name, **connect),
            tls=self.tls(name),
        )


def pytest_asyncio_loop_factories(config, item):
    """Run each test on both loops: services use uvloop, tools may not, and their TLS differs."""
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


class SteadyMosquitto(Mosquitto):
    """Mosquitto 2.0.21 drops some healthy clients whose keepalive is max_keepalive (its issue 3226).

    A connection counts as one of 60 s until its CONNECT came, so with a limit of 60 any may be dropped.
    """

    def prepare(self) -> None:
        super().prepare()
        file = self.folder / "mosquitto.conf"
        file.write_text(file.read_text().replace("max_keepalive 60\n", "max_keepalive 61\n"))


@pytest.fixture(scope="session")
def broker(tmp_path_factory) -> Iterator[Broker]:
    """Return a broker; a test may kill it and must start it again."""
    folder = tmp_path_factory.mktemp("mqtt")
    authority = pki.Authority(folder / "pki")
    authority.create()
    mosquitto = SteadyMosquitto(
        provision(), folder / "mq", authority, ports.pick(), folder / "mq.log", folder / "ports.json"
    )
    mosquitto.start()
    try:
        yield Broker(mosquitto, folder)
    finally:
        mosquitto.stop()


@dataclass
class Inbox:
    """Collects messages with the generation they came by; acknowledges when told to."""

    messages: list[tuple[bytes, bytes, int, bool]] = field(default_factory=list)
    generations: list[int] = field(default_factory=list)
    client: Client | Session | None = None

    def __call__(self, batch, generation) -> None:
        self.messages += batch
        self.generations += [generation] * len(batch)
        if self.client is not None:
            self.client.ack([message[2] for message in batch], generation)

    @property
    def payloads(self) -> list[bytes]:
        """Return the payloads in order of arrival."""
        return [message[1] for message in self.messages]


async def until(condition: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    """Wait for a condition; TimeoutError names it."""
    async with asyncio.timeout(limit_s):
        while not condition():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def connected(options: Options, on_publishes=None, cls=Client):
    """Connect, and abort at the end whatever happened."""
    client = cls(options, on_publishes) if on_publishes else cls(options)
    try:
        client.connack = await client.connect()
        yield client
    finally:
        client.abort()


@dataclass
class Proxy:
    """Plain TCP on this side, the given way to the broker; cuts what the broker sends at random places."""

    upstream: Options
    rng: random.Random | None = None
    frozen: bool = False
    seen: bytearray = field(default_factory=bytearray)
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up = self.upstream
        from_broker, to_broker = await asyncio.open_connection(
            up.host, up.port, ssl=up.tls, server_hostname=up.host if up.tls else None
        )
        for task in (
            asyncio.ensure_future(self._pass(reader, to_broker, None)),
            asyncio.ensure_future(self._pass(from_broker, writer, self.rng)),
        ):
            self._tasks.add(task)

    async def _pass(self, source, sink, rng) -> None:
        try:
            while data := await source.read(65_536):
                if self.frozen:
                    continue
                if sink.get_extra_info("peername")[1] != self.upstream.port:
                    self.seen += data
                while rng and data:
                    size = rng.choice((1, 2, 3, 7, 100, 1_400))
                    sink.write(data[:size])
                    data = data[size:]
                    await sink.drain()
                    await asyncio.sleep(0)
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.transport.abort()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def proxied(options: Options, rng: random.Random | None = None):
    """Yield the proxy, and the options of a client that goes through it."""
    proxy = Proxy(options, rng)
    server = await asyncio.start_server(proxy.serve, ports.HOST, 0)
    port = server.sockets[0].getsockname()[1]
    try:
        yield proxy, Options(host=ports.HOST, port=port, connect=options.connect)
    finally:
        server.close()
        await proxy.stop()
