"""Reading the dead letters of the telemetry, without a group: nobody's place is kept."""

from collections.abc import AsyncIterator
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from services.ingestion.domain.verdicts import Waiting
from services.ingestion.ports import LettersUnavailable
from shared.chassis.kafka import FETCH_WAIT_MS, start_consumer
from shared.chassis.service import StartError
from shared.contracts.topic_names import TELEMETRY, dead_letters

LETTERS_MAX: Final = 200_000
"""The newest letters of a partition that one pass reads: a flood of them must not stop the rest."""


class KafkaLetters:
    """Scans the dead-letter topic."""

    def __init__(self, bootstrap: str, *, prefix: str) -> None:
        self._bootstrap = bootstrap
        self._topic = prefix + dead_letters(TELEMETRY)

    async def scan(self) -> AsyncIterator[list[Waiting]]:
        """Yield the letters with reason `unknown_device`, oldest first within a client."""
        consumer = AIOKafkaConsumer(
            self._topic,
            bootstrap_servers=self._bootstrap,
            enable_auto_commit=False,
            fetch_max_wait_ms=FETCH_WAIT_MS,
        )
        try:
            await start_consumer(consumer, self._bootstrap)
            async for records in _records(consumer):
                yield [letter for record in records if (letter := _waiting(record)) is not None]
        except (KafkaError, StartError) as error:
            raise LettersUnavailable(str(error)) from error
        finally:
            await consumer.stop()


async def _records(consumer: AIOKafkaConsumer) -> AsyncIterator[list[Any]]:
    """Yield what is in all partitions now, at most the newest `LETTERS_MAX` of each."""
    places = list(consumer.assignment())
    begins = await consumer.beginning_offsets(places)
    ends = await consumer.end_offsets(places)
    for place in places:
        consumer.seek(place, max(begins[place], ends[place] - LETTERS_MAX))
    waiting = {place for place in places if begins[place] < ends[place]}
    while waiting:
        found = await consumer.getmany(*waiting, timeout_ms=500, max_records=2_000)
        for records in found.values():
            yield records
        waiting = {place for place in waiting if await consumer.position(place) < ends[place]}


def _waiting(record: Any) -> Waiting | None:
    headers = dict(record.headers)
    if headers.get("reason") != b"unknown_device" or record.value is None:
        return None
    leaf = headers.get("source_topic", b"").decode().rpartition("/")[2]
    client = headers.get("client", b"").decode()
    match leaf:
        case "reading" | "event":
            return Waiting(client, leaf, record.value, record.timestamp)
    return None
