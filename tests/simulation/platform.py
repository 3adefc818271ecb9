"""Alerting as it is deployed: owners of partitions, timers, the consumer of orders, relay and actuation.

All of it is the services' own code; only what is around it (Kafka, the database, the broker) is virtual.
"""

import asyncio
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any
from unittest import mock

import msgspec

from services.actuation import handlers as actuation
from services.actuation.domain.outgoing import Dropped, Outgoing, judge
from services.alerting.adapters import rows, valve_store
from services.alerting.entrypoints import consumer as telemetry
from services.alerting.entrypoints import orders, timers
from services.alerting.handlers import Deciding
from shared.chassis import cloudevents
from tests.simulation.bus import Consumer, Group, Log
from tests.simulation.devices import Valve
from tests.simulation.kernel import Kernel, at_once, pause
from tests.simulation.keys import KEYS
from tests.simulation.owners import Database, Instance, OnCommit
from tests.simulation.town import Town


class Platform:
    """Everything of alerting and actuation around one database."""

    def __init__(self, kernel: Kernel, town: Town, on_commit: OnCommit, log: Log, bad: float) -> None:
        self.kernel = kernel
        self.town = town
        self.bad = bad
        self.telemetry = log
        self.group = Group(len(log.rows))
        self.joining: dict[str, Consumer] = {}
        self.uplink_consumers: list[Consumer] = []
        self.alerts, self.commands = Log(1), Log(1)
        self.database = Database(kernel, on_commit)
        self.valves: dict[str, Valve] = {}
        self.texts: list[str] = []
        self.fenced = 0
        self.hushed = False
        self.instances: list[Instance] = []
        self._ids = 0
        self._sent_events: set[int] = set()
        self._sent_commands: set[int] = set()
        self._actuated = 0
        self._orders_at = 0
        self._orders = orders.Orders(Deciding(self.database, town, self.new_id))

    def start(self, orders_log: Log) -> None:
        chance = self.kernel.chance
        self.instances = [Instance(name, self) for name in ("one", "two")]
        self.kernel.every(lambda: chance.randrange(200, 1_000), self.timers)
        self.kernel.every(lambda: chance.randrange(20, 300), self.relay)
        self.kernel.every(lambda: chance.randrange(20, 200), self.actuate)
        self.kernel.every(lambda: chance.randrange(50, 600), lambda: self.follow_orders(orders_log))

    def new_id(self) -> str:
        """Return an id that sorts by time, like a UUIDv7."""
        self._ids += 1
        text = f"{self.kernel.now:012x}7000{self._ids:016x}"
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))

    def patches(self) -> Sequence[Any]:
        """Return what stands in for the world around the services' own code."""
        world = SimpleNamespace(sleep=lambda s: pause(int(s * 1000)), Event=asyncio.Event)
        consumer = lambda *_, group_instance_id, **__: self.joining[group_instance_id]  # noqa: E731
        log = SimpleNamespace(info=self._log, warning=self._log, error=self._log)
        return (
            mock.patch.object(telemetry, "asyncio", world),
            mock.patch.object(telemetry, "AIOKafkaConsumer", consumer),
            mock.patch.object(telemetry, "start_consumer", lambda c, _: c.start()),
            mock.patch.object(telemetry, "stop_consumer", lambda c: c.stop()),
            mock.patch.object(telemetry, "get_logger", return_value=log),
            mock.patch.object(timers, "uuid7", self.new_id),
        )

    def _log(self, text: str, **facts: Any) -> None:
        self.fenced += text == "fenced"
        self.kernel.say("alerting", f"{text} {facts}")

    def timers(self) -> None:
        """Do what is due, as the timers of any instance do."""
        if self.kernel.happens(0.1):
            return
        now, tables = self.kernel.now, self.database.tables
        due = {
            site_id
            for site_id, valves in tables.valves.items()
            for _, deadline_ms in valves.values()
            if deadline_ms is not None and deadline_ms <= now
        }
        due |= {a.site_id for a in tables.alerts.values() if a.shelved_until_ms and a.shelved_until_ms <= now}
        if due:
            at_once(self._run_timers(sorted(due)))

    async def _run_timers(self, site_ids: list[str]) -> None:
        async with self.database.unit() as unit:
            states = await unit.load([self.town.facts(site_id) for site_id in site_ids])
            for state in states.values():
                timers.run(state, unit.now_ms)
            await unit.save(list(states.values()))

    def relay(self) -> None:
        """Publish what is unsent, commands first; a crash before the mark publishes it again."""
        tables = self.database.tables
        commands = [n for n in range(len(tables.commands)) if n not in self._sent_commands]
        events = [n for n in range(len(tables.events)) if n not in self._sent_events]
        now = self.kernel.now
        for number in commands:
            (message,) = valve_store.messages(KEYS, self.town.places, [tables.commands[number]])
            headers = cloudevents.headers(message.type, "/", message.key or "", now, id_=f"c{number}")
            self.commands.publish(message.topic, 0, message.value or b"", headers, now)
            self.texts.append(msgspec.json.decode(message.value or b"")["jws"])
        for number in events:
            message = rows.message(tables.events[number])
            headers = cloudevents.headers(message.type, "/", message.key or "", now, id_=f"a{number}")
            self.alerts.publish(message.topic, 0, message.value or b"", headers, now)
        if self.kernel.happens(self.bad / 4):
            return  # it died between sending and marking
        self._sent_commands.update(commands)
        self._sent_events.update(events)

    def actuate(self) -> None:
        """Follow the commands; a restart reads the last minute again."""
        log = self.commands.rows[0]
        if self.kernel.happens(0.01):
            self._actuated = next(
                (r.offset for r in log if r.timestamp_ms >= self.kernel.now - 60_000), len(log)
            )
        for record in log[self._actuated :]:
            actuation.issued(self, cloudevents.event_type(record.headers), record.value)
        self._actuated = len(log)

    def send(self, command: Outgoing) -> None:
        """Bring a command to its valve: lost, repeated, late – even later than the broker may."""
        left_s = judge(command, self.kernel.now)
        if self.hushed or isinstance(left_s, Dropped):
            return
        chance, bad = self.kernel.chance, self.bad
        copies = 0 if self.kernel.happens(bad) else 1 + chance.randrange(3) * self.kernel.happens(bad)
        for _ in range(copies):
            delay = chance.randrange(60_000) if self.kernel.happens(bad) else chance.randrange(10, 100)
            in_time = delay < left_s * 1000 or self.kernel.happens(0.5)
            if in_time:
                self.kernel.later(delay, lambda: self.valves[command.client_id].command(command.jws))

    def replay(self) -> None:
        """Let somebody send an old command to its valve again, or one that was tampered with."""
        if not self.texts or self.kernel.fair:
            return
        chance = self.kernel.chance
        text = chance.choice(self.texts[-4:])
        if chance.random() < 0.3:
            at = chance.randrange(len(text))
            text = text[:at] + chance.choice("ABCxyz019_-.") + text[at + 1 :]
        self.kernel.say("somebody", "sends an old command again")
        for valve in self.valves.values():
            valve.command(text)

    def follow_orders(self, log: Log) -> None:
        """Take order events; a crash before the offset is committed reads them again."""
        records = log.rows[0][self._orders_at : self._orders_at + self.kernel.chance.randrange(1, 10)]
        for record in records:
            at_once(self._orders.handle(record))
            if self.kernel.happens(0.03):
                return
        self._orders_at += len(records)
