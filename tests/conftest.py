"""The real engines for every test above unit level: one set a session, a database and topics a test."""

import asyncio
import contextlib
import fcntl
import hashlib
import ssl
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from hypothesis import settings

from deploy.native import pki, ports
from deploy.native.engines import EngineAddresses, Engines, running
from deploy.native.errors import SetupError
from deploy.native.mosquitto import Mosquitto
from deploy.native.provision import provision as provision_engines
from deploy.timescaledb.provision import ROOT, Database, addresses, at_database, provision
from shared.chassis.kafka import TopicSpec, create_topics
from shared.contracts import topic_names as names

# The same examples in each run; how long one takes says more of the machine than of the code.
settings.register_profile("gaswatch", deadline=None, derandomize=True)
settings.load_profile("gaswatch")

DatabaseFactory = Callable[..., Awaitable[Database]]


@pytest.fixture(scope="session")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineAddresses]:
    """Return the running engines, or start a set for this session."""
    try:
        yield running()
    except SetupError:
        own = Engines.provisioned(tmp_path_factory.mktemp("engines"))
        try:
            yield own.start()
        finally:
            own.stop()


@pytest.fixture(scope="session")
def kafka_bootstrap(engines: EngineAddresses) -> str:
    """Return where Kafka listens."""
    return engines.kafka.bootstrap


def topic_specs() -> list[TopicSpec]:
    """Return every topic, with fewer partitions than production has."""
    compacted = [names.DEVICE, names.SITE, names.OPERATOR, names.LICENCE]
    streams = [names.ALERT, names.VALVE_COMMAND, names.ORDER, names.NOTIFICATION, names.ENFORCEMENT]
    letters = [names.dead_letters(topic) for topic in (names.TELEMETRY, *streams, *compacted)]
    return [
        TopicSpec(names.TELEMETRY, 12),
        *(TopicSpec(name, 1, compact=True) for name in compacted),
        *(TopicSpec(name, 1) for name in (*streams, *letters)),
    ]


@pytest.fixture
async def topic_prefix(kafka_bootstrap: str) -> AsyncIterator[str]:
    """Return a prefix under which all topics exist, for this test alone."""
    prefix = f"t{uuid.uuid4().hex[:12]}."
    await create_topics(kafka_bootstrap, topic_specs(), prefix)
    yield prefix
    # Hundreds of topics that nobody needs any more would fill the broker's memory.
    with contextlib.suppress(KafkaError, TimeoutError):
        async with asyncio.timeout(10):
            await _delete_topics(kafka_bootstrap, prefix)


async def _delete_topics(bootstrap: str, prefix: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.delete_topics([prefix + spec.name for spec in topic_specs()])
    finally:
        await admin.close()


def _template(engines: EngineAddresses, schemas: tuple[str, ...]) -> tuple[str, Path]:
    """Return the name of a migrated template database, made when the migrations have changed."""
    digest = hashlib.sha256("|".join(schemas).encode())
    files = [
        ROOT / "deploy" / "timescaledb" / "provision.sql",
        ROOT / "deploy" / "timescaledb" / "provision.py",
    ]
    for schema in schemas:
        files += sorted((ROOT / "services" / schema / "migrations").glob("*.sql"))
    for file in files:
        digest.update(file.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    secrets_file = Path(engines.state) / "secrets" / "roles.json"
    secrets_file.parent.mkdir(exist_ok=True, mode=0o700)
    with (secrets_file.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        made = secrets_file.parent / name
        if not made.exists():
            asyncio.run(_drop(engines, name))
            provision(engines.postgres.dsn, secrets_file, name, schemas)
            made.touch()
    return name, secrets_file


async def _drop(engines: EngineAddresses, name: str) -> None:
    connection = await asyncpg.connect(engines.postgres.dsn)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    finally:
        await connection.close()


async def _clone(engines: EngineAddresses, template: str, name: str) -> None:
    connection = await asyncpg.connect(engines.postgres.dsn)
    try:
        await connection.execute("SELECT pg_advisory_lock(hashtext('clone'))")
        await connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", template
        )
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()


@pytest.fixture
async def database(engines: EngineAddresses) -> AsyncIterator[DatabaseFactory]:
    """Return `await database("alerting", …)`: a fresh database with these services' schemas migrated."""
    made: list[str] = []

    async def create(*schemas: str) -> Database:
        template, secrets_file = await asyncio.to_thread(_template, engines, schemas)
        name = f"test_{uuid.uuid4().hex[:12]}"
        await _clone(engines, template, name)
        made.append(name)
        return addresses(engines.postgres.dsn, secrets_file, name)

    yield create
    for name in made:
        with contextlib.suppress(asyncpg.PostgresError):
            await _drop(engines, name)


@pytest.fixture
def admin_dsn(engines: EngineAddresses) -> Callable[[Database], str]:
    """Return the superuser's way into a test's database."""
    return lambda database: at_database(engines.postgres.dsn, database.name)


class Broker:
    """A Mosquitto of the test's own, with a certificate authority of its own."""

    def __init__(self, folder: Path) -> None:
        self.authority = pki.Authority(folder / "pki")
        self.authority.create()
        self.folder = folder
        self.host = "127.0.0.1"
        self.port = ports.pick()
        self.process = Mosquitto(
            provision_engines(),
            folder / "mosquitto",
            self.authority,
            self.port,
            folder / "mosquitto.log",
            folder / "ports.json",
        )

    @property
    def ca_file(self) -> Path:
        """Return the authority's certificate."""
        return self.folder / "pki" / "ca.crt"

    def files(self, client: str) -> tuple[Path, Path]:
        """Return certificate and key of a client, issued now."""
        return pki.write_client(self.authority, client, self.folder)

    def tls(self, client: str) -> ssl.SSLContext:
        """Return what a client needs to connect."""
        context = ssl.create_default_context(cafile=str(self.ca_file))
        context.load_cert_chain(*self.files(client))
        return context


@pytest.fixture
def mqtt_broker(tmp_path: Path) -> Iterator[Broker]:
    """Return a broker for this test alone; `broker.process` kills and restarts it."""
    broker = Broker(tmp_path)
    broker.process.start()
    try:
        yield broker
    finally:
        broker.process.stop()
