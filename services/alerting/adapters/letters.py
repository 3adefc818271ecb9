"""Dead letters of telemetry: the item as it was, with the headers of WIRE section 2."""

from shared.chassis.clock import Clock
from shared.chassis.consumer import REJECTED, dead_letter_headers
from shared.chassis.kafka import Producer, Record
from shared.chassis.times import rfc3339
from shared.contracts.topic_names import TELEMETRY, dead_letters


class KafkaLetters:
    """Keeps what cannot be read in `gas.telemetry.v1.dlq`."""

    def __init__(self, producer: Producer, clock: Clock) -> None:
        self._producer = producer
        self._clock = clock

    async def put(self, partition: int, offset: int, value: bytes, reason: str, detail: str) -> None:
        """Keep one item; returns when Kafka has it."""
        source = Record(TELEMETRY, partition, offset, None, value, {}, 0)
        headers = dead_letter_headers(source, reason, detail, failed_at=rfc3339(self._clock.now_ms()))
        await self._producer.send(dead_letters(TELEMETRY), value, headers=headers)
        REJECTED.labels(TELEMETRY).inc()
