"""Lists: what stands in a row, their filters, their order."""

import datetime as dt
from typing import Any

from services.registry.domain.kinds import LICENCE
from services.registry.domain.licences import State, state_on
from services.registry.ports import Wanted
from tests.integration.registry.asking import QUJING, TODAY, ids, listed, sheet, table
from tests.integration.registry.harness import Registry, licence


async def test_names_stand_beside_ids(town: Registry) -> None:
    one = (await listed(town, "devices", q="00123"))[0]
    assert (one["site_name"], one["operator_name"]) == ("云岭人家饭庄", "昭通燃气有限公司")
    assert (await listed(town, "licences", q="lic-2"))[0]["operator_name"] == "曲靖能源"
    assert (await listed(town, "coverage:missing", q="qlxc"))[0]["operator_name"] == "曲靖能源"


async def test_licences_that_end_soon_come_by_their_end(town: Registry) -> None:
    ends = {"lic-c": 10, "lic-b": 30, "lic-a": 30, "lic-d": 31, "lic-e": 0, "lic-f": -1, "lic-g": 80}
    for id_, days in ends.items():
        end = (TODAY + dt.timedelta(days=days)).isoformat()
        await town.made("licences", licence(id_, "op-1", valid_from="2020-01-01", valid_to=end))
    revoked = await town.post("licences/lic-c:revoke", {"reason": "x"})
    assert revoked.status_code == 200, revoked.text
    soon = await listed(town, "licences", expiring_within=30)
    assert ids(soon) == ["lic-e", "lic-a", "lic-b"]
    first = (await town.get("licences", expiring_within=60, limit=2)).json()
    second = (await town.get("licences", expiring_within=60, limit=2, cursor=first["next_cursor"])).json()
    assert ids(first["items"] + second["items"]) == ["lic-e", "lic-a", "lic-b", "lic-d"]
    assert [row["许可证编号"] for row in table(await sheet(town, "licences", expiring_within=90))] == [
        "lic-e", "lic-a", "lic-b", "lic-d", "lic-g",
    ]  # fmt: skip
    in_a_week = (TODAY + dt.timedelta(days=7)).isoformat()
    later = await listed(town, "licences", expiring_within=30, at=in_a_week)
    assert ids(later) == ["lic-a", "lic-b", "lic-d"]
    assert ids(await listed(town, "licences", q="lic-a", expiring_within=30)) == ["lic-a"]
    assert await listed(town, "licences", QUJING, expiring_within=30) == []
    assert (await town.get("licences", expiring_within=31)).status_code == 422
    assert (await town.get("sites", expiring_within=30)).status_code == 422


async def test_a_licences_state_is_filtered_as_the_domain_says_it(town: Registry) -> None:
    """Every stored state, every place of the day: the database agrees with the domain."""
    begin, end = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
    ended: tuple[State, ...] = ("withdrawn", "annulled", "revoked", "deregistered")
    stored: tuple[State, ...] = ("applied", "valid", "renewal_pending", "suspended", *ended)
    filings = (None, dt.date(2026, 5, 31), dt.date(2026, 6, 1))
    known: dict[str, tuple[Any, ...]] = {}
    for number, (state, filed) in enumerate((state, filed) for state in stored for filed in filings):
        known[f"s{number:02}"] = (state, filed)
    async with town.store.worker() as unit:
        template = await unit.get(LICENCE, "lic-1")
        assert template is not None
        changed = {"valid_from": begin.isoformat(), "valid_to": end.isoformat()}
        await unit.insert(
            LICENCE,
            [
                {**template, **changed, "licence_id": id_, "state": state}
                | {"renewal_filed_on": filed and filed.isoformat()}
                for id_, (state, filed) in known.items()
            ],
            None,
        )
    for day in (dt.date(2025, 12, 31), begin, end, dt.date(2026, 7, 1)):
        async with town.store.worker() as unit:
            for state in (*stored, "expired"):
                found = await unit.page(LICENCE, Wanted(words=("s",), state=(state, day)), (), 100)
                expected = [
                    id_
                    for id_, (kept, filed) in known.items()
                    if state_on(kept, begin, end, filed, day) == state
                ]
                assert [row["licence_id"] for row in found if row["licence_id"] in known] == expected
    items = await listed(town, "licences", at="2026-07-01", state="expired")
    assert {item["state"] for item in items} == {"expired"}, "the state of the day that is asked about"


async def test_further_filters(town: Registry) -> None:
    assert ids(await listed(town, "sites", planning_approval="missing")) == ["site-2"]
    assert ids(await listed(town, "sites", obliged="false")) == []
    assert ids(await listed(town, "devices", active="true")) == ["dev-1", "dev-2", "dev-3"]
    assert ids(await listed(town, "coverage:missing", operator_id="op-1")) == ["site-2"]
    assert ids(await listed(town, "coverage:missing", kind="restaurant")) == ["site-3"]
    assert ids(await listed(town, "coverage:missing", reason="detector_missing")) == ["site-2"]
    assert (await town.get("sites", obliged="perhaps")).status_code == 422
