"""S01: the load on people – floods, chattering, stale alerts (DOMAIN section 4, ISA-18.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.alerting.domain.platform import platform_signal
from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.signals import Sign, Signal

WINDOW_MS = 600_000
CHATTER_MS = 60_000
FLOOD_ENDS_BELOW = 5


@dataclass(frozen=True, slots=True)
class Chatter:
    """How often one family at one subject was raised within a minute, at which site."""

    site_id: str
    family: str
    subject: str
    count: int


@dataclass(frozen=True, slots=True)
class Figures:
    """What the alerts of the last minutes amount to; tests, canaries and S01 itself do not count.

    `raised` and `stale` are by operator: episodes opened within ten minutes, and active for over a day.
    `active` are the S01 alerts that are active now, as (site id, subject).
    """

    raised: Mapping[str, int]
    stale: Mapping[str, int]
    chattering: tuple[Chatter, ...]
    active: frozenset[tuple[str, str]]


def site_of_operator(operator_id: str) -> str:
    """Return the id under which alerts about a whole operator stand; no site can have it."""
    return f"operator:{operator_id}"


def judge(figures: Figures, points: Mapping[str, SetPoint], now_ms: int) -> list[Signal]:
    """Return what begins or lasts, and what is over."""
    lasting: dict[tuple[str, str], tuple[SetPoint, int]] = {}
    flood, chatter, stale = points["S01"], points["S01.chattering"], points["S01.stale"]
    for operator_id, count in figures.raised.items():
        place = (site_of_operator(operator_id), "flood")
        if count > (flood.value or 10) or (place in figures.active and count >= FLOOD_ENDS_BELOW):
            lasting[place] = (flood, count)
    for operator_id, count in figures.stale.items():
        lasting[(site_of_operator(operator_id), "stale")] = (stale, count)
    for found in figures.chattering:
        if found.count >= (chatter.value or 3):
            lasting[(found.site_id, f"chattering:{found.subject}:{found.family}")] = (chatter, found.count)
    begun = [
        _signal(Sign.CONTINUES, place, point, now_ms, float(count))
        for place, (point, count) in sorted(lasting.items(), key=lambda item: item[0])
    ]
    return begun + [_over(place, flood, now_ms) for place in _gone(figures.active, lasting)]


def _gone(
    active: Iterable[tuple[str, str]], lasting: Mapping[tuple[str, str], object]
) -> list[tuple[str, str]]:
    return sorted(place for place in active if place not in lasting)


def _over(place: tuple[str, str], point: SetPoint, now_ms: int) -> Signal:
    return _signal(Sign.CLEARED, place, point, now_ms, None)


def _signal(sign: Sign, place: tuple[str, str], point: SetPoint, now_ms: int, value: float | None) -> Signal:
    site_id, subject = place
    reason = subject.partition(":")[0]
    return platform_signal(sign, subject, point, now_ms, reason, site_id=site_id, value=value)
