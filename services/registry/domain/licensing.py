"""Who operates without a licence, and for which of the reasons that the law tells apart (Order 583, 15, 45).

Everything here proposes with evidence; publishing needs a person (DOMAIN section 6). The reasons are kept
apart because the fines differ: no licence 50,000-500,000 yuan, outside its terms 30,000-200,000, lending
10,000-100,000 (Order 583, articles 45 and 46).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from services.registry.domain.areas import any_covers
from services.registry.domain.licences import State, state_on

Reason: TypeAlias = Literal[
    "never_licensed",
    "expired",
    "out_of_class",
    "out_of_area",
    "borrowed",
    "withdrawn",
    "annulled",
    "revoked",
    "suspended",
    "deregistered",
    "no_planning_approval",
]
STATIONS = frozenset({"gate_station", "regulating_station", "lng_station", "lpg_station"})
# Of several licences none of which serves, the one that comes nearest to serving gives the reason.
_NEAREST: tuple[Reason, ...] = (
    "out_of_area",
    "out_of_class",
    "suspended",
    "expired",
    "deregistered",
    "withdrawn",
    "annulled",
    "revoked",
    "borrowed",
    "never_licensed",
)
_ENDED: Mapping[State, Reason] = {
    "suspended": "suspended",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "annulled": "annulled",
    "revoked": "revoked",
    "deregistered": "deregistered",
}
# What class of licence the supply of a site needs [K]; `other` is never judged by machine: the text of the
# certificate decides. LPG may come piped from a cylinder station.
_CLASSES_BY_KIND: Mapping[str, frozenset[str]] = {
    "gate_station": frozenset({"pipeline"}),
    "regulating_station": frozenset({"pipeline"}),
    "pipeline": frozenset({"pipeline"}),
    "lng_station": frozenset({"pipeline", "vehicle"}),
    "lpg_station": frozenset({"bottled", "vehicle"}),
}
_CLASSES_BY_GAS: Mapping[str, frozenset[str]] = {
    "CH4": frozenset({"pipeline"}),
    "LPG": frozenset({"bottled", "pipeline"}),
    "C3H8": frozenset({"bottled", "pipeline"}),
    "C4H10": frozenset({"bottled", "pipeline"}),
}


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence as it stood on the day in question; `borrowed_from` names the firm it was issued to first."""

    licence_id: str
    number: str
    licence_class: str
    area_codes: tuple[str, ...]
    valid_from: dt.date
    valid_to: dt.date
    state: State
    renewal_filed_on: dt.date | None = None
    borrowed_from: str | None = None
    state_since: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What an operator does somewhere: sites of one kind and gas in one area, or its seat (`kind` "seat").

    `elsewhere` marks a seat whose sites lie elsewhere: then the area of the licence is not judged by it.
    """

    area_code: str
    kind: str
    gas: str | None = None
    site_ids: tuple[str, ...] = ()
    unapproved_site_ids: tuple[str, ...] = ()
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason why an operator is proposed for the list, with what it rests on.

    `since` is the first day of it, where the register tells one.
    """

    reason: Reason
    area_codes: tuple[str, ...]
    site_ids: tuple[str, ...]
    licence_ids: tuple[str, ...]
    text: str
    since: dt.date | None = None


def classes_for(kind: str, gas: str | None) -> frozenset[str] | None:
    """Return the classes of licence that an activity needs, or None when it cannot be told."""
    return _CLASSES_BY_KIND.get(kind) or (_CLASSES_BY_GAS.get(gas) if gas else None)


def verdict(licence: Licence, activity: Activity, day: dt.date) -> Reason | None:
    """Return why a licence does not cover an activity on a day, or None when it does."""
    if licence.borrowed_from is not None:
        return "borrowed"
    state = state_on(licence.state, licence.valid_from, licence.valid_to, licence.renewal_filed_on, day)
    if state == "applied":
        return "never_licensed"
    if state in _ENDED:
        return _ENDED[state]
    needed = classes_for(activity.kind, activity.gas)
    if needed is not None and licence.licence_class != "other" and licence.licence_class not in needed:
        return "out_of_class"
    if not activity.elsewhere and not any_covers(licence.area_codes, activity.area_code):
        return "out_of_area"
    return None


def judge(licences: Sequence[Licence], activity: Activity, day: dt.date) -> Reason | None:
    """Return why an operator's activity is unlicensed on a day, or None when one licence covers it."""
    verdicts = [verdict(licence, activity, day) for licence in licences]
    if None in verdicts:
        return None
    return min((found for found in verdicts if found), key=_NEAREST.index, default="never_licensed")


def findings(licences: Sequence[Licence], activities: Iterable[Activity], day: dt.date) -> list[Finding]:
    """Return every reason why an operator is unlicensed on a day, each once, with its evidence."""
    by_reason: dict[Reason, list[Activity]] = {}
    unapproved: list[Activity] = []
    for activity in activities:
        reason = judge(licences, activity, day)
        if reason is not None:
            by_reason.setdefault(reason, []).append(activity)
        if activity.kind in STATIONS and activity.unapproved_site_ids:
            unapproved.append(activity)
    found = [_finding(reason, acts, licences, day) for reason, acts in by_reason.items()]
    if unapproved:
        sites = tuple(site for activity in unapproved for site in activity.unapproved_site_ids)
        text = f"{len(sites)} station(s) without planning approval on record"
        found.append(Finding("no_planning_approval", _areas(unapproved), sites, (), text))
    return sorted(found, key=lambda finding: finding.reason)


def _finding(
    reason: Reason, activities: Sequence[Activity], licences: Sequence[Licence], day: dt.date
) -> Finding:
    named = [
        licence
        for licence in licences
        if any(verdict(licence, activity, day) == reason for activity in activities)
    ]
    sites = tuple(site for activity in activities for site in activity.site_ids)
    return Finding(
        reason,
        _areas(activities),
        sites,
        tuple(licence.licence_id for licence in named),
        "; ".join(_describe(licence) for licence in named) or "no licence on record",
        max((since for licence in named if (since := _since(licence, reason))), default=None),
    )


def _since(licence: Licence, reason: Reason) -> dt.date | None:
    """Return the first day on which a licence served no more; the register tells no day of other reasons."""
    if reason == "expired":
        return licence.valid_to + dt.timedelta(days=1)
    return licence.state_since if reason in _ENDED.values() else None


def _describe(licence: Licence) -> str:
    areas = ", ".join(licence.area_codes)
    text = (
        f"licence {licence.number} ({licence.licence_class}; {areas}; {licence.valid_from} to "
        f"{licence.valid_to}; {licence.state})"
    )
    return text + (f" was issued to operator {licence.borrowed_from}" if licence.borrowed_from else "")


def _areas(activities: Collection[Activity]) -> tuple[str, ...]:
    return tuple(sorted({activity.area_code for activity in activities}))
