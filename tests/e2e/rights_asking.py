"""Asks every route in every role for everybody's things, and returns what was not as it has to be."""

import itertools
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

import httpx
import pyotp

from shared.contracts.access import AUTHORITY, CREW, FIRM
from tests.e2e import rights_table as table
from tests.e2e.rights_cells import Cell, faults_of, said, without_ids
from tests.e2e.rights_ground import API, Ground, Owner, Person
from tests.e2e.rights_lists import OWNERS, Lists

BROKEN: dict[str, Any] = {"content": b"{", "headers": {"Content-Type": "application/json"}}


class Asking(Lists):
    """All questions; `cells` counts them by what was expected."""

    def __init__(self, ground: Ground, routes: list[str], may: Mapping[str, AbstractSet[str]]) -> None:
        super().__init__(ground, may)
        self._routes = routes
        self.cells: Counter[str] = Counter()

    # --- who asks for whose ---

    def _one_of_each_role(self) -> list[Person]:
        names = [f"{role}-a" for role in sorted(FIRM | CREW)] + [
            f"{role}-530602" for role in sorted(AUTHORITY)
        ]
        return [self.ground.people[name] for name in (*names, "administrator")]

    def _everybody(self) -> list[Person]:
        """Return who looks from both counties; firm `b` is only looked at."""
        others = {"b", "d", f"crew-a2-{self.ground.tail}"}
        return [one for one in self.ground.people.values() if others.isdisjoint({one.firm, one.crew})]

    def _owners(self, route: str) -> list[Owner]:
        owned = Cell(route, self.ground.people["administrator"], self.ground.owners["none"]).collection
        if owned is None:
            return [self.ground.owners["none"]]
        names = OWNERS if table.BELONGS_TO[owned] == "crew" else [name for name in OWNERS if name != "a2"]
        return [self.ground.owners[name] for name in names]

    def _cells(self, people: list[Person]) -> Iterator[Cell]:
        for route, who in itertools.product(self._routes, people):
            for owner in self._owners(route):
                yield Cell(route, who, owner)

    # --- asking ---

    async def _right(self, cell: Cell) -> httpx.Response:
        """Send what would be right if it were one's own."""
        params = {"device_id": cell.owner.things["devices"]} if cell.route in table.REFERS_TO else {}
        options: dict[str, Any] = {"params": params} if cell.method == "GET" else {}
        if cell.method not in {"GET", "DELETE"}:
            options = table.WRITES.get(cell.route, lambda _: {"json": {}})(cell.owner.things)
        headers = {"Idempotency-Key": str(uuid.uuid4()), "If-Match": "999999"} | options.pop("headers", {})
        return await self._ask(cell, headers=headers, **options)

    async def _wrong(self, cell: Cell) -> httpx.Response:
        """Send what changes nothing although it is one's own."""
        if cell.method == "GET" or cell.route.startswith(table.STALE):
            return await self._right(cell)
        return await self._ask(cell, json={"not_a_field": 1})

    async def _ask(self, cell: Cell, **options: Any) -> httpx.Response:
        if cell.route == "GET stream/{}":
            return await self._opened(cell)
        return await self.ground.ask(cell.who, cell.method, cell.path, **options)

    async def _opened(self, cell: Cell) -> httpx.Response:
        headers = {"Authorization": f"Bearer {cell.who.token}"}
        async with self.ground.http.stream("GET", f"{API}{cell.path}", headers=headers) as answer:
            if answer.status_code != 200:
                await answer.aread()
            return answer

    # --- what must come ---

    async def refused_by_role(self) -> list[str]:
        """Who lacks the verb gets the same 403 whatever the thing, also for one that does not exist."""
        cells = [
            cell
            for cell in self._cells(self._one_of_each_role())
            if cell.who.role not in self.may[cell.route]
        ]
        await self.ground.stay_signed_in()
        self.cells["refused by role"] += len(cells)

        async def one(cell: Cell) -> str | None:
            answer = await self._right(cell)
            good = answer.status_code == 403 and answer.json()["type"] == "forbidden"
            return None if good else f"{cell}: {said(answer)}, not 403"

        return await faults_of(one(cell) for cell in cells)

    async def refused_unread(self) -> list[str]:
        """Who lacks the verb is told so before anybody reads what was sent."""
        cells = [
            Cell(route, who, self.ground.owners["a"])
            for route in self._routes
            for who in self._one_of_each_role()
            if not route.startswith("GET") and who.role not in self.may[route]
        ]

        async def one(cell: Cell) -> str | None:
            answer = await self._ask(cell, **BROKEN)
            return None if said(answer) == "403 forbidden" else f"{cell}, broken: {said(answer)}, not 403"

        return await faults_of(one(cell) for cell in cells)

    async def refused_by_owner(self) -> list[str]:
        """What is another's is answered exactly as what does not exist."""
        cells = [
            cell
            for cell in self._cells(self._everybody())
            if cell.who.role in self.may[cell.route] and not cell.own
            if not (cell.who.role == "administrator" and cell.route in table.NAMED_FREELY)
        ]
        await self.ground.stay_signed_in()
        self.cells["refused by owner"] += len(cells)
        told: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)

        async def one(cell: Cell) -> str | None:
            answer = await self._right(cell)
            if cell.route not in table.TAKEN_IS_SAID:
                told[cell.route, cell.who.username][cell.owner.name] = without_ids(answer.text, cell.owner)
            return self._owner_fault(cell, answer)

        faults = await faults_of(one(cell) for cell in cells)
        for (route, who), answers in told.items():
            if len(set(answers.values())) > 1:
                faults.append(f"{route} by {who} tells strangers' things from no things: {answers}")
        return faults

    def _owner_fault(self, cell: Cell, answer: httpx.Response) -> str | None:
        taken = cell.route in table.TAKEN_IS_SAID
        if cell.route == "POST valves/{}:arm":
            good = said(answer) == "403 second-factor-required"  # before anything is looked up
        elif cell.route in table.REFUSED_BY_ROW or (taken and cell.owner.firm):
            good = said(answer) == "422 import-refused"
        else:
            good = said(answer) == "404 not-found"
        return None if good else f"{cell}: {said(answer)}, not 404"

    async def reached(self) -> list[str]:
        """What is one's own is reached: it is shown, or what is wrong with the request is told."""
        cells = [
            cell
            for cell in self._cells(
                [*self._one_of_each_role(), self.ground.people["regulator_officer-530600"]]
            )
            if cell.who.role in self.may[cell.route] and cell.own and cell.method != "DELETE"
        ]
        await self.ground.stay_signed_in()
        self.cells["reached"] += len(cells)

        async def one(cell: Cell) -> str | None:
            answer = await self._wrong(cell)
            if cell.method == "GET":
                good = answer.status_code in {200, 409}
            elif cell.route.startswith(table.STALE):
                good = answer.status_code == 412
            else:
                good = answer.status_code in {400, 415, 422}
            return None if good else f"{cell}: {said(answer)}"

        return await faults_of(one(cell) for cell in cells)

    async def armed(self) -> list[str]:
        """Even a right second factor opens no way to another's valve; a code serves once: one valve each."""
        faults = []
        for role, firm in (("watch", "b"), ("watch_supervisor", "c"), ("dispatcher", "none")):
            who, owner = self.ground.people[f"{role}-a"], self.ground.owners[firm]
            for ahead_s in (0, 30):  # this step's code may have been spent on signing in
                otp = pyotp.TOTP(who.totp_secret).at(int(time.time()) + ahead_s)
                body = {
                    "json": {"reason": "n", "otp": otp},
                    "headers": {"Idempotency-Key": str(uuid.uuid4())},
                }
                answer = await self.ground.ask(who, "POST", f"valves/{owner.things['valves']}:arm", **body)
                if said(answer) != "403 second-factor-wrong":
                    break
            if said(answer) != "404 not-found":
                faults.append(f"{role} arms the valve of {firm}: {said(answer)}")
        return faults

    async def deleted(self) -> list[str]:
        """The owner's own deletions work; strangers' did not, or these would find nothing."""
        who, owner = self.ground.people["watch-a"], self.ground.owners["a"]
        sessions = await self.rows(who, "sessions")
        owner.things["sessions"] = next(one["session_id"] for one in sessions if one["current"])
        cells = [Cell(f"DELETE {name}/{{}}", who, owner) for name in ("push-subscriptions", "sessions")]
        answers = [await self.ground.ask(cell.who, "DELETE", cell.path) for cell in cells]
        return [
            f"{cell}: {said(answer)}"
            for cell, answer in zip(cells, answers, strict=True)
            if answer.status_code != 204
        ]

    # --- who is nobody ---

    async def unknown(self) -> list[str]:
        """Without a token, after signing out, and with a disabled account there is nothing but 401."""
        left, closed = (self.ground.people.pop(f"administrator-{name}") for name in ("left", "closed"))
        assert (await self.ground.ask(left, "DELETE", "session")).status_code == 204
        await self.ground.do("administrator", f"people/{closed.username}:disable")
        nobody = Person("nobody", "administrator", token="n" * 43)
        cells = [
            Cell(route, who, owner)
            for route in self._routes
            for who in (nobody, left, closed)
            for owner in (self.ground.owners["a"],)
        ]

        async def one(cell: Cell) -> str | None:
            answer = await self._right(cell)
            return None if answer.status_code == 401 else f"{cell}: {said(answer)}, not 401"

        async def without(route: str) -> str | None:
            method, path = route.split(" ")
            answer = await self.ground.ask(None, method, path.replace("{}", "n"), **BROKEN)
            return None if answer.status_code == 401 else f"{route} without a token: {said(answer)}, not 401"

        return await faults_of([*(one(cell) for cell in cells), *(without(route) for route in self._routes)])

    async def from_elsewhere(self) -> list[str]:
        """A cookie with another page's Origin, or with none, writes nothing."""
        who = self.ground.people["administrator"]
        cookie = {"Cookie": f"gaswatch_session={who.token}", "Idempotency-Key": str(uuid.uuid4())}
        routes = [
            *(route for route in self._routes if not route.startswith("GET")),
            "POST session:refresh",
            "DELETE session",
        ]
        origins: list[dict[str, str]] = [{}, {"Origin": "null"}, {"Origin": "http://elsewhere.example"}]

        async def one(route: str, origin: dict[str, str]) -> str | None:
            cell = Cell(route, who, self.ground.owners["a"])
            options = table.WRITES.get(route, lambda _: {"json": {}})(cell.owner.things)
            headers = cookie | origin | options.pop("headers", {})
            answer = await self.ground.ask(None, cell.method, cell.path, headers=headers, **options)
            return None if said(answer) == "403 wrong-origin" else f"{cell} from {origin}: {said(answer)}"

        return await faults_of(one(route, origin) for route in routes for origin in origins)
