"""Detectors and valves: each a client with a memory of what has no receipt yet.

What a detector measures and when it starts anew comes from the seed's histories alone, so that the same
histories can be delivered in different weather. A valve keeps its non-volatile memory and its log of
effects, by which the run is judged.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from joserfc.jwk import KeySet

from services.alerting.domain.spec import DeviceFacts
from simulators.buffer import Buffer
from simulators.valve_logic import Memory, ValveLogic
from tests.simulation.kernel import T0, Kernel
from tests.simulation.uplink import Key

ALARM_MS = 8_000
HEARTBEAT_MS = 30_000
RETRY_MS = 10_000
MOTOR_MS = 3_000
DAY_MS = 86_400_000
CLOCKS = (0, 0, 0, 4_000, -40_000, DAY_MS, -DAY_MS, 1_000 * DAY_MS, -T0, None)
LOW, HIGH = 20.0, 60.0


class Network(Protocol):
    """The way up."""

    def send(self, client: Any, items: list[dict[str, Any]]) -> None: ...

    def connection(self, client_id: str, boot_id: int, *, online: bool) -> None: ...


class Device:
    """A client: it numbers, keeps and repeats what it says."""

    def __init__(self, kernel: Kernel, network: Network, facts: DeviceFacts, own: random.Random) -> None:
        self.kernel = kernel
        self.network = network
        self.facts = facts
        self.own = own
        self.clock_ms = own.choice(CLOCKS)
        self.boot_id, self.seq = own.randrange(1, 5), 0
        self.connected = self.powered = True
        self.mute = False
        self.said: dict[Key, dict[str, Any]] = {}
        self._buffer = Buffer(kernel.chance)
        kernel.every(lambda: RETRY_MS, self.flush)
        kernel.later(own.randrange(2_000), self.begin)

    def begin(self) -> None:
        if self.powered and not self.seq:
            self.start()

    def start(self) -> None:
        self.network.connection(self.facts.device_id, self.boot_id, online=True)
        self.say(type="boot", data={"firmware": "1", "reason": "power"})

    def say(self, **fields: Any) -> None:
        """Say something by the device's own clock; it is kept until it has a receipt."""
        device_id = self.facts.device_id
        item: dict[str, Any] = {"device_id": device_id, "boot_id": self.boot_id, "seq": self.seq} | fields
        if self.clock_ms is not None:
            item["time_ms"] = max(0, self.kernel.now + self.clock_ms)
        self.said[device_id, self.boot_id, self.seq] = item
        self.seq += 1
        self._buffer.add(item, self.kernel.now / 1000)
        self.flush()

    def flush(self) -> None:
        if not (self.connected and self.powered):
            return
        due = self._buffer.due(self.kernel.now / 1000)
        events = [item for item in due if "type" in item]
        readings = [item for item in due if "type" not in item]
        for batch in (*([event] for event in events), *([readings] if readings else ())):
            self.network.send(self, batch)

    def receipt(self, server_time_ms: int, keys: list[Key]) -> None:
        if not (self.connected and self.powered):
            return
        accepted = [{"device_id": d, "boot_id": b, "ranges": [[s, s]]} for d, b, s in keys]
        self._buffer.receipt({"accepted": accepted, "rejected": []})
        self.learn(server_time_ms)

    def learn(self, server_time_ms: int) -> None:
        """A detector takes no time from anybody."""

    def cut(self) -> None:
        """Lose the network; the broker tells so."""
        if self.connected and self.powered:
            self.connected = False
            self.network.connection(self.facts.device_id, self.boot_id, online=False)

    def back(self) -> None:
        if not self.connected and self.powered:
            self.connected = True
            self.network.connection(self.facts.device_id, self.boot_id, online=True)
            self._buffer.reconnected(self.kernel.now / 1000)
            self.flush()

    def hurry(self) -> None:
        """Send at once what has no receipt."""
        if self.powered:
            self._buffer.reconnected(self.kernel.now / 1000)
            self.flush()

    def restart(self) -> None:
        """Start anew: the numbers begin at 0 in a higher boot; what has no receipt is still known."""
        if not self.powered:
            return
        self.boot_id, self.seq = self.boot_id + 1, 0
        self._buffer.reconnected(self.kernel.now / 1000)
        self.start()

    def die(self) -> None:
        """Lose power for good."""
        self.cut()
        self.powered = False

    @property
    def unsaid(self) -> int:
        return len(self._buffer.kept)


