"""How much of people's attention alarms took: the figures of DOMAIN section 4 (EEMUA 191, ISA-18.2).

An alarm is an episode when it opens. A position is an operator's: floods are each position's own.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from services.alerting.domain.load import CHATTER_MS, FLOOD_ENDS_BELOW, WINDOW_MS

FLOOD_BEGINS_ABOVE = 10
CHATTERS_FROM = 3
STALE_MS = 86_400_000
WORST_MAX = 10
# What of all alarms may have a priority; P3 and P4 together are the low ones.
TARGETS = {"P1": 5.0, "P2": 15.0, "P3": 80.0}
PRIORITIES = ("P1", "P2", "P3", "P4")


@dataclass(frozen=True, slots=True)
class Alarm:
    """An episode: when it opened, and when a person acknowledged it (Unix ms); `device_id` raised it."""

    at_ms: int
    priority: str
    operator_id: str
    site_id: str
    device_id: str
    acknowledged_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """What is asked about (Unix ms): `from_ms` inclusive, `to_ms` exclusive."""

    from_ms: int
    to_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.to_ms - self.from_ms


@dataclass(frozen=True, slots=True)
class Flood:
    """More alarms than a person can take in: from the alarm that was one too many until few came.

    `count` are the alarms in it, with those of the ten minutes that began it.
    """

    operator_id: str
    from_ms: int
    to_ms: int
    count: int


@dataclass(frozen=True, slots=True)
class Chattering:
    """A device that alarmed three times or more within a minute; `count` is the most of any minute."""

    device_id: str
    site_id: str
    count: int
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class Share:
    """How many alarms had a priority, and how much that is of all."""

    priority: str
    count: int
    percent: float


@dataclass(frozen=True, slots=True)
class Actor:
    """A device and how many alarms were its."""

    device_id: str
    site_id: str
    count: int


@dataclass(frozen=True, slots=True)
class Answering:
    """How long people took to acknowledge alarms of a priority, in seconds."""

    priority: str
    count: int
    median_s: float
    p95_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of a span; `per_window` are counts of ten minutes each, by their beginning (Unix ms)."""

    total: int
    positions: int
    per_window: list[tuple[int, int]]
    floods: list[Flood]
    in_flood_percent: float
    chattering: list[Chattering]
    priorities: list[Share]
    worst: list[Actor]
    acknowledged: list[Answering]


def compute(alarms: Sequence[Alarm], span: Span) -> Figures:
    """Return the figures of a span.

    `alarms` come in the order of their time and begin some time before the span, so that a flood which lasts
    at its beginning is known.
    """
    within = [alarm for alarm in alarms if span.from_ms <= alarm.at_ms < span.to_ms]
    positions = {alarm.operator_id for alarm in within}
    by_position: dict[str, list[int]] = {}
    for alarm in alarms:
        if alarm.at_ms < span.to_ms:
            by_position.setdefault(alarm.operator_id, []).append(alarm.at_ms)
    floods = [flood for id_ in sorted(by_position) for flood in _floods(id_, by_position[id_], span)]
    flooded_ms = sum(flood.to_ms - flood.from_ms for flood in floods)
    positions |= {flood.operator_id for flood in floods}
    whole_ms = span.length_ms * len(positions)
    return Figures(
        total=len(within),
        positions=len(positions),
        per_window=_per_window(within, span),
        floods=sorted(floods, key=lambda flood: (flood.from_ms, flood.operator_id)),
        in_flood_percent=_percent(flooded_ms, whole_ms),
        chattering=_chattering(within),
        priorities=_shares(within),
        worst=_worst(within),
        acknowledged=_answering(within),
    )


def _percent(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0


def _per_window(alarms: Iterable[Alarm], span: Span) -> list[tuple[int, int]]:
    """Return counts by windows that begin at full ten minutes; the first and last may lie partly outside."""
    counts = Counter(alarm.at_ms // WINDOW_MS for alarm in alarms)
    windows = range(span.from_ms // WINDOW_MS, -(-span.to_ms // WINDOW_MS))
    return [(window * WINDOW_MS, counts[window]) for window in windows]


def _floods(operator_id: str, times: Sequence[int], span: Span) -> list[Flood]:
    """Return a position's floods, cut to the span; at each moment the alarms of ten minutes count."""
    changes = Counter(times)
    changes.subtract(at_ms + WINDOW_MS for at_ms in times)
    found: list[tuple[int, int]] = []
    count, began = 0, None
    for at_ms in sorted(changes):
        if at_ms >= span.to_ms:
            break
        count += changes[at_ms]
        if began is None and count > FLOOD_BEGINS_ABOVE:
            began = at_ms
        elif began is not None and count < FLOOD_ENDS_BELOW:
            found.append((began, at_ms))
            began = None
    if began is not None:
        found.append((began, span.to_ms))
    return [
        Flood(operator_id, max(begin, span.from_ms), end, _between(times, begin - WINDOW_MS, end))
        for begin, end in found
        if end > span.from_ms
    ]


def _between(times: Sequence[int], after_ms: int, before_ms: int) -> int:
    return bisect_left(times, before_ms) - bisect_right(times, after_ms)


def _chattering(alarms: Iterable[Alarm]) -> list[Chattering]:
    """Return who alarmed three times or more within a minute, the worst first."""
    by_device: dict[tuple[str, str], list[int]] = {}
    for alarm in alarms:
        if alarm.device_id:
            by_device.setdefault((alarm.device_id, alarm.site_id), []).append(alarm.at_ms)
    found = []
    for (device_id, site_id), times in by_device.items():
        recent: deque[int] = deque()
        most, began, last = 0, 0, 0
        for at_ms in times:
            while recent and recent[0] <= at_ms - CHATTER_MS:
                recent.popleft()
            recent.append(at_ms)
            if len(recent) >= CHATTERS_FROM:
                most, began, last = max(most, len(recent)), began or recent[0], at_ms
        if most:
            found.append(Chattering(device_id, site_id, most, began, last))
    return sorted(found, key=lambda one: (-one.count, one.device_id))


def _shares(alarms: Sequence[Alarm]) -> list[Share]:
    counts = Counter(alarm.priority for alarm in alarms)
    return [Share(name, counts[name], _percent(counts[name], len(alarms))) for name in PRIORITIES]


def _worst(alarms: Iterable[Alarm]) -> list[Actor]:
    counts = Counter((alarm.device_id, alarm.site_id) for alarm in alarms if alarm.device_id)
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [Actor(device_id, site_id, count) for (device_id, site_id), count in ranked[:WORST_MAX]]


def _answering(alarms: Iterable[Alarm]) -> list[Answering]:
    """Return how long acknowledging took, by priority; what nobody acknowledged does not count."""
    took: dict[str, list[int]] = {}
    for alarm in alarms:
        if alarm.acknowledged_ms is not None:
            took.setdefault(alarm.priority, []).append(max(alarm.acknowledged_ms - alarm.at_ms, 0))
    return [
        Answering(name, len(times), _seconds(median(times)), _seconds(times[-(-len(times) * 95 // 100) - 1]))
        for name, times in sorted((name, sorted(times)) for name, times in took.items())
    ]


def _seconds(ms: float) -> float:
    return round(ms / 1000, 1)
