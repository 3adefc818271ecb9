"""Which crew should go, and why: distance, skill, load, on shift."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

from services.dispatch.domain.model import Crew, Order, Place

EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG
CREW_PEOPLE_MIN = 2  # "a P1 crew is two people or more", "nobody alone" (DOMAIN 9 and 5)
DISTANCE_POINTS = 60.0
DISTANCE_HALF_KM = 10.0
SKILL_POINTS = 25.0
LOAD_POINTS = 15.0


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of a recommendation; `value` in the unit its code names, `points` of 100."""

    code: str
    value: float
    points: float = 0.0


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A crew, its score of 100, and the reasons; `available` = may be assigned without a person's word."""

    crew: Crew
    available: bool
    score: float
    reasons: tuple[Reason, ...]


def haversine_km(longitude_a: float, latitude_a: float, longitude_b: float, latitude_b: float) -> float:
    """Return the great-circle distance of two WGS-84 positions in kilometres."""
    d_lat = radians(latitude_b - latitude_a)
    d_lon = radians(longitude_b - longitude_a)
    a = sin(d_lat / 2) ** 2 + cos(radians(latitude_a)) * cos(radians(latitude_b)) * sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(a)))


def _distance(crew: Crew, place: Place) -> Reason:
    """Score how near the crew is; an unknown position scores nothing."""
    if crew.longitude is None or crew.latitude is None or place.longitude is None or place.latitude is None:
        return Reason("distance_unknown", 0.0)
    km = haversine_km(crew.longitude, crew.latitude, place.longitude, place.latitude)
    return Reason("distance_km", round(km, 2), DISTANCE_POINTS / (1 + km / DISTANCE_HALF_KM))


def is_free(crew: Crew) -> bool:
    """Return whether a crew could be sent to a leak: on shift, people enough, no order."""
    return crew.on_shift and len(set(crew.members)) >= CREW_PEOPLE_MIN and not crew.load


def judge(crew: Crew, order: Order, place: Place) -> Recommendation:
    """Return what speaks for and against sending `crew`."""
    wanted = set(order.skills)
    share = len(wanted & crew.skills) / len(wanted) if wanted else 1.0
    reasons = [
        _distance(crew, place),
        Reason("skill_share", share, SKILL_POINTS * share),
        Reason("load_orders", crew.load, LOAD_POINTS / (1 + crew.load)),
    ]
    people = len(set(crew.members))
    hindrances = [
        Reason("off_shift", 1.0) if not crew.on_shift else None,
        Reason("too_few_people", people) if people < CREW_PEOPLE_MIN and order.kind == "response" else None,
        Reason("busy_orders", crew.load) if crew.load else None,
        Reason("let_it_lapse", 1.0) if crew.crew_id in order.tried else None,
    ]
    against = [reason for reason in hindrances if reason is not None]
    score = round(sum(reason.points for reason in reasons), 2)
    return Recommendation(crew, not against, score, (*reasons, *against))


def recommend(order: Order, place: Place, crews: Iterable[Crew]) -> list[Recommendation]:
    """Return all crews, the available first, the best first; ties by crew id, so that it is repeatable."""
    judged = [judge(crew, order, place) for crew in crews if crew.crew_id != order.crew_id]
    return sorted(judged, key=lambda one: (not one.available, -one.score, one.crew.crew_id))


def in_words(recommendation: Recommendation) -> str:
    """Return the reasons as one line for a timeline: `distance_km=3.2 skill_share=1 …`."""
    return " ".join(f"{reason.code}={reason.value:g}" for reason in recommendation.reasons)
