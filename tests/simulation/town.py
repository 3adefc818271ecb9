"""The town of a run: its sites, zones, detectors and valves, made from the seed."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from services.alerting.adapters.valve_store import Place
from services.alerting.domain.setpoints import SetPoint, SetPoints
from services.alerting.domain.site import PLATFORM_SITE, SiteFacts
from services.alerting.domain.spec import DeviceFacts, Spec, make_spec

PARTITIONS = 2
HEARTBEAT_MS = 30_000
OPERATOR = "op-1"
AREA = "530602"


@dataclass
class Site:
    """One site: which zones it has, and whether its valves may be closed automatically."""

    site_id: str
    kind: str
    auto_close: bool
    valves: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Town:
    """Also the registry that alerting asks."""

    def __init__(self, chance: random.Random) -> None:
        self.sites: dict[str, Site] = {}
        self.devices: dict[str, DeviceFacts] = {}
        self._points = SetPoints().at(0)
        for number in range(3):
            self._site(f"s{number}", chance, auto_close=number == 0 or chance.random() < 0.6)
        self._specs = {device: make_spec(facts, self._points) for device, facts in self.devices.items()}

    def _site(self, site_id: str, chance: random.Random, *, auto_close: bool) -> None:
        kind = chance.choice(("restaurant", "restaurant", "market", "gate_station"))
        site = self.sites[site_id] = Site(site_id, kind, auto_close)
        for zone in ("a", "b") if chance.random() < 0.4 else ("a",):
            valve_id = f"{site_id}{zone}-valve"
            site.valves[zone] = (valve_id,)
            self._device(valve_id, site, zone, "valve")
            for number in range(chance.choice((1, 2, 2))):
                self._device(f"{site_id}{zone}-det{number}", site, zone, "detector")

    def _device(self, device_id: str, site: Site, zone: str, kind: str) -> None:
        self.devices[device_id] = DeviceFacts(
            device_id,
            site.site_id,
            zone,
            kind,
            site_kind=site.kind,
            area_code=AREA,
            client_id=device_id,
            gas="CH4" if kind == "detector" else None,
            lel_basis_volpct=5.0 if kind == "detector" else None,
            heartbeat_ms=HEARTBEAT_MS,
        )

    @property
    def detectors(self) -> list[DeviceFacts]:
        return [facts for facts in self.devices.values() if facts.kind == "detector"]

    @property
    def valves(self) -> list[DeviceFacts]:
        return [facts for facts in self.devices.values() if facts.kind == "valve"]

    @property
    def places(self) -> dict[str, Place]:
        return {
            v.device_id: Place(v.device_id, v.device_id, v.site_id, OPERATOR, AREA, v.zone)
            for v in self.valves
        }

    # --- what alerting asks of its registry ---

    @property
    def points(self) -> dict[str, SetPoint]:
        return self._points

    def facts(self, site_id: str) -> SiteFacts:
        site = self.sites.get(site_id)
        if site is None:
            return SiteFacts(site_id, operator_id=site_id)
        clients = {valve: valve for valves in site.valves.values() for valve in valves}
        return SiteFacts(
            site_id, OPERATOR, AREA, site.kind, site.auto_close, valves=site.valves, clients=clients
        )

    def specs(self, partition: int) -> list[Spec]:
        return [s for s in self._specs.values() if self.partition(s.facts.site_id) == partition]

    def spec(self, device_id: str) -> Spec | None:
        return self._specs.get(device_id)

    def site_of(self, device_id: str) -> str:
        facts = self.devices.get(device_id)
        return facts.site_id if facts else PLATFORM_SITE

    def partition(self, site_id: str) -> int:
        return sum(site_id.encode()) % PARTITIONS

    def listen(self, listener: Callable[[int, str], None]) -> None:
        """Devices do not change during a run."""
