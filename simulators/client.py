"""An MQTT client of the city: a device that speaks for itself, or a controller that speaks for several."""

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from shared.chassis.mqtt import Busy, Client, Connect, MqttError, Options, Publish, Session, Will
from simulators.buffer import Buffer
from simulators.devices import Device, Said, Valve
from simulators.valve_logic import ValveLogic, Verdict

READINGS_MAX = 40
FIRMWARE = "sim-1"
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Broker:
    """Where a client connects, and the certificates it has."""

    host: str
    port: int
    context: Callable[[str], ssl.SSLContext]


@dataclass
class Speaker:
    """What one device says next: its boot and its running number."""

    device: Device
    boot_id: int
    seq: int = 0
    next_reading_at: float = 0.0


@dataclass
class SimulatedClient:
    """Keeps one connection, numbers what its devices say, keeps it until it is receipted, obeys commands."""

    client_id: str
    broker: Broker
    now: Callable[[], float]
    now_ms: Callable[[], int]
    rng: random.Random
    clock_error_ms: int = 0
    speakers: dict[str, Speaker] = field(default_factory=dict)
    logics: dict[str, ValveLogic] = field(default_factory=dict)
    on_said: Callable[[dict[str, Any]], None] = lambda _message: None
    on_moving: Callable[[str], None] = lambda _device_id: None
    receipted: int = 0
    cut: bool = False
    restored_at: float | None = None

    def __post_init__(self) -> None:
        """Start with an empty memory."""
        self.buffer = Buffer(self.rng)
        self.boot_id = self.now_ms()
        self._session: Session | None = None
        self._task: asyncio.Task[None] | None = None

    def add(self, device: Device, logic: ValveLogic | None = None) -> None:
        """Speak for a device; a valve comes with the logic that checks its commands."""
        self.speakers[device.device_id] = Speaker(device, self.boot_id)
        if logic is not None:
            self.logics[device.device_id] = logic

    # --- connection ---

    def connect(self) -> None:
        """Connect, again and again, until `disconnect`."""
        state = f"gas/v1/{self.client_id}/up/state"
        options = Options(
            host=self.broker.host,
            port=self.broker.port,
            tls=self.broker.context(self.client_id),
            connect=Connect(
                client_id=self.client_id,
                keepalive_s=60,
                clean_start=True,
                will=Will(
                    topic=state,
                    payload=_encode({"online": False, "boot_id": self.boot_id}),
                    qos=1,
                    retain=True,
                ),
            ),
        )
        self._session = Session(
            options,
            [f"gas/v1/{self.client_id}/down/+"],
            self._heard,
            on_up=self._greet,
            rng=self.rng,
        )
        self._task = asyncio.create_task(self._session.run())

    async def _greet(self, client: Client) -> None:
        state = {"online": True, "boot_id": self.boot_id, "time_ms": self._time_ms(), "firmware": FIRMWARE}
        await client.publish(f"gas/v1/{self.client_id}/up/state", _encode(state), retain=True)
        self.buffer.reconnected(self.now())

    async def disconnect(self) -> None:
        """Leave cleanly."""
        if self._session is not None:
            await self._session.stop()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def cut_network(self) -> None:
        """Lose the network: the broker publishes the will, everything said from now on is kept."""
        self.cut = True
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._session = None

    def restore_network(self) -> None:
        """Connect again; what was kept is sent as buffered."""
        self.cut = False
        self.restored_at = self.now()
        self.connect()

    @property
    def caught_up(self) -> bool:
        """Return whether all that was said before the network came back is accepted, nothing dropped."""
        if self.restored_at is None or self.buffer.dropped or self.buffer.rejected:
            return False
        return all(kept.measured_at > self.restored_at for kept in self.buffer.kept.values())

    # --- saying ---

    def _time_ms(self) -> int:
        return self.now_ms() + self.clock_error_ms

    def _say(self, speaker: Speaker, content: dict[str, Any]) -> None:
        message = {
            "device_id": speaker.device.device_id,
            "boot_id": speaker.boot_id,
            "seq": speaker.seq,
            "time_ms": self._time_ms(),
            **content,
        }
        speaker.seq += 1
        self.buffer.add(message, self.now())
        self.on_said(message)

    def boot(self) -> None:
        """Let every device say that it started."""
        for speaker in self.speakers.values():
            self._say(speaker, {"type": "boot", "data": {"firmware": FIRMWARE, "reason": "power_on"}})
            speaker.next_reading_at = self.now() + self.rng.uniform(0, min(5.0, speaker.device.heartbeat_s))

    def events(self, device_id: str, said: list[Said]) -> None:
        """Say events of a device."""
        speaker = self.speakers[device_id]
        for type_, data in said:
            self._say(speaker, {"type": type_, "data": data})

    def read_due(self) -> None:
        """Say the readings that are due."""
        now = self.now()
        for speaker in self.speakers.values():
            device = speaker.device
            if device.unplugged or not (device.wants_reading or now >= speaker.next_reading_at):
                continue
            device.wants_reading = False
            speaker.next_reading_at = now + device.period_s * self.rng.uniform(0.9, 1.0)
            self._say(speaker, device.fields())

    def next_due(self) -> float:
        """Return when the next reading is due."""
        return min((speaker.next_reading_at for speaker in self.speakers.values()), default=0.0)

    def pump(self) -> None:
        """Send what is due, events first, readings in one list."""
        if self._session is None or not self._session.connected:
            return
        messages = self.buffer.due(self.now())
        if not messages:
            return
        events = [message for message in messages if "type" in message]
        readings = [message for message in messages if "type" not in message]
        with contextlib.suppress(MqttError, Busy):
            client = self._session.client
            for event in events:
                client.publish_nowait(f"gas/v1/{self.client_id}/up/event", _encode(event))
            for start in range(0, len(readings), READINGS_MAX):
                batch = readings[start : start + READINGS_MAX]
                payload = batch[0] if len(batch) == 1 else batch
                client.publish_nowait(f"gas/v1/{self.client_id}/up/reading", _encode(payload))

    # --- hearing ---

    def _heard(self, publishes: list[Publish], generation: int) -> None:
        acknowledged = []
        for topic, payload, packet_id, _retained in publishes:
            if packet_id:
                acknowledged.append(packet_id)
            if topic.endswith(b"/receipt"):
                self._receipt(msgspec.json.decode(payload))
            elif topic.endswith(b"/command"):
                self._command(payload.decode())
        if self._session is not None:
            self._session.ack(acknowledged, generation)

    def _receipt(self, receipt: dict[str, Any]) -> None:
        self.receipted += self.buffer.receipt(receipt)
        for device_id, logic in self.logics.items():
            self.logics[device_id] = logic.learn_time(receipt["server_time_ms"], self._monotonic_ms())

    def _monotonic_ms(self) -> int:
        return round(self.now() * 1000)

    def _command(self, text: str) -> None:
        """Give a command to the valve that it names; when it names none of ours, the first refuses it."""
        verdicts = {one: logic.judge(text, self._monotonic_ms()) for one, logic in self.logics.items()}
        mine = [one for one, verdict in verdicts.items() if verdict.reason != "wrong_valve"]
        for device_id in mine[:1] or list(verdicts)[:1]:
            valve = self.speakers[device_id].device
            if isinstance(valve, Valve) and not valve.deaf:
                self._obey(valve, verdicts[device_id])

    def _obey(self, valve: Valve, verdict: Verdict) -> None:
        self.logics[valve.device_id] = replace(self.logics[valve.device_id], memory=verdict.memory)
        data = verdict.data()
        if verdict.result == "done" and valve.position != "closed":
            # The same command again while the motor still runs (or should): it was accepted, no more.
            data["result"] = "accepted"
        self.events(valve.device_id, [("command_result", data)])
        if verdict.moves:
            self.events(valve.device_id, valve.close("command", verdict.command_id))
            if valve.position == "closed":
                self._done(valve)
        self.pump()
        self.on_moving(valve.device_id)

    def _done(self, valve: Valve) -> None:
        data = {"command_id": self.logics[valve.device_id].memory.command_id, "result": "done"}
        self.events(valve.device_id, [("command_result", data)])

    def step_valve(self, valve: Valve, seconds: float) -> None:
        """Let a valve's motor run; tell the result of the command when the limit switch says closed."""
        said = valve.step(seconds)
        self.events(valve.device_id, said)
        if said and said[0][1].get("cause") == "command":
            self._done(valve)
