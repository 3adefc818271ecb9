"""Who is unlicensed, and how well obliged users are covered: computed for a day, by what was known then."""

import datetime as dt
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Literal, TypeAlias

import msgspec

from services.registry.domain import coverage, licensing, search
from services.registry.ports import Oversight, Row

GroupBy: TypeAlias = Literal["county", "operator", "kind"]
_COLUMN: dict[GroupBy, str] = {"county": "area_code", "operator": "operator_id", "kind": "kind"}

_OF_A_SITE = ("site_id", "operator_id", "area_code", "name", "kind", "address")


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: an area ("" = everywhere), a day, by what knowledge; `words` are searched."""

    area: str
    day: dt.date
    known_at: dt.datetime
    words: tuple[str, ...] = ()


async def unlicensed(oversight: Oversight, question: Question) -> list[Row]:
    """Return the proposals of an area, one per operator and reason, in the order of their ids."""
    acts = await oversight.activities(question.area, question.day, question.known_at)
    operators = sorted({act["operator_id"] for act in acts})
    licences: dict[str, list[licensing.Licence]] = {}
    for row in await oversight.licences_of(operators, question.day, question.known_at):
        licences.setdefault(row["operator_id"], []).append(_licence(row))
    items: list[Row] = []
    for operator_id, group in groupby(acts, itemgetter("operator_id")):
        rows = list(group)
        if not search.found(question.words, rows[0]["search_text"], rows[0]["search_pinyin"]):
            continue
        activities = [_activity(row) for row in rows]
        found = licensing.findings(licences.get(operator_id, []), activities, question.day)
        items += [_proposal(operator_id, rows[0]["name"], finding, question) for finding in found]
    return sorted(items, key=itemgetter("unlicensed_id"))


def _activity(row: Row) -> licensing.Activity:
    return licensing.Activity(
        row["area_code"],
        row["kind"],
        row["gas"],
        tuple(row["site_ids"] or ()),
        tuple(row["unapproved_site_ids"] or ()),
        elsewhere=row["elsewhere"],
    )


def _licence(row: Row) -> licensing.Licence:
    holder = row["holder"]
    borrowed = holder if holder is not None and holder != row["operator_id"] else None
    renamed = {**row, "licence_class": row["class"], "borrowed_from": borrowed}
    return msgspec.convert(renamed, licensing.Licence)


def _proposal(operator_id: str, name: str, finding: licensing.Finding, question: Question) -> Row:
    """Return a proposal; a person confirms before anything is published (DOMAIN section 6)."""
    return {
        "unlicensed_id": f"{operator_id}.{finding.reason}",
        "operator_id": operator_id,
        "name": name,
        "reason": finding.reason,
        "since": finding.since.isoformat() if finding.since else None,
        "state": "proposed",
        "area_codes": list(finding.area_codes),
        "evidence": {
            "text": finding.text,
            "licence_ids": list(finding.licence_ids),
            "site_ids": list(finding.site_ids),
        },
        "at": question.day.isoformat(),
    }


async def judged_sites(
    oversight: Oversight, question: Question, after: str = ""
) -> AsyncIterator[tuple[Row, coverage.SiteCoverage]]:
    """Give every obliged and residential site with whether it is covered."""
    sites = oversight.sites_with_devices(
        question.area, question.day, question.known_at, after, question.words
    )
    async for site in sites:
        devices = msgspec.convert(site["devices"] or [], list[coverage.Device])
        yield site, coverage.judge(devices, question.day, residential=site["kind"] == "residential")


async def tallies(oversight: Oversight, question: Question, group_by: GroupBy) -> list[Row]:
    """Return the coverage of each group, in the order of the groups."""
    column = _COLUMN[group_by]
    groups: dict[str, coverage.Tally] = {}
    async for site, judged in judged_sites(oversight, question):
        tally = groups.setdefault(site[column], coverage.Tally())
        tally.add(judged, residential=site["kind"] == "residential", obliged=site["obliged"])
    return [_tally(group_by, group, groups[group]) for group in sorted(groups)]


def _tally(group_by: GroupBy, group: str, tally: coverage.Tally) -> Row:
    return {
        "group": group,
        _COLUMN[group_by]: group,
        "obliged": tally.obliged,
        "covered": tally.covered,
        "ratio": tally.ratio,
        "overdue": tally.overdue,
        "missing": dict(sorted(tally.missing.items())),
        "residential": {"sites": tally.residential, "covered": tally.residential_covered},
    }


async def missing(oversight: Oversight, question: Question, after: str = "") -> AsyncIterator[Row]:
    """Give obliged sites that are not covered, each with the reasons, in the order of their ids."""
    async for site, judged in judged_sites(oversight, question, after):
        if not judged.covered and site["obliged"] and site["kind"] != "residential":
            yield {**{name: site[name] for name in _OF_A_SITE}, "reasons": list(judged.reasons)}
