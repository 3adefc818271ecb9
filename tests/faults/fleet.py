"""Simulated clients that live by receipts, connected only while a test needs them."""

import asyncio
import contextlib
import random
import time
from collections.abc import Callable
from typing import Any

from joserfc.jwk import KeySet

from simulators.client import Broker, SimulatedClient, Speaker
from simulators.devices import Detector, Instrument, Valve
from simulators.physics import Room
from simulators.valve_logic import ValveLogic
from tests.faults.ledger import Key, Ledger

STEP_S = 0.05
RESEND_S = 4.0
ALARM_READING_S = 8.0  # a device in alarm says a fresh reading at least every 10 s (WIRE section 1)


ALARM: dict[str, Any] = {"type": "alarm_raised", "data": {"level": "high", "lel_percent": 62.0}}


def now_ms() -> int:
    """Return Unix ms."""
    return time.time_ns() // 1_000_000


class FaultClient(SimulatedClient):
    """A client whose receipts are kept in a ledger and whose words a test chooses."""

    ledger: Ledger
    commands: int = 0
    alarming: dict[str, float]

    def _receipt(self, receipt: dict[str, Any]) -> None:
        self.ledger.note_receipt(receipt)
        super()._receipt(receipt)

    def _command(self, text: str) -> None:
        self.commands += 1
        super()._command(text)

    def message(
        self, device_id: str, content: dict[str, Any], without: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """Return a device's next message, not sent yet; what stands in `content` wins."""
        speaker = self.speakers[device_id]
        message = {
            "device_id": device_id,
            "boot_id": speaker.boot_id,
            "seq": speaker.seq,
            "time_ms": now_ms(),
        } | content
        for name in without:
            del message[name]
        speaker.seq += 1
        return message

    def send(self, message: dict[str, Any]) -> Key:
        """Send a message, and again until it has a receipt; return its key."""
        self.buffer.add(message, self.now())
        self.on_said(message)
        self.pump()
        return message["device_id"], message["boot_id"], message["seq"]

    def speak(self, device_id: str, content: dict[str, Any], without: tuple[str, ...] = ()) -> Key:
        """Let a device say something at once."""
        return self.send(self.message(device_id, content, without))

    def alarm(self, device_id: str) -> Key:
        """Let a detector be in alarm: the event at once, and fresh readings for as long as the test lasts."""
        detector = self.speakers[device_id].device
        assert isinstance(detector, Detector)
        detector.level, detector._shown, detector.noise_lel = "high", 62.0, 0.1
        self.alarming[device_id] = self.now() + ALARM_READING_S
        return self.speak(device_id, ALARM)

    def still_in_alarm(self) -> None:
        """Say the fresh readings that are due."""
        for device_id, due in self.alarming.items():
            if self.now() >= due:
                self.alarming[device_id] = self.now() + ALARM_READING_S
                self.speak(device_id, self.speakers[device_id].device.fields())

    @property
    def connected(self) -> bool:
        """Return whether the broker has taken us."""
        return self._session is not None and self._session.connected

    @property
    def waiting(self) -> int:
        """Return how many messages the broker has not acknowledged; while not connected, at least one."""
        return self._session.client.in_flight if self._session is not None and self.connected else 1

    def publish_raw(self, leaf: str, payload: bytes) -> None:
        """Publish bytes past the buffer, as a broken device would."""
        if self._session is None:
            raise RuntimeError("connect first")
        self._session.client.publish_nowait(f"gas/v1/{self.client_id}/up/{leaf}", payload)


class Site:
    """A user with a detector and a valve behind one controller."""

    def __init__(self, site_id: str, client: FaultClient) -> None:
        self.site_id = site_id
        self.client = client
        self.detector = f"{site_id}-d1"
        self.valve_id = f"{site_id}-v1"

    @property
    def valve(self) -> Valve:
        """Return the simulated valve."""
        found = self.client.speakers[self.valve_id].device
        assert isinstance(found, Valve)
        return found

    def closings(self) -> int:
        """Return how often the valve began to close, by its own log."""
        return sum(
            message.get("type") == "position_changed" and message["data"]["position"] == "closing"
            for key, message in self.client.ledger.said.items()
            if key[0] == self.valve_id
        )


class Fleet:
    """The clients of one test, stepped together; `load` makes some of them talk."""

    def __init__(self, broker: Broker, keys: KeySet, seed: int) -> None:
        self._broker = broker
        self._keys = keys
        self.rng = random.Random(seed)
        self.ledger = Ledger()
        self.clients: dict[str, FaultClient] = {}
        self._talking: dict[str, float] = {}
        self._rate = 0.0
        self._task: asyncio.Task[None] | None = None

    # --- who is there ---

    def client(self, client_id: str, ledger: Ledger) -> FaultClient:
        """Return a new client, not connected yet."""
        client = FaultClient(
            client_id, self._broker, time.monotonic, now_ms, random.Random(self.rng.random())
        )
        client.ledger = ledger
        client.alarming = {}
        client.on_said = ledger.note_said
        self.clients[client_id] = client
        return client

    async def site(self, site_id: str) -> Site:
        """Return a connected site whose valve knows the time and whose alarms are known to the platform."""
        client = self.client(f"{site_id}-c", self.ledger)
        client.add(Instrument(f"{site_id}-c", "controller", values={"supply": "mains"}))
        client.add(Detector(f"{site_id}-d1", "detector", room=Room()))
        client.add(Valve(f"{site_id}-v1", "valve", motor_s=0.5), ValveLogic(f"{site_id}-v1", self._keys))
        await self._up(client)
        found = Site(site_id, client)
        client.speak(found.detector, client.speakers[found.detector].device.fields())
        client.speak(found.valve_id, found.valve.fields())
        return found

    async def talkers(self, names: list[str], ledger: Ledger | None = None) -> list[FaultClient]:
        """Return connected detectors that speak for themselves, with books of their own if given."""
        found = []
        for name in names:
            client = self.client(name, ledger or self.ledger)
            client.add(Detector(name, "detector", room=Room()))
            found.append(client)
        await asyncio.gather(*(self._up(client) for client in found))
        return found

    async def _up(self, client: FaultClient) -> None:
        client.connect()
        client.boot()
        self.start()
        async with asyncio.timeout(60):
            while client.receipted < len(client.speakers):
                await asyncio.sleep(0.05)

    # --- talking ---

    def load(self, clients: list[FaultClient], per_second: float) -> None:
        """Let clients talk: `per_second` messages of each, one in five an event."""
        self._rate = per_second
        for client in clients:
            self._talking[client.client_id] = time.monotonic() + self.rng.random() / max(per_second, 0.1)

    def hush(self) -> None:
        """Let nobody talk any more."""
        self._talking.clear()

    def start(self) -> None:
        """Step everything until `stop`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        last = time.monotonic()
        pump_at = 0.0
        while True:
            await asyncio.sleep(STEP_S)
            now = time.monotonic()
            self._talk(now)
            for client in self.clients.values():
                client.still_in_alarm()
                for speaker in client.speakers.values():
                    if isinstance(speaker.device, Valve):
                        client.step_valve(speaker.device, now - last)
                if now >= pump_at or client.client_id in self._talking:
                    client.pump()
            pump_at = now + 0.5 if now >= pump_at else pump_at
            last = now

    def _talk(self, now: float) -> None:
        for name in self._talking:
            client = self.clients[name]
            while self._talking[name] <= now:
                self._talking[name] += 1 / self._rate
                speaker: Speaker = client.speakers[name]
                if speaker.seq % 5 == 4:
                    client.events(name, [("self_check", {"passed": True})])
                else:
                    client._say(speaker, speaker.device.fields())

    # --- the end ---

    def resend(self) -> None:
        """Let every client send again what has no receipt, as it does on connecting."""
        for client in self.clients.values():
            client.buffer.reconnected(time.monotonic())
            client.pump()

    async def drained(self, limit_s: float = 90.0) -> float:
        """Return after how many seconds everything that was said has its receipt; AssertionError if not."""
        began = time.monotonic()
        resend_at = began
        for name, client in self.clients.items():
            if name in client.speakers and client.buffer.kept:
                # An event's receipt comes at once and brings along those that would come within 20 s.
                client.events(name, [("self_check", {"passed": True})])
        while open_ := self.ledger.open():
            now = time.monotonic()
            assert now - began < limit_s, f"{len(open_)} without a receipt: {sorted(open_)[:5]}"
            if now >= resend_at:
                resend_at = now + RESEND_S
                self.resend()
            await asyncio.sleep(0.1)
        return time.monotonic() - began

    async def stop(self) -> None:
        """Disconnect everybody."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await asyncio.gather(*(client.disconnect() for client in self.clients.values()))


async def until(what: str, condition: Callable[[], Any], limit_s: float = 30.0, poll_s: float = 0.05) -> Any:
    """Return what a condition (a function, or one that returns an awaitable) gives as soon as it is true."""
    end = time.monotonic() + limit_s
    while True:
        found = condition()
        if hasattr(found, "__await__"):
            found = await found
        if found:
            return found
        assert time.monotonic() < end, f"not within {limit_s:g} s: {what}"
        await asyncio.sleep(poll_s)
