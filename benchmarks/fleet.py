"""Who speaks in a benchmark: 200 controllers for 20,000 detectors on 2,000 sites, and zones with valves."""

from dataclasses import dataclass
from datetime import UTC, timedelta
from datetime import datetime as moment
from typing import Any

from shared.chassis.clock import SystemClock
from simulators.city import City, Row, build, credit_code

OPERATOR = "op-bench"
AREA = "530602"
SITES_PER_CONTROLLER = 10
VALVE_SITES_PER_CONTROLLER = 20
CANARIES_ONLY: dict[str, Any] = {
    "seed": 1,
    "prefecture": "530600",
    "counties": [],
    "operators": [],
    "stations": [],
    "named_sites": [],
}
"""A city without anybody: what the watchdog needs is in every city."""


@dataclass(frozen=True)
class Fleet:
    """Counts; ids follow from them, so that every process of a benchmark knows them without being told."""

    controllers: int = 200
    detectors_each: int = 100
    valve_sites: int = 200

    @property
    def devices(self) -> int:
        """How many detectors send readings (controllers and valves' zones not counted)."""
        return self.controllers * self.detectors_each

    @property
    def valve_controllers(self) -> int:
        """How many controllers speak for zones with valves."""
        return -(-self.valve_sites // VALVE_SITES_PER_CONTROLLER)

    def clients(self) -> list[str]:
        """Return who connects, the controllers of valves last."""
        return [controller_id(n) for n in range(self.controllers)] + [
            valve_controller_id(n) for n in range(self.valve_controllers)
        ]

    def city(self) -> City:
        """Return the rows for the registry."""
        city = build(CANARIES_ONLY)
        now = moment.fromtimestamp(SystemClock().now_ms() / 1000, UTC)
        city.operators.append(
            {"operator_id": OPERATOR, "name": "测速燃气", "credit_code": credit_code(77), "area_code": AREA}
        )
        city.licences.append(_licence(now))
        for n in range(self.controllers):
            _controller(city, n, self.detectors_each)
        for n in range(self.valve_sites):
            _valve_site(city, n)
        return city


def controller_id(n: int) -> str:
    """Return the name of a controller."""
    return f"bench-c{n:03d}"


def detector_id(n: int, k: int) -> str:
    """Return the name of a controller's detector."""
    return f"bench-c{n:03d}-d{k:03d}"


def valve_controller_id(n: int) -> str:
    """Return the name of a controller of zones with valves."""
    return f"bench-v{n:03d}"


def valve_site_id(n: int) -> str:
    """Return the name of a site with one zone, two detectors (`-d0`, `-d1`) and a valve (`-v`)."""
    return f"bench-vs{n:03d}"


def _licence(now: moment) -> Row:
    return {
        "licence_id": "lic-bench", "operator_id": OPERATOR, "number": "滇060099G", "class": "pipeline",
        "area_codes": AREA, "issued_by": "县级燃气管理部门", "issued_on": "2024-01-01",
        "valid_from": "2024-01-01", "valid_to": f"{now + timedelta(days=365):%Y-%m-%d}",
    }  # fmt: skip


def _site(site_id: str, *, auto_close: bool) -> Row:
    return {
        "site_id": site_id, "operator_id": OPERATOR, "name": site_id, "kind": "restaurant", "area_code": AREA,
        "address": "-", "longitude": "103.7065", "latitude": "27.3201", "obliged": "true",
        "auto_close": str(auto_close).lower(), "gas": "CH4", "altitude_m": "1900",
    }  # fmt: skip


def _device(device_id: str, kind: str, site_id: str, controller: str, zone: str = "z1") -> Row:
    gas = kind == "detector"
    return {
        "device_id": device_id, "site_id": site_id, "zone": zone, "kind": kind, "gas": "CH4" if gas else "",
        "lel_basis_volpct": "5" if gas else "",
        "controller_id": "" if controller == device_id else controller,
        "model": f"bench-{kind}", "serial": f"S-{device_id}", "installed_on": "2025-06-01",
        "heartbeat_s": "600",
    }  # fmt: skip


def _controller(city: City, n: int, detectors: int) -> None:
    name = controller_id(n)
    for s in range(SITES_PER_CONTROLLER):
        city.sites.append(_site(f"bench-s{n:03d}-{s}", auto_close=False))
    city.devices.append(_device(name, "controller", f"bench-s{n:03d}-0", name))
    for k in range(detectors):
        site, zone = k % SITES_PER_CONTROLLER, k // SITES_PER_CONTROLLER // 2
        city.devices.append(
            _device(detector_id(n, k), "detector", f"bench-s{n:03d}-{site}", name, f"z{zone}")
        )


def _valve_site(city: City, n: int) -> None:
    site, client = valve_site_id(n), valve_controller_id(n // VALVE_SITES_PER_CONTROLLER)
    city.sites.append(_site(site, auto_close=True))
    if n % VALVE_SITES_PER_CONTROLLER == 0:
        city.devices.append(_device(client, "controller", site, client))
    for name, kind in (("d0", "detector"), ("d1", "detector"), ("v", "valve")):
        city.devices.append(_device(f"{site}-{name}", kind, site, client))
