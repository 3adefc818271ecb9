"""Reads every partition of the valve commands without a group, from what may still be alive."""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.chassis import cloudevents
from shared.chassis.clock import Clock
from shared.chassis.health import Health
from shared.chassis.kafka import start_consumer
from shared.chassis.logs import get_logger
from shared.chassis.service import StartError

TOPIC_LOOKS, TOPIC_LOOK_S = 20, 0.25
LOOK_BACK_MS = 60_000  # twice a command's life: the outbox may have been behind


async def follow(
    bootstrap: str,
    topic: str,
    handle: Callable[[str, bytes | None], None],
    *,
    clock: Clock,
    health: Health,
) -> None:
    """Give each record's event type and value to `handle`, until cancelled.

    At least once across restarts within the last minute; the valve recognises what it executed.
    """
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, enable_auto_commit=False)
    await start_consumer(consumer, bootstrap)
    try:
        await _start_position(consumer, topic, clock.now_ms() - LOOK_BACK_MS)
        health.set("commands", ok=True)
        while True:
            try:
                found = await consumer.getmany(timeout_ms=1_000)
            except KafkaError as error:
                health.set("commands", ok=False, detail=type(error).__name__)
                get_logger().warning("following the commands", error=str(error))
                await asyncio.sleep(1)
                continue
            health.set("commands", ok=True)
            for records in found.values():
                for record in records:
                    handle(cloudevents.event_type(dict(record.headers)), record.value)
    finally:
        await consumer.stop()


async def _start_position(consumer: AIOKafkaConsumer, topic: str, since_ms: int) -> None:
    numbers = await _partitions(consumer, topic)
    partitions = [TopicPartition(topic, number) for number in sorted(numbers)]
    consumer.assign(partitions)
    # The ends first: what is written between the two questions is then read, not skipped.
    ends = await consumer.end_offsets(partitions)
    offsets = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
    for partition in partitions:
        found = offsets.get(partition)
        consumer.seek(partition, found.offset if found else ends[partition])


async def _partitions(consumer: AIOKafkaConsumer, topic: str) -> set[int]:
    """Return the topic's partitions; a topic made a moment ago is not known everywhere at once."""
    for _ in range(TOPIC_LOOKS):
        await consumer._client.set_topics([topic])  # noqa: SLF001 - aiokafka has no public way to look once
        numbers: set[int] | None = consumer.partitions_for_topic(topic)
        if numbers:
            return numbers
        await asyncio.sleep(TOPIC_LOOK_S)
        await consumer._client.force_metadata_update()  # noqa: SLF001 - the same
    raise StartError(f"Kafka has no topic {topic}; create it with `make engines`.")
