"""Zones with valves: from the second detector's alarm to the limit switch, less the motor's time.

The valves judge commands as `simulators.valve_logic` says. Each zone has one episode: both detectors raise a
low alarm, the second 300 ms after the first; two in one zone are rule G04, which closes by itself.
"""

import asyncio
import json
import ssl
import time
from dataclasses import dataclass, field, replace
from typing import Any

from joserfc.jwk import KeySet

from benchmarks.fleet import VALVE_SITES_PER_CONTROLLER, Fleet, valve_controller_id, valve_site_id
from deploy.native.engines import MqttAddress
from shared.chassis.mqtt import Client, Connect, MqttError, Options, Publish
from simulators.valve_logic import ValveLogic

MOTOR_S = 1.0
SECOND_S = 0.3
CLOCK_LIMIT_S = 30.0
CLOSED_LIMIT_S = 30.0
ATTEMPTS = 5


@dataclass
class Loops:
    """What happened: milliseconds from the second alarm to the limit switch, less the motor's time."""

    took_ms: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


class Speaker:
    """A controller that speaks for the detectors and valves of several zones."""

    def __init__(
        self, mqtt: MqttAddress, client_id: str, sites: list[str], keys: KeySet, boot_id: int
    ) -> None:
        self._mqtt = mqtt
        self._client_id = client_id
        self._boot_id = boot_id
        self._seq: dict[str, int] = {}
        self._logics = {f"{site}-v": ValveLogic(f"{site}-v", keys) for site in sites}
        self._timers: list[asyncio.TimerHandle] = []
        self._knows_time = asyncio.Event()
        self.refused: list[str] = []
        self.closed: dict[str, asyncio.Future[float]] = {}
        self.client: Client

    async def connect(self) -> None:
        """Connect, subscribe, and learn the time from the receipts of the valves' boot events."""
        mqtt, name = self._mqtt, self._client_id
        context = ssl.create_default_context(cafile=mqtt.ca_file)
        context.load_cert_chain(f"{mqtt.certs_dir}/{name}.crt", f"{mqtt.certs_dir}/{name}.key")
        options = Options(host=mqtt.host, port=mqtt.port_tls, tls=context, connect=Connect(client_id=name))
        for attempt in range(ATTEMPTS):
            self.client = Client(options, self._heard)
            try:
                await self.client.connect()
                await self.client.subscribe([f"gas/v1/{name}/down/+"])
                break
            except MqttError:
                if attempt == ATTEMPTS - 1:
                    raise
        for valve_id in self._logics:
            self.say(valve_id, "boot", {"firmware": "bench", "reason": "power_on"})
        async with asyncio.timeout(CLOCK_LIMIT_S):
            await self._knows_time.wait()

    def say(self, device_id: str, type_: str, data: dict[str, Any]) -> None:
        """Publish one event."""
        seq = self._seq[device_id] = self._seq.get(device_id, -1) + 1
        event = {
            "device_id": device_id, "boot_id": self._boot_id, "seq": seq,
            "time_ms": time.time_ns() // 1_000_000, "type": type_, "data": data,
        }  # fmt: skip
        self.client.publish_nowait(f"gas/v1/{self._client_id}/up/event", json.dumps(event).encode())

    def _heard(self, publishes: list[Publish], generation: int) -> None:
        for topic, payload, _packet_id, _retained in publishes:
            if topic.endswith(b"/receipt"):
                server_time_ms = json.loads(payload)["server_time_ms"]
                for valve_id, logic in self._logics.items():
                    self._logics[valve_id] = logic.learn_time(server_time_ms, self._monotonic_ms())
                self._knows_time.set()
            else:
                self._command(payload.decode())
        self.client.ack([packet_id for _, _, packet_id, _ in publishes if packet_id], generation)

    @staticmethod
    def _monotonic_ms() -> int:
        return round(time.monotonic() * 1000)

    def _command(self, text: str) -> None:
        for valve_id, logic in self._logics.items():
            verdict = logic.judge(text, self._monotonic_ms())
            if verdict.reason == "wrong_valve":
                continue
            if verdict.reason is not None:
                self.refused.append(f"{valve_id}: {verdict.reason}")
            self._logics[valve_id] = replace(logic, memory=verdict.memory)
            self.say(valve_id, "command_result", verdict.data() | {"result": "accepted"})
            if verdict.moves:
                # The motor starts now; only then is there time for words.
                loop = asyncio.get_running_loop()
                self._timers.append(loop.call_later(MOTOR_S, self._limit, valve_id, verdict.command_id))
                self._moved(valve_id, "closing", verdict.command_id)
            return

    def _moved(self, valve_id: str, position: str, command_id: str | None) -> None:
        data = {"position": position, "cause": "command", "command_id": command_id}
        self.say(valve_id, "position_changed", data)

    def _limit(self, valve_id: str, command_id: str | None) -> None:
        """Note the moment of the limit switch, then tell it."""
        waiting = self.closed.get(valve_id)
        if waiting is not None and not waiting.done():
            waiting.set_result(time.monotonic())
        self._moved(valve_id, "closed", command_id)
        self.say(valve_id, "command_result", {"command_id": command_id, "result": "done"})

    async def episode(self, site: str, loops: Loops) -> None:
        """Raise both alarms, wait for the limit switch, clear."""
        valve = f"{site}-v"
        waiting = self.closed[valve] = asyncio.get_running_loop().create_future()
        self.say(f"{site}-d0", "alarm_raised", {"level": "low", "lel_percent": 18.0})
        await asyncio.sleep(SECOND_S)
        raised = time.monotonic()
        self.say(f"{site}-d1", "alarm_raised", {"level": "low", "lel_percent": 19.0})
        try:
            async with asyncio.timeout(CLOSED_LIMIT_S):
                loops.took_ms.append((await waiting - raised - MOTOR_S) * 1000)
        except TimeoutError:
            loops.missed.append(site)
        for detector in ("d0", "d1"):
            self.say(f"{site}-{detector}", "alarm_cleared", {})


