"""All rooms, lines, devices and clients of a city, stepped together."""

import asyncio
import heapq
import json
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from joserfc.jwk import KeySet

from simulators.city import City, Row
from simulators.client import Broker, SimulatedClient
from simulators.devices import INSTRUMENT_VALUES, Detector, Device, Instrument, Regulator, Valve
from simulators.physics import Line, Room
from simulators.valve_logic import ValveLogic

STEP_S = 0.1
CONNECT_AT_ONCE = 25
Listener = Callable[[dict[str, Any]], None]


@dataclass
class Zone:
    """What one valve protects: rooms with detectors, the valve, perhaps a line."""

    site_id: str
    zone: str
    detectors: list[Detector] = field(default_factory=list)
    valve: Valve | None = None
    regulators: list[Regulator] = field(default_factory=list)

    @property
    def supplied(self) -> bool:
        """Return whether gas flows; a valve that is moving still lets gas through."""
        return self.valve is None or self.valve.position != "closed"

    @property
    def quiet(self) -> bool:
        """Return whether nothing needs stepping here."""
        rooms = all(detector.room.quiet and not detector.level for detector in self.detectors)
        valve = self.valve is None or self.valve.position != "closing"
        lines = all(
            one.line.target_kpa is None and abs(one.line.outlet_kpa - one.line.rated_kpa) < 0.01
            for one in self.regulators
        )
        return rooms and valve and lines


