"""What lists and files show to whom, and a picture of everything to see that nothing changed."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from typing import Any

from tests.e2e.rights_ground import AREA_OF_FIRM, Ground, Person
from tests.e2e.rights_table import BEGINS_WITH, sees

LISTS = (
    "alerts", "orders", "crews", "shifts", "operators", "licences", "sites", "devices", "unlicensed",
    "coverage", "coverage:missing", "device-latest", "devices:heard-unregistered", "contacts", "routes",
    "deliveries", "handovers", "audit", "rule-proposals", "sessions",
)  # fmt: skip
# Collections of which everybody who may read them has at least what was seeded: the rows' ids.
HOLDS = {
    "alerts": "alert_id", "orders": "order_id", "crews": "crew_id", "shifts": "shift_id",
    "operators": "operator_id", "licences": "licence_id", "sites": "site_id", "contacts": "contact_id",
    "routes": "route_id", "deliveries": "delivery_id", "handovers": "handover_id",
    "rule-proposals": "proposal_id",
}  # fmt: skip
BY_FIRM = ("alerts", "orders", "crews", "operators", "licences", "sites", "devices")
FILES = ("operators", "licences", "sites", "devices", "unlicensed", "coverage:missing", "audit")
# What people change of a thing; the product itself goes on looking for crews and telling people.
FIELDS = {
    "alerts": ("acknowledged", "suppressed", "silenced", "confirmed", "assigned_to", "shelved_until"),
    "orders": ("state", "crew_id"),
    "rule-proposals": ("approved_by",),
    "handovers": ("accepted_by",),
}
PAGES_MAX, AUDIT_PAGES = 200, 2  # the chain holds every request of these tests
# Of firm `d` nothing is expected: other tests change what it has.
OWNERS = ("a", "a2", "b", "c", "none")


class Lists:
    """Reads lists to their end."""

    def __init__(self, ground: Ground, may: Mapping[str, AbstractSet[str]]) -> None:
        self.ground = ground
        self.may = may
        self.began = datetime.now(UTC)

    async def rows(self, who: Person, path: str, **params: str) -> list[dict[str, Any]]:
        """Return all pages of a list."""
        found: list[dict[str, Any]] = []
        wanted = params if path == "sessions" else {"limit": "500", **params}
        for number in range(PAGES_MAX):
            answer = await self.ground.ask(who, "GET", path, params=wanted)
            assert answer.status_code == 200, f"{who.username} {path}: {answer.text}"
            page = answer.json()
            found += page["items"]
            if not page["next_cursor"] or (path == "audit" and number == AUDIT_PAGES):
                return found
            wanted = wanted | {"cursor": page["next_cursor"]}
        raise AssertionError(f"{path} has no end")

    async def lists(self) -> tuple[list[str], Counter[str]]:
        """Return what was shown to whom although it is another's, and how many rows were looked at."""
        await self.ground.stay_signed_in()
        administrator, self.began = self.ground.people["administrator"], datetime.now(UTC)
        places = {row["device_id"]: row for row in await self.rows(administrator, "devices")}
        places |= {row["site_id"]: row for row in await self.rows(administrator, "sites")}
        asked = [
            (who, path)
            for path in LISTS
            for who in self.ground.people.values()
            if who.role in self.may[f"GET {path}"]
        ]
        faults: list[str] = []
        seen: Counter[str] = Counter()

        async def one(who: Person, path: str) -> None:
            rows = await self.rows(who, path)
            seen[path] += len(rows)
            faults.extend(
                f"{who.username} sees in {path}: {row}"
                for row in rows
                if not _theirs(self.ground, who, path, row, places)
            )
            faults.extend(self._missing(who, path, rows))
            if path in BY_FIRM:
                faults.extend(await self._strangers(who, path))

        await asyncio.gather(
            *(one(who, path) for who, path in asked),
            *(self._file(who, path, faults) for who, path in asked if path in FILES),
        )
        return faults, seen

    async def _strangers(self, who: Person, path: str) -> list[str]:
        """Nothing comes of asking by name for a firm that is not one's own: no row, and no figure."""
        names = [self.ground.operator(firm) for firm in AREA_OF_FIRM if not _of_firm(who, firm)]
        found = [name for name in names if await self.rows(who, path, operator_id=name)]
        if path == "alerts" and who.role in self.may["GET alert-figures"]:
            for name in names:
                figures = await self.ground.ask(who, "GET", "alert-figures", params={"operator_id": name})
                found += (
                    [f"{name} (figures)"] if figures.status_code != 200 or figures.json()["total"] else []
                )
        return [f"{who.username} asks in {path} for {name} and sees it" for name in found]

    def _missing(self, who: Person, path: str, rows: list[dict[str, Any]]) -> list[str]:
        if path not in HOLDS:
            return []
        shown = {row[HOLDS[path]] for row in rows}
        return [
            f"{who.username} misses in {path} what {owner.name} has"
            for owner in (self.ground.owners[name] for name in OWNERS)
            if sees(who, owner, path) and owner.things[path] not in shown
        ]

    async def _file(self, who: Person, path: str, faults: list[str]) -> None:
        """A list as a file holds no name of a firm that is not one's own."""
        since = {"since": self.began.isoformat()} if path == "audit" else {}
        answer = await self.ground.ask(who, "GET", path, params={"format": "csv"} | since)
        firms = [firm for firm in AREA_OF_FIRM if not _of_firm(who, firm)]
        text = answer.content.decode("utf-8-sig")
        if answer.status_code != 200 or any(self.ground.operator(firm) in text for firm in firms):
            faults.append(f"{who.username} {path} as a file: {answer.status_code} {text[:200]}")

    async def snapshot(self) -> dict[str, Any]:
        """Return everything of the three firms that somebody could have changed."""
        administrator = self.ground.people["administrator"]
        firms = {self.ground.operator(firm) for firm in "abc"}
        found: dict[str, Any] = {}
        for path, id_ in (HOLDS | {"devices": "device_id", "people": "username"}).items():
            if path == "deliveries":
                continue  # nobody changes these, and there are more of them all the time
            every = self._handovers() if path == "handovers" else self.rows(administrator, path)
            for row in await every:
                if row.get("operator_id") in firms or path == "rule-proposals":
                    names = FIELDS.get(path, ("revision", "disabled"))
                    found[f"{path}/{row[id_]}"] = [row.get(name) for name in names]
        return found

    async def _handovers(self) -> list[dict[str, Any]]:
        return [
            row for firm in "abc" for row in await self.rows(self.ground.people[f"watch-{firm}"], "handovers")
        ]


def _of_firm(who: Person, firm: str) -> bool:
    if who.role == "administrator":
        return True
    return who.firm == firm if who.area is None else AREA_OF_FIRM[firm].startswith(BEGINS_WITH[who.area])


def _theirs(ground: Ground, who: Person, path: str, row: dict[str, Any], places: dict[str, Any]) -> bool:
    """Return whether a row may be shown to somebody: by its operator, its area, its crew."""
    if who.role == "administrator" or path == "sessions":
        return True
    if path == "rule-proposals":
        row = places.get(row["scope"].removeprefix("site:"), row)
        if not row.get("scope", "site:").startswith("site:"):
            return True  # it holds at everybody's
    if path == "device-latest":
        row = places[row["device_id"]]
    if path == "coverage":
        return who.area is None or row["area_code"].startswith(BEGINS_WITH[who.area])
    if who.area is not None:
        areas: list[str] = row["area_codes"] if path == "unlicensed" else [row["area_code"]]
        return any(area.startswith(BEGINS_WITH[who.area]) for area in areas)
    if row["operator_id"] != ground.operator(str(who.firm)):
        return False
    return who.crew is None or path not in {"orders", "crews", "shifts"} or row["crew_id"] == who.crew
