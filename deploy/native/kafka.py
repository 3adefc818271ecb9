"""Apache Kafka as one KRaft node, on loopback."""

import asyncio
import base64
import os
import secrets
import shutil
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError

from deploy.native import ports
from deploy.native.daemon import Daemon
from deploy.native.errors import SetupError
from deploy.native.places import DEPLOY
from deploy.native.provision import Programs

READY_LIMIT_S = 120.0
READY_TOPIC = "_gaswatch.ready"
CONFIG = DEPLOY / "kafka" / "server.properties"
JVM = ("-Xms256m", "-Xmx512m", "-XX:+ExitOnOutOfMemoryError", "-Djava.awt.headless=true",
       "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
       "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS")  # fmt: skip


@dataclass(frozen=True)
class Kafka:
    """One broker that is its own controller; its folder holds configuration and logs of records."""

    programs: Programs
    folder: Path
    port: int
    controller_port: int
    log_file: Path
    ports_file: Path

    @property
    def daemon(self) -> Daemon:
        """Return the broker's process."""
        return Daemon("Kafka", self.folder / "kafka.pid", self.log_file)

    @property
    def bootstrap(self) -> str:
        """Return host:port for clients."""
        return f"{ports.HOST}:{self.port}"

    def prepare(self) -> None:
        """Write the configuration and format the data folder (whole or not at all)."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data, part = self.folder / "data", self.folder / "data.new"
        if data.exists():
            self._write_properties(data)
            return
        shutil.rmtree(part, ignore_errors=True)
        cluster = base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")
        formatting = self._write_properties(part)
        # With "=": an id may begin with a dash.
        named = f"--cluster-id={cluster}"
        argv = self._java("kafka.tools.StorageTool", "format", named, "-c", str(formatting))
        done = subprocess.run(argv, capture_output=True, text=True, check=False, env=_environment())
        if done.returncode != 0:
            raise SetupError(f"Kafka's data folder cannot be formatted: {done.stderr.strip()[-300:]}")
        part.rename(data)
        self._write_properties(data)

    def _write_properties(self, data: Path) -> Path:
        file = self.folder / "server.properties"
        file.write_text(
            CONFIG.read_text()
            + f"\nlisteners=PLAINTEXT://{self.bootstrap},CONTROLLER://{ports.HOST}:{self.controller_port}\n"
            + f"advertised.listeners=PLAINTEXT://{self.bootstrap}\n"
            + f"controller.quorum.voters=1@{ports.HOST}:{self.controller_port}\n"
            + f"log.dirs={data}\n"
        )
        return file

    def _java(self, main: str, *arguments: str) -> list[str]:
        return [str(self.programs.java), *JVM, "-cp", f"{self.programs.jars}/*", main, *arguments]

    def launch(self) -> None:
        """Start the broker's process without waiting until it is usable."""
        if self.daemon.pid() is None:
            self.prepare()
            ports.demand(self.port, "Kafka", self.ports_file)
            ports.demand(self.controller_port, "Kafka's controller", self.ports_file)
            self.daemon.spawn(
                self._java("kafka.Kafka", str(self.folder / "server.properties")), _environment()
            )

    def start(self) -> None:
        """Start the broker on its port and wait until a record goes through it; SetupError when none does."""
        self.launch()
        end = time.monotonic() + READY_LIMIT_S
        while trouble := trouble_with(self.port):
            if self.daemon.pid() is None or time.monotonic() > end:
                raise SetupError(f"Kafka takes no records: {trouble} ({self.daemon.last_words()}).")
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop the broker; it closes its logs first."""
        self.daemon.stop()


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "LANG", "JAVA_HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def trouble_with(port: int) -> str:
    """Return why a record cannot be sent through the broker of a loopback port and read back; else ""."""
    if ports.is_free(port):
        return "it does not listen yet"
    # In a thread of its own, so that a caller inside an event loop may start engines too.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, _use(f"{ports.HOST}:{port}")).result()


async def _use(bootstrap: str) -> str:
    try:
        async with asyncio.timeout(15):
            await _round_trip(bootstrap)
    except (KafkaError, OSError, TimeoutError) as error:
        return str(error) or type(error).__name__
    return ""


async def _round_trip(bootstrap: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        retention = {"retention.ms": "60000"}
        topic = NewTopic(READY_TOPIC, num_partitions=1, replication_factor=1, topic_configs=retention)
        await admin.create_topics([topic])
    except TopicAlreadyExistsError:
        pass
    finally:
        await admin.close()
    token = secrets.token_bytes(8)
    async with AIOKafkaProducer(bootstrap_servers=bootstrap, acks="all") as producer:
        sent = await producer.send_and_wait(READY_TOPIC, token, partition=0)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        place = TopicPartition(READY_TOPIC, 0)
        consumer.assign([place])
        consumer.seek(place, sent.offset)
        record = await consumer.getone()
    if record.value != token:
        raise KafkaError("another record came back than was sent")
