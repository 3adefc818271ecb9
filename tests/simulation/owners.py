"""The processes of alerting that own partitions, and what may befall them and their database."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from services.alerting.adapters.memory import MemoryStore, MemoryUnit, Tables
from services.alerting.entrypoints.consumer import Telemetry
from services.alerting.handlers import Deciding
from services.alerting.ports import Advance, Claim, Unavailable
from shared.chassis.health import Health
from tests.simulation.bus import SESSION_MS, Consumer, Group, Log
from tests.simulation.kernel import Kernel, Killed, Task, pause
from tests.simulation.town import Town

OnCommit = Callable[[Tables, Tables, Sequence[Advance]], None]


class Database(MemoryStore):
    """The store in memory; `on_commit` sees what every transaction did."""

    def __init__(self, kernel: Kernel, on_commit: OnCommit) -> None:
        super().__init__(lambda: kernel.now)
        self._on_commit = on_commit

    @asynccontextmanager
    async def unit(self, advances: Sequence[Advance] = ()) -> AsyncIterator[MemoryUnit]:
        before = self.tables
        async with super().unit(advances) as unit:
            yield unit
        self._on_commit(before, self.tables, advances)


class Connection:
    """One process's way to the database: it may be slow, and break before or after the commit."""

    def __init__(self, kernel: Kernel, database: Database, bad: float) -> None:
        self._kernel = kernel
        self._database = database
        self._bad = bad
        self.dead = self._leaving = False

    async def _wait(self) -> None:
        # A frozen process, or a slow database: whatever happens meanwhile, the commit comes after it.
        await pause(self._kernel.chance.randrange(25_000) if self._kernel.happens(self._bad / 20) else None)
        self._alive()
        if not self._leaving and self._kernel.happens(self._bad / 20):
            self._kernel.say("alerting", "is stopped at work")
            self._leaving = True
            raise asyncio.CancelledError

    def _alive(self) -> None:
        if self.dead:
            raise Killed

    async def claim(self, partition: int) -> Claim:
        self._alive()
        await self._wait()
        return await self._database.claim(partition)

    async def snapshot(self, claim: Claim, offset: int, data: bytes) -> None:
        self._alive()
        await self._wait()
        await self._database.snapshot(claim, offset, data)

    async def quarantined(self) -> list[str]:
        self._alive()
        await self._wait()
        return await self._database.quarantined()

    @asynccontextmanager
    async def unit(self, advances: Sequence[Advance] = ()) -> AsyncIterator[MemoryUnit]:
        self._alive()
        await self._wait()
        async with self._database.unit(advances) as unit:
            yield unit
            self._mishap("before its commit")
        self._mishap("after its commit")
        await self._wait()

    def _mishap(self, when: str) -> None:
        if self._kernel.happens(self._bad / 20):
            self._kernel.say("alerting", f"is killed {when}")
            self.dead = True
            raise Killed
        if self._kernel.happens(self._bad / 20):
            self._kernel.say("database", f"breaks off {when}")
            raise Unavailable("broken off")


class Clock:
    """The run's time."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def now_ms(self) -> int:
        return self._kernel.now

    def monotonic(self) -> float:
        return self._kernel.now / 1000


class Letters:
    """Dead letters."""

    async def put(self, partition: int, offset: int, value: bytes, reason: str, detail: str) -> None:
        await pause()


class Around(Protocol):
    """What an owner has around it."""

    kernel: Kernel
    town: Town
    bad: float
    telemetry: Log
    group: Group
    joining: dict[str, Consumer]
    uplink_consumers: list[Consumer]
    database: Database

    def new_id(self) -> str: ...


class Instance:
    """One process of alerting that owns partitions; whoever kills it starts it again."""

    def __init__(self, name: str, platform: Around) -> None:
        self.name = name
        self._platform = platform
        self._kernel = platform.kernel
        self.start()

    def start(self) -> None:
        platform, kernel = self._platform, self._kernel
        kernel.say(self.name, "starts")
        self.connection = Connection(kernel, platform.database, platform.bad)
        deciding = Deciding(self.connection, platform.town, platform.new_id)
        self.consumer = Consumer(kernel, platform.telemetry, platform.group, "gas.telemetry.v1")
        platform.joining[f"alerting-{self.name}"] = self.consumer
        program = Telemetry(
            "", self.connection, platform.town, deciding, Letters(), Clock(kernel), Health(),
            instance=self.name,
        )  # fmt: skip
        self.task = Task(kernel, self._life(program), lambda: kernel.chance.randrange(1, 12))
        self.consumer.task = self.task
        platform.uplink_consumers.append(self.consumer)

    async def _life(self, program: Telemetry) -> None:
        try:
            await program.run()
        except (Killed, asyncio.CancelledError):
            self._platform.uplink_consumers.remove(self.consumer)
            # The broker notices it after a while; a clean leave at once.
            self._kernel.later(500 if self._kernel.fair else SESSION_MS // 4, self.consumer.leave)
            self._kernel.later(self._kernel.chance.randrange(1_000, 8_000), self.start)

    def kill(self) -> None:
        self._kernel.say(self.name, "is killed")
        self.end()

    def end(self) -> None:
        self.connection.dead = True
        self.task.throw(Killed())

    def stop(self) -> None:
        self._kernel.say(self.name, "is stopped")
        self.task.throw(asyncio.CancelledError())

    def freeze(self, ms: int) -> None:
        """Stand still, and go on as if nothing had been; the group has given it up by then."""
        self._kernel.say(self.name, f"stands still for {ms} ms")
        self.task.frozen_until = self._kernel.now + ms
        if ms > SESSION_MS:
            self._kernel.later(SESSION_MS, self.consumer.leave)
            self._kernel.later(ms + 50, self._return(self.task, self.consumer))

    def _return(self, task: Task, consumer: Consumer) -> Callable[[], None]:
        return lambda: None if task.ended else consumer.join_again()