class Detector(Device):
    """Measures gas as its history says."""

    def __init__(
        self, kernel: Kernel, network: Network, facts: DeviceFacts, own: random.Random, end_ms: int
    ) -> None:
        super().__init__(kernel, network, facts, own)
        self.level = 0
        self.status_only = own.random() < 0.3
        self.events_only = own.random() < 0.3
        for _ in range(own.randrange(5)):
            at_ms, level = own.randrange(5_000, end_ms), own.choice((1, 1, 2, 2))
            kernel.later(at_ms, lambda level=level: self.gas(level))  # type: ignore[misc]
            if own.random() < 0.8:
                lasts_ms = own.choice((500, 5_000, 20_000, 60_000, 150_000))
                kernel.later(min(end_ms, at_ms + lasts_ms), lambda: self.gas(0))
        if own.random() < 0.3:
            kernel.later(own.randrange(5_000, end_ms), self.restart)
        if own.random() < 0.2:
            at_ms = own.randrange(5_000, end_ms)
            kernel.later(at_ms, lambda: self.say(type="fault_raised", data={"code": "sensor_failing"}))
            if own.random() < 0.5:
                cleared = {"code": "sensor_failing"}
                kernel.later(at_ms + 110_000, lambda: self.say(type="fault_cleared", data=cleared))
        self._tick()

    def start(self) -> None:
        super().start()
        if self.level:
            self.gas(self.level)

    def gas(self, level: int) -> None:
        """The concentration changes."""
        if not self.powered:
            return
        before, self.level = self.level, level
        lel = {} if self.status_only else {"lel_percent": LOW if level == 1 else HIGH}
        if level:
            self.say(type="alarm_raised", data={"level": "low" if level == 1 else "high", **lel})
        elif before:
            self.say(type="alarm_cleared", data={})
        if not self.events_only:
            self.reading()

    def reading(self) -> None:
        lel = {} if self.status_only else {"lel_percent": (0.5, LOW, HIGH)[self.level]}
        self.say(gas="CH4", status=("normal", "alarm_low", "alarm_high")[self.level], **lel)

    def _tick(self) -> None:
        if self.powered and not self.mute:
            self.reading()
        self.kernel.later(ALARM_MS if self.level else HEARTBEAT_MS, self._tick)


@dataclass(frozen=True, slots=True)
class Effect:
    """The valve's motor started on a command, while the valve's clock was `lag_ms` behind."""

    at_ms: int
    command_id: str
    lag_ms: int


class Valve(Device):
    """Closes on a command that it accepts; only a hand on site opens it."""

    def __init__(
        self, kernel: Kernel, network: Network, facts: DeviceFacts, own: random.Random, keys: KeySet
    ) -> None:
        self.position = "open"
        self.stuck = own.random() < 0.2
        self.deaf = own.random() < 0.1
        self._keys = keys
        self._logic = ValveLogic(facts.device_id, keys)
        self._memory = Memory()
        self._lag_ms = 0
        self.log: list[Effect] = []
        self.history: list[tuple[int, str]] = []
        super().__init__(kernel, network, facts, own)
        self._tick()

    def _tick(self) -> None:
        if self.powered and not self.mute:
            self.say(status="normal", position=self.position, supply="mains")
        self.kernel.later(HEARTBEAT_MS, self._tick)

    def learn(self, server_time_ms: int) -> None:
        self._lag_ms = self.kernel.now - server_time_ms
        self._logic = self._logic.learn_time(server_time_ms, self.kernel.now - T0)

    def restart(self) -> None:
        """Lose power and get it back: the clock is unset, the memory stays; half closed is open again."""
        if not self.powered:
            return
        if self.position == "closing":
            self.position = "open"
            self.history.append((self.kernel.now, "open"))
        self._logic = ValveLogic(self.facts.device_id, self._keys, self._memory)
        super().restart()
        self.say(type="position_changed", data={"position": self.position, "cause": "unknown"})

    def command(self, text: str) -> None:
        """Take what the broker brings."""
        if not (self.powered and self.connected) or self.deaf:
            return
        verdict = self._logic.judge(text, self.kernel.now - T0)
        self._memory = verdict.memory
        self._logic = replace(self._logic, memory=verdict.memory)
        self.kernel.say(self.facts.device_id, f"{verdict.result} {verdict.reason or ''} {verdict.command_id}")
        if verdict.moves:
            self.log.append(Effect(self.kernel.now, str(verdict.command_id), self._lag_ms))
        self.say(type="command_result", data=verdict.data())
        if verdict.moves and self.position != "closed" and not self.stuck:
            boot = self.boot_id
            self.moves("closing", "command", verdict.command_id)
            self.kernel.later(MOTOR_MS, lambda: self._closed(boot, verdict.command_id))

    def _closed(self, boot: int, command_id: str | None) -> None:
        if self.powered and self.boot_id == boot and self.position == "closing":
            self.moves("closed", "command", command_id)
            self.say(type="command_result", data={"command_id": command_id, "result": "done"})

    def moves(self, position: str, cause: str, command_id: str | None = None) -> None:
        self.position = position
        self.history.append((self.kernel.now, position))
        data = {"position": position, "cause": cause} | ({"command_id": command_id} if command_id else {})
        self.say(type="position_changed", data=data)

    def open_by_hand(self) -> None:
        if self.powered and self.position == "closed":
            self.moves("open", "by_hand")


Deed = Callable[[], None]