class World:
    """The simulated city. `wake` a site after changing something in it; it falls asleep by itself."""

    def __init__(self, city: City, broker: Broker, keys: KeySet, seed: int) -> None:
        self._rng = random.Random(seed)
        self.clients: dict[str, SimulatedClient] = {}
        self.devices: dict[str, Device] = {}
        self.zones: dict[tuple[str, str], Zone] = {}
        self._zones_of: dict[str, list[Zone]] = defaultdict(list)
        self._client_of: dict[str, SimulatedClient] = {}
        self._site_of: dict[str, str] = {}
        self._awake: set[str] = set()
        self._listeners: list[Listener] = []
        for row in city.simulated():
            self._add(row, broker, keys)

    def _add(self, row: Row, broker: Broker, keys: KeySet) -> None:
        client_id = row["controller_id"] or row["device_id"]
        client = self.clients.get(client_id)
        if client is None:
            client = SimulatedClient(
                client_id,
                broker,
                time.monotonic,
                lambda: time.time_ns() // 1_000_000,
                random.Random(self._rng.random()),
            )
            client.on_said = self._tell
            client.on_moving = lambda device_id: self.wake(self._site_of[device_id])
            self.clients[client_id] = client
        device = self._make(row)
        zone = self.zones.get((row["site_id"], row["zone"]))
        if zone is None:
            zone = self.zones[row["site_id"], row["zone"]] = Zone(row["site_id"], row["zone"])
            self._zones_of[row["site_id"]].append(zone)
        logic = None
        if isinstance(device, Valve):
            zone.valve = device
            logic = ValveLogic(device.device_id, keys)
        elif isinstance(device, Detector):
            zone.detectors.append(device)
        elif isinstance(device, Regulator):
            zone.regulators.append(device)
        client.add(device, logic)
        self.devices[device.device_id] = device
        self._client_of[device.device_id] = client
        self._site_of[device.device_id] = row["site_id"]

    def _make(self, row: Row) -> Device:
        rng = random.Random(self._rng.random())
        common: dict[str, Any] = {
            "device_id": row["device_id"],
            "kind": row["kind"],
            "heartbeat_s": float(row["heartbeat_s"]),
            "rng": rng,
        }
        if row["kind"] == "detector":
            return Detector(**common, room=Room(gas=row["gas"] or "CH4"))
        if row["kind"] == "valve":
            return Valve(**common)
        if row["kind"] == "regulator":
            limits = json.loads(row["limits"] or "{}")
            return Regulator(**common, line=Line(), trip_kpa=limits.get("trip_kpa", 4.5))
        return Instrument(**common, values=INSTRUMENT_VALUES[row["kind"]])

    # --- for stories ---

    def zone(self, site_id: str, zone: str = "z1") -> Zone:
        """Return a zone of a site."""
        return self.zones[site_id, zone]

    def client_of(self, device_id: str) -> SimulatedClient:
        """Return who speaks for a device."""
        return self._client_of[device_id]

    def clients_of_site(self, site_id: str) -> list[SimulatedClient]:
        """Return who speaks for a site's devices."""
        ids = {one.device_id for zone in self._zones_of[site_id] for one in self._devices_in(zone)}
        return list({id(self._client_of[one]): self._client_of[one] for one in ids}.values())

    def share_room(self, site_id: str) -> Room:
        """Put all detectors of a site into one room and return it."""
        room = Room()
        for zone in self._zones_of[site_id]:
            for detector in zone.detectors:
                detector.room = room
        return room

    def supplied(self, site_id: str) -> bool:
        """Return whether gas flows in every zone of a site."""
        return all(zone.supplied for zone in self._zones_of[site_id])

    def wake(self, site_id: str) -> None:
        """Step a site until it is quiet again."""
        self._awake.add(site_id)

    def listen(self, listener: Listener) -> None:
        """Tell `listener` every message that a device says, at the moment it says it."""
        self._listeners.append(listener)

    def unreceipted(self) -> int:
        """Return how many messages are kept for want of a receipt."""
        return sum(len(client.buffer.kept) for client in self.clients.values())

    def site_of(self, device_id: str) -> str:
        """Return where a device is."""
        return self._site_of[device_id]

    def said(self) -> dict[str, int]:
        """Return how many messages each device said."""
        return {
            device_id: client.speakers[device_id].seq
            for client in self.clients.values()
            for device_id in client.speakers
        }

    def _tell(self, message: dict[str, Any]) -> None:
        for listener in self._listeners:
            listener(message)

    @staticmethod
    def _devices_in(zone: Zone) -> Iterable[Device]:
        yield from zone.detectors
        yield from zone.regulators
        if zone.valve is not None:
            yield zone.valve

    # --- running ---

    async def run(self) -> None:
        """Connect everybody, then step until cancelled."""
        try:
            for number, client in enumerate(self.clients.values(), start=1):
                client.connect()
                client.boot()
                if number % CONNECT_AT_ONCE == 0:
                    await asyncio.sleep(0.05)
            await self._step_until_cancelled()
        finally:
            await asyncio.gather(*(client.disconnect() for client in self.clients.values()))

    async def _step_until_cancelled(self) -> None:
        heartbeats = [
            (client.next_due(), number, client) for number, client in enumerate(self.clients.values())
        ]
        heapq.heapify(heartbeats)
        last = time.monotonic()
        pump_at = 0.0
        while True:
            now = time.monotonic()
            for site_id in list(self._awake):
                self._step_site(site_id, now - last)
            last = now
            while heartbeats and heartbeats[0][0] <= now:
                _, number, client = heapq.heappop(heartbeats)
                client.read_due()
                client.pump()
                heapq.heappush(heartbeats, (max(client.next_due(), now + STEP_S), number, client))
            if now >= pump_at:
                # What has no receipt yet is sent again when it is due; once a second is often enough.
                pump_at = now + 1.0
                for client in self.clients.values():
                    client.pump()
            await asyncio.sleep(STEP_S)

    def _step_site(self, site_id: str, seconds: float) -> None:
        quiet = True
        for zone in self._zones_of[site_id]:
            self._step_zone(zone, seconds)
            quiet = quiet and zone.quiet
        for client in self.clients_of_site(site_id):
            client.read_due()
            client.pump()
        if quiet:
            self._awake.discard(site_id)

    def _step_zone(self, zone: Zone, seconds: float) -> None:
        for room in {id(one.room): one.room for one in zone.detectors}.values():
            room.step(seconds, supplied=zone.supplied)
        for device in (*zone.detectors, *zone.regulators):
            said = device.step(seconds)
            if said and not device.unplugged:
                self._client_of[device.device_id].events(device.device_id, said)
        if zone.valve is not None:
            self._client_of[zone.valve.device_id].step_valve(zone.valve, seconds)
