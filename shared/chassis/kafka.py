"""Kafka: topics, and a producer that never lies about delivery."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaConnectionError, TopicAlreadyExistsError

from shared.chassis.logs import get_logger
from shared.chassis.service import StartError

FETCH_WAIT_MS = 500
LEAVE_LIMIT_S = 2.0


class Record(NamedTuple):
    """One message; `topic` is without the prefix."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: dict[str, bytes]
    timestamp_ms: int


class TopicSpec(NamedTuple):
    """How a topic is made."""

    name: str
    partitions: int
    compact: bool = False
    retention_ms: int = 7 * 24 * 3600 * 1000


async def create_topics(bootstrap: str, specs: Sequence[TopicSpec], prefix: str = "") -> None:
    """Create the topics that are missing; those that exist stay as they are."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        present = set(await admin.list_topics())
        missing = [
            NewTopic(
                name=prefix + spec.name,
                num_partitions=spec.partitions,
                replication_factor=1,
                topic_configs={
                    "cleanup.policy": "compact" if spec.compact else "delete",
                    **({} if spec.compact else {"retention.ms": str(spec.retention_ms)}),
                },
            )
            for spec in specs
            if prefix + spec.name not in present
        ]
        if missing:
            await admin.create_topics(missing)
    except TopicAlreadyExistsError:
        get_logger().info("somebody else made the topics at the same time")
    finally:
        await admin.close()


class Producer:
    """acks=all, idempotent: a future that resolves means every in-sync replica has it."""

    def __init__(self, bootstrap: str, *, prefix: str = "", client_id: str = "gaswatch") -> None:
        self._bootstrap = bootstrap
        self._prefix = prefix
        self._client_id = client_id
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Connect; raise StartError with one sentence when no broker answers."""
        self._producer = AIOKafkaProducer(
            bootstrap_servers=self._bootstrap,
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=0,
            max_batch_size=1_048_576,
            max_request_size=4_194_304,
            request_timeout_ms=30_000,
        )
        try:
            await self._producer.start()
        except KafkaConnectionError as error:
            await self._producer.stop()
            raise StartError(
                f"Kafka does not answer at {self._bootstrap}; start it with `make engines`."
            ) from error

    async def stop(self) -> None:
        """Flush what is on its way and disconnect."""
        if self._producer is not None:
            await self._producer.stop()

    @property
    def raw(self) -> AIOKafkaProducer:
        """Return aiokafka's own producer, for hot paths that build their own batches."""
        if self._producer is None:
            raise RuntimeError("the producer was not started")
        return self._producer

    def topic(self, name: str) -> str:
        """Return the real name of a topic."""
        return self._prefix + name

    async def enqueue(
        self,
        topic: str,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Mapping[str, bytes] | None = None,
        partition: int | None = None,
        timestamp_ms: int | None = None,
    ) -> "asyncio.Future[Any]":
        """Hand a message over; the future resolves when Kafka has it. Waits only while the buffer is full."""
        future: asyncio.Future[Any] = await self.raw.send(
            self._prefix + topic,
            value,
            key=key,
            headers=list(headers.items()) if headers else None,
            partition=partition,
            timestamp_ms=timestamp_ms,
        )
        return future

    async def send(self, topic: str, value: bytes | None, **options: Any) -> None:
        """Send one message and wait until Kafka has it."""
        await (await self.enqueue(topic, value, **options))


async def start_consumer(consumer: AIOKafkaConsumer, bootstrap: str) -> None:
    """Start a consumer; raise StartError with one sentence when no broker answers."""
    try:
        await consumer.start()
    except KafkaConnectionError as error:
        await stop_consumer(consumer)
        raise StartError(f"Kafka does not answer at {bootstrap}; start it with `make engines`.") from error
    except asyncio.CancelledError:
        await stop_consumer(consumer)
        raise


async def stop_consumer(consumer: AIOKafkaConsumer) -> None:
    """Leave within two seconds: whoever waits for a dead member's session must not hold up its own end."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LEAVE_LIMIT_S):
            await consumer.stop()
