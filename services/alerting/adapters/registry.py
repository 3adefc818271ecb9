"""Devices and sites from the registry's compacted topics, as the domain wants them."""

from collections.abc import Callable

import msgspec

from services.alerting.domain.setpoints import SetPoint, SetPoints, for_canaries
from services.alerting.domain.site import PLATFORM_SITE, SiteFacts
from services.alerting.domain.spec import DeviceFacts, Spec, make_spec
from shared.chassis.table import Table
from shared.contracts.objects import Device, Limits, Site
from shared.contracts.telemetry import partition_of
from shared.contracts.topic_names import DEVICE, SITE

Changed = Callable[[int, str], None]


class KafkaRegistry:
    """Follows `gas.device.v1` and `gas.site.v1`; tells who listens which device of a partition changed."""

    def __init__(
        self, bootstrap: str, now_ms: Callable[[], int], partitions: int, *, prefix: str = ""
    ) -> None:
        self._now_ms = now_ms
        self._partitions = partitions
        self._set_points = SetPoints()
        self._points: dict[tuple[str, str], dict[str, SetPoint]] = {}
        self._scopes: frozenset[str] = frozenset()
        self._of_site: dict[str, set[str]] = {}
        self._of_partition: dict[int, set[str]] = {}
        self._partition_of_site: dict[str, int] = {}
        self._listener: Changed = lambda *_: None
        self.devices: Table[Device] = Table(
            bootstrap, DEVICE, msgspec.json.Decoder(Device).decode, prefix=prefix, on_change=self._device
        )
        self.sites: Table[Site] = Table(
            bootstrap, SITE, msgspec.json.Decoder(Site).decode, prefix=prefix, on_change=self._site
        )

    def listen(self, listener: Changed) -> None:
        """Call `listener(partition, device_id)` when a device came, changed, or went."""
        self._listener = listener

    def use(self, set_points: SetPoints) -> None:
        """Take set-points; every device is worked out anew."""
        self._set_points = set_points
        self._scopes = set_points.scopes()
        self._points.clear()
        for device in self.devices:
            self._listener(self.partition(device.site_id), device.device_id)

    @property
    def points(self) -> dict[str, SetPoint]:
        """The set-points that hold where nothing else is said."""
        return self._at("", "")

    def partition(self, site_id: str) -> int:
        """Return the telemetry partition of a site."""
        found = self._partition_of_site.get(site_id)
        if found is None:
            found = self._partition_of_site[site_id] = partition_of(site_id, self._partitions)
        return found

    def device(self, device_id: str) -> Device | None:
        """Return a device."""
        return self.devices.get(device_id)

    def site(self, site_id: str) -> Site | None:
        """Return a site."""
        return self.sites.get(site_id)

    def site_of(self, device_id: str) -> str:
        """Return the site of a device, the platform's own for one that nobody knows."""
        device = self.devices.get(device_id)
        return device.site_id if device else PLATFORM_SITE

    def facts(self, site_id: str) -> SiteFacts:
        """Return a site's facts, bare ones for a site that is not known."""
        if site_id == PLATFORM_SITE:
            return SiteFacts(PLATFORM_SITE, operator_id=PLATFORM_SITE)
        if site_id.startswith("operator:"):
            return SiteFacts(site_id, operator_id=site_id.removeprefix("operator:"))
        found = [self.devices.get(device_id) for device_id in sorted(self._of_site.get(site_id, ()))]
        devices = [device for device in found if device is not None]
        site, now_ms = self.sites.get(site_id), self._now_ms()
        valves: dict[str, tuple[str, ...]] = {}
        for valve in (d for d in devices if d.kind == "valve" and d.active and d.retired_on is None):
            valves[valve.zone] = (*valves.get(valve.zone, ()), valve.device_id)
        under = (d.device_id for d in devices if d.maintenance and d.maintenance.until_ms > now_ms)
        return SiteFacts(
            site_id=site_id,
            operator_id=site.operator_id if site else devices[0].operator_id if devices else "",
            area_code=site.area_code if site else devices[0].area_code if devices else "",
            kind=site.kind if site else "",
            auto_close=site.auto_close if site else False,
            reserved=site.reserved if site else False,
            valves=valves,
            clients={d.device_id: d.client_id for d in devices if d.kind == "valve"},
            in_maintenance=frozenset(under),
            revision=site.revision if site else 0,
        )

    def specs(self, partition: int) -> list[Spec]:
        """Return the devices of a partition."""
        found = (self.spec(device_id) for device_id in sorted(self._of_partition.get(partition, ())))
        return [spec for spec in found if spec is not None]

    def spec(self, device_id: str) -> Spec | None:
        """Return a device worked out for the rules, None when it is gone or retired."""
        device = self.devices.get(device_id)
        return self._spec(device) if device and device.retired_on is None else None

    def _device(self, device_id: str, old: Device | None, new: Device | None) -> None:
        if old is not None and (new is None or new.site_id != old.site_id):
            self._of_site.get(old.site_id, set()).discard(device_id)
            partition = self.partition(old.site_id)
            self._of_partition.get(partition, set()).discard(device_id)
            self._listener(partition, device_id)
        if new is not None:
            self._of_site.setdefault(new.site_id, set()).add(device_id)
            partition = self.partition(new.site_id)
            self._of_partition.setdefault(partition, set()).add(device_id)
            self._listener(partition, device_id)

    def _site(self, site_id: str, _old: Site | None, _new: Site | None) -> None:
        for device_id in self._of_site.get(site_id, ()):
            self._listener(self.partition(site_id), device_id)

    def points_at(self, site_id: str) -> dict[str, SetPoint]:
        """Return the set-points in force at a site."""
        return self._at(self.facts(site_id).area_code, site_id)

    def _at(self, area_code: str, site_id: str) -> dict[str, SetPoint]:
        scoped = f"site:{site_id}" in self._scopes
        place = (area_code, site_id if scoped else "")
        if place not in self._points:
            self._points[place] = self._set_points.at(self._now_ms(), area_code, site_id)
        return self._points[place]

    def _spec(self, device: Device) -> Spec:
        site = self.sites.get(device.site_id)
        limits = device.limits or Limits()
        facts = DeviceFacts(
            device_id=device.device_id,
            site_id=device.site_id,
            zone=device.zone,
            kind=device.kind,
            site_kind=site.kind if site else "restaurant",
            area_code=device.area_code,
            client_id=device.client_id,
            gas=device.gas,
            lel_basis_volpct=device.lel_basis_volpct,
            heartbeat_ms=device.heartbeat_s * 1000,
            active=device.active and device.retired_on is None,
            maintenance_until_ms=device.maintenance.until_ms if device.maintenance else 0,
            business_hours=business_hours(site.business_hours) if site else None,
            **msgspec.structs.asdict(limits),
        )
        points = self._at(device.area_code, device.site_id)
        return make_spec(facts, for_canaries(points) if site is not None and site.reserved else points)


def business_hours(text: str) -> tuple[int, int] | None:
    """Return "10:00-22:00" as minutes of the day; None for what is empty or cannot be read: always open."""
    if not text:
        return None
    try:
        (h1, m1), (h2, m2) = (part.split(":") for part in text.split("-"))
        return int(h1) * 60 + int(m1), int(h2) * 60 + int(m2)
    except ValueError:
        return None
