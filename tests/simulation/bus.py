"""Kafka as far as the services see it: partitions with offsets, and a consumer that cannot be trusted.

The consumer shows records again, leaves some out (aiokafka #1046), learns late that a partition went to
somebody else, and lets a frozen process go on with partitions that it no longer owns.
"""

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiokafka import TopicPartition

from shared.chassis.kafka import Record
from tests.simulation.kernel import Kernel, Task, pause

POLL_MS = 1_000
SESSION_MS = 10_000


class Row(NamedTuple):
    """One record of telemetry as aiokafka gives it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes


class Log:
    """The records of one topic by partition."""

    def __init__(self, partitions: int) -> None:
        self.rows: list[list[Any]] = [[] for _ in range(partitions)]

    def append(self, partition: int, timestamp: int, key: bytes | None, value: bytes) -> int:
        offset = len(self.rows[partition])
        self.rows[partition].append(Row(offset, timestamp, key, value))
        return offset

    def publish(
        self, topic: str, partition: int, value: bytes, headers: dict[str, bytes], at_ms: int
    ) -> None:
        offset = len(self.rows[partition])
        self.rows[partition].append(Record(topic, partition, offset, None, value, headers, at_ms))


@dataclass
class Group:
    """Who owns which partition, as the broker sees it."""

    partitions: int
    members: list["Consumer"] = field(default_factory=list)
    owners: dict[int, "Consumer"] = field(default_factory=dict)

    def rebalance(self, kernel: Kernel) -> None:
        """Give the partitions out anew, by chance."""
        alive = list(self.members)
        self.owners = {p: kernel.chance.choice(alive) for p in range(self.partitions)} if alive else {}

    def of(self, consumer: "Consumer") -> set[int]:
        return {p for p, owner in self.owners.items() if owner is consumer}


class Consumer:
    """Stands in for AIOKafkaConsumer."""

    def __init__(self, kernel: Kernel, log: Log, group: Group, topic: str) -> None:
        self._kernel = kernel
        self._log = log
        self._group = group
        self._topic = topic
        self._mine: set[int] = set()
        self._at: dict[int, int] = {}
        self.task: Task | None = None

    async def start(self) -> None:
        await pause()
        self._group.members.append(self)
        self._group.rebalance(self._kernel)

    async def stop(self) -> None:
        self.leave()

    def leave(self) -> None:
        if self in self._group.members:
            self._group.members.remove(self)
            self._group.rebalance(self._kernel)

    def join_again(self) -> None:
        """Come back after the broker had given it up."""
        if self not in self._group.members:
            self._group.members.append(self)
            self._group.rebalance(self._kernel)

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(self._topic, p) for p in self._mine}

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._at[tp.partition] = offset

    async def beginning_offsets(self, tps: list[TopicPartition]) -> dict[TopicPartition, int]:
        await pause()
        return dict.fromkeys(tps, 0)

    def highwater(self, tp: TopicPartition) -> int:
        return len(self._log.rows[tp.partition])

    async def commit(self, _offsets: dict[TopicPartition, int]) -> None:
        await pause()

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Row]]:
        """Return what there is, waiting for it for a while."""
        if not self._kernel.happens(0.1):  # otherwise it has not heard of the rebalance yet
            self._mine = self._group.of(self)
        if not self._waits():
            await pause(max(timeout_ms, POLL_MS))
            if not self._waits():
                return {}
        found: dict[TopicPartition, list[Row]] = {}
        for partition in sorted(self._mine & self._at.keys()):
            rows = self._log.rows[partition]
            start = self._at[partition]
            if self._kernel.happens(0.03):
                start += self._kernel.chance.randrange(1, 4)
            elif self._kernel.happens(0.02):
                start = max(0, start - 2)
            limit = self._kernel.chance.choice((1, 3, 20, max_records))
            taken = rows[start : start + limit]
            if taken:
                found[TopicPartition(self._topic, partition)] = taken
                self._at[partition] = taken[-1].offset + 1
        return found

    def _waits(self) -> bool:
        return any(self._at.get(p, 0) < len(self._log.rows[p]) for p in self._mine)

    def arrived(self, partition: int) -> None:
        """A record arrived: whoever waits for its partition goes on."""
        if self.task is not None and partition in self._mine:
            self.task.wake()
