"""One run: a town, its devices and people, the services, and whatever befalls them, all from one seed."""

import random
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from services.alerting.adapters.memory import DuplicateActive
from services.dispatch.ports import OpenOrderExistsError
from tests.simulation.bus import Log
from tests.simulation.devices import Detector, Device, Valve
from tests.simulation.dispatching import Dispatch
from tests.simulation.ending import Ending
from tests.simulation.kernel import T0, Broken, Kernel
from tests.simulation.keys import PUBLIC
from tests.simulation.owners import Instance
from tests.simulation.people import People
from tests.simulation.platform import Platform
from tests.simulation.promises import Promises
from tests.simulation.town import PARTITIONS, Town
from tests.simulation.uplink import Uplink

STORM_MS = 180_000
CALM_MS = 420_000  # longer than every off-delay that the runs look at
HUSH_MS = 7_500  # twice, for the last commands to be answered and the last words to be receipted
LOOK_MS = 1_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to: enough to see that it was not idle, and to compare two weathers."""

    alerts: int
    late: int
    commands: int
    effects: int
    misses: int
    orders: int
    fenced: int
    conditions: frozenset[tuple[str, str, str]]


class World:
    """The same seed has the same histories of its devices; another weather delivers them otherwise."""

    def __init__(self, seed: int, weather: int = 0, tell: Callable[[str], None] | None = None) -> None:
        self.seed = seed
        self.weather = weather
        self.kernel = kernel = Kernel(f"{seed}/{weather}", tell)
        histories = random.Random(f"{seed}/histories")
        self.town = Town(histories)
        bad = 0.0 if kernel.chance.random() < 0.1 else kernel.chance.choice((0.02, 0.1, 0.3))
        log = Log(PARTITIONS)
        self.promises = Promises(kernel, self.town)
        self.platform = Platform(kernel, self.town, self.promises.committed, log, bad)
        self.uplink = self.promises.uplink = Uplink(kernel, self.town, log, bad)
        self.uplink.consumers = self.platform.uplink_consumers
        self.dispatch = Dispatch(kernel, self.town, self.platform.alerts, bad, self._dispatched)
        self.people = self.promises.people = People(kernel, self.platform, self.dispatch)
        self.devices: dict[str, Device] = {}
        for facts in self.town.devices.values():
            own = random.Random(f"{seed}/{facts.device_id}")
            if facts.kind == "detector":
                self.devices[facts.device_id] = Detector(kernel, self.uplink, facts, own, STORM_MS)
            else:
                valve = Valve(kernel, self.uplink, facts, own, PUBLIC)
                self.devices[facts.device_id] = self.platform.valves[facts.device_id] = valve
            if own.random() < 0.06:
                kernel.later(own.randrange(20_000, STORM_MS), self.devices[facts.device_id].die)

    def _dispatched(self, decision: object) -> None:
        self.promises.dispatched(decision, list(self.dispatch.store.orders.values()))  # type: ignore[arg-type]

    def run(self) -> Outcome:
        """Storm, then calm, then judge; a broken promise names the seed and the step."""
        try:
            with ExitStack() as stack:
                for patch in self.platform.patches():
                    stack.enter_context(patch)
                self.platform.start(self.dispatch.log)
                self._mishaps(self.platform.instances)
                self.kernel.every(lambda: LOOK_MS, self._look)
                self.kernel.run(T0 + STORM_MS)
                self._calm()
                self.kernel.run(T0 + STORM_MS + CALM_MS)
                self._hush()
                self.kernel.run(T0 + STORM_MS + CALM_MS + HUSH_MS)
                self.platform.hushed = True
                self.kernel.run(T0 + STORM_MS + CALM_MS + 2 * HUSH_MS)
                ending = Ending(self.platform, self.uplink, self.people, self.devices)
                ending.judge()
        except (Broken, DuplicateActive, OpenOrderExistsError) as error:
            words = str(error) or type(error).__name__
            where = f"seed {self.seed}, weather {self.weather}, step {self.kernel.steps}"
            raise Broken(f"{where}: {words}") from error
        except Exception as error:
            where = f"seed {self.seed}, weather {self.weather}, step {self.kernel.steps}"
            raise Broken(f"{where}: a service fell over: {type(error).__name__}: {error}") from error
        finally:
            for instance in self.platform.instances:
                instance.end()
        return self._outcome()

    def _look(self) -> None:
        self.promises.timely(self.platform.database.tables, list(self.dispatch.store.orders.values()))

    def _mishaps(self, instances: list[Instance]) -> None:
        """Plan what happens to processes, networks and people during the storm."""
        kernel, chance = self.kernel, self.kernel.chance
        devices = list(self.devices.values())
        for _ in range(chance.randrange(12)):
            at_ms = chance.randrange(3_000, STORM_MS)
            one = chance.choice(instances)
            deed = chance.choice(
                (one.kill, one.stop, lambda one=one: one.freeze(chance.randrange(1_000, 25_000)))
            )
            kernel.later(at_ms, deed)
        for _ in range(chance.randrange(6)):
            kernel.later(chance.randrange(STORM_MS), lambda: self.platform.group.rebalance(kernel))
        for _ in range(chance.randrange(8)):
            device = chance.choice(devices)
            at_ms = chance.randrange(3_000, STORM_MS)
            kernel.later(at_ms, device.cut)
            kernel.later(at_ms + chance.choice((1_000, 15_000, 50_000, 100_000)), device.back)
        for _ in range(chance.randrange(4)):
            self._congestion(chance.choice(devices).facts.device_id)
        for _ in range(chance.randrange(20)):
            kernel.later(chance.randrange(STORM_MS), self.platform.replay)
        for valve in self.platform.valves.values():
            if chance.random() < 0.3:
                kernel.later(chance.randrange(3_000, STORM_MS), valve.restart)
            if chance.random() < 0.5:
                kernel.later(chance.randrange(30_000, STORM_MS), valve.open_by_hand)
        if chance.random() < 0.3:
            at_ms = chance.randrange(STORM_MS)
            kernel.later(at_ms, lambda: setattr(self.uplink, "away", True))
            kernel.later(at_ms + chance.choice((5_000, 40_000)), lambda: setattr(self.uplink, "away", False))

    def _congestion(self, device_id: str) -> None:
        """Let everything of a device arrive late, though it was sent at once."""
        kernel, chance, slow = self.kernel, self.kernel.chance, self.uplink.slow
        at_ms, by_ms = chance.randrange(STORM_MS), chance.choice((5_000, 29_000, 32_000, 60_000))
        kernel.later(at_ms, lambda: slow.update({device_id: by_ms}))
        kernel.later(at_ms + chance.randrange(10_000, 90_000), lambda: slow.update({device_id: 0}))

    def _calm(self) -> None:
        """From now on everything is delivered."""
        self.kernel.say("weather", "is fair from now on")
        self.kernel.fair = True
        self.uplink.away = False
        self.uplink.slow.clear()
        for device in self.devices.values():
            device.back()
            device.hurry()

    def _hush(self) -> None:
        self.people.home = True
        for device in self.devices.values():
            device.mute = True

    def _outcome(self) -> Outcome:
        tables = self.platform.database.tables
        dead = {(d.facts.site_id, d.facts.zone) for d in self.devices.values() if not d.powered}
        return Outcome(
            alerts=len(tables.alerts),
            late=sum(a.opened_at_ms == a.cleared_at_ms for a in tables.alerts.values()),
            commands=len(self.promises.first),
            effects=sum(len(valve.log) for valve in self.platform.valves.values()),
            misses=sum(a.rule == "V01" for a in tables.alerts.values()),
            orders=len(self.dispatch.store.orders),
            fenced=self.platform.fenced,
            conditions=frozenset(
                (a.site_id, a.family, a.subject)
                for a in tables.alerts.values()
                if a.active and a.in_condition and a.family in {"gas", "zone", "fault"}
                if (a.site_id, a.zone) not in dead
            ),
        )
