"""Gas in a room, and gas in a pipe: small models, stepped in seconds."""

from dataclasses import dataclass

# Lower explosion limits in vol% (DOMAIN.md section 2).
LEL_VOLPCT = {"CH4": 5.0, "LPG": 1.5, "C3H8": 2.1, "C4H10": 1.5}


@dataclass
class Room:
    """A well-mixed room: gas flows in through a leak, mixed air is carried off by ventilation.

    dc/dt = (q·(1 − c) − n·V/3600·c) / V with c the volume share, q the leak in m³/s, n air changes per hour.
    """

    volume_m3: float = 40.0
    air_changes_per_h: float = 6.0
    gas: str = "CH4"
    leak_m3h: float = 0.0
    share: float = 0.0

    def step(self, seconds: float, *, supplied: bool) -> None:
        """Advance; the leak flows only while the valve before it lets gas through."""
        inflow = self.leak_m3h / 3600 if supplied else 0.0
        outflow = self.air_changes_per_h * self.volume_m3 / 3600
        change = (inflow * (1 - self.share) - outflow * self.share) / self.volume_m3
        self.share = min(1.0, max(0.0, self.share + change * seconds))

    @property
    def lel_percent(self) -> float:
        """Return the concentration in percent of the lower explosion limit; it may exceed 100."""
        return self.share * 100 / LEL_VOLPCT[self.gas] * 100

    @property
    def quiet(self) -> bool:
        """Return whether nothing happens here."""
        return self.leak_m3h == 0.0 and self.lel_percent < 0.05


@dataclass
class Line:
    """A main behind a regulator: pressure sags when it is cut, flow surges; values settle first-order."""

    inlet_kpa: float = 300.0
    outlet_kpa: float = 2.4
    flow_m3h: float = 180.0
    rated_kpa: float = 2.4
    rated_flow_m3h: float = 180.0
    time_constant_s: float = 8.0
    target_kpa: float | None = None
    target_flow_m3h: float | None = None

    def step(self, seconds: float) -> None:
        """Advance towards what a story set, or towards normal."""
        share = min(1.0, seconds / self.time_constant_s)
        kpa = self.rated_kpa if self.target_kpa is None else self.target_kpa
        flow = self.rated_flow_m3h if self.target_flow_m3h is None else self.target_flow_m3h
        self.outlet_kpa += (kpa - self.outlet_kpa) * share
        self.flow_m3h += (flow - self.flow_m3h) * share