class Zones:
    """All zones with valves; each may be used once on a stack."""

    def __init__(self, mqtt: MqttAddress, fleet: Fleet, jwks: Any, boot_id: int) -> None:
        sites = [valve_site_id(n) for n in range(fleet.valve_sites)]
        keys = KeySet.import_key_set(jwks)
        each = VALVE_SITES_PER_CONTROLLER
        self._speakers = [
            Speaker(mqtt, valve_controller_id(n), sites[n * each :][:each], keys, boot_id)
            for n in range(fleet.valve_controllers)
        ]
        # One after another, each on another controller.
        self._unused = sorted(range(len(sites)), key=lambda n: (n % VALVE_SITES_PER_CONTROLLER, n))
        self._unused.reverse()

    async def connect(self) -> None:
        """Connect all."""
        for speaker in self._speakers:
            await speaker.connect()

    async def play(self, seconds: float, per_s: float) -> Loops:
        """Begin episodes at a fixed rate, wait until all have ended."""
        loops = Loops()
        begin = time.monotonic()
        tasks = []
        count = min(int(seconds * per_s), len(self._unused))
        for n in range(count):
            await asyncio.sleep(max(0.0, begin + n / per_s - time.monotonic()))
            site = self._unused.pop()
            speaker = self._speakers[site // VALVE_SITES_PER_CONTROLLER]
            tasks.append(asyncio.create_task(speaker.episode(valve_site_id(site), loops)))
        await asyncio.gather(*tasks)
        loops.refused = [word for speaker in self._speakers for word in speaker.refused]
        loops.took_ms.sort()
        return loops

    async def disconnect(self) -> None:
        """Leave."""
        await asyncio.gather(*(speaker.client.disconnect() for speaker in self._speakers))
