"""The steps of a response order (DOMAIN 5) and how late ones are merged."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# A phone further ahead than this tells no position: it would stay the newest for as long.
PHONE_AHEAD_MS_MAX = 300_000
STEPS: tuple[str, ...] = (
    "received",
    "assessed",
    "dispatched",
    "accepted",
    "en_route",
    "arrived",
    "cordoned",
    "source_isolated",
    "evacuated",
    "ventilated",
    "below_20_lel",
    "located",
    "repaired",
    "pressure_held",
    "surroundings_checked",
    "supply_restored",
    "departed",
    "reviewed",
    "closed",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One reported step: `device_time_ms` by the phone's clock, `received_at_ms` by the database's.

    A phone without network reports later; both times stay, and nothing reported is ever thrown away.
    `corrects_ms` is the device time of the step that this one sets right, which may not have come yet.
    """

    step_id: str
    order_id: str
    step: str
    person: str
    crew_id: str | None
    device_time_ms: int
    received_at_ms: int = 0
    longitude: float | None = None
    latitude: float | None = None
    readings: tuple[Mapping[str, Any], ...] = ()
    attachment_ids: tuple[str, ...] = field(default=())
    note: str | None = None
    corrects_ms: int | None = None


def merged(steps: Iterable[Step]) -> list[Step]:
    """Return steps in the order in which they were done, by the phones' clocks."""
    return sorted(steps, key=lambda step: (step.device_time_ms, step.received_at_ms, step.step_id))
