"""A cell of the table of rights: who asks for what of whom."""

import asyncio
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass

import httpx

from tests.e2e import rights_table as table
from tests.e2e.rights_ground import Owner, Person


@dataclass(frozen=True)
class Cell:
    """Who asks what of whom."""

    route: str
    who: Person
    owner: Owner

    def __str__(self) -> str:
        return f"{self.route} by {self.who.username} of {self.owner.name}"

    @property
    def method(self) -> str:
        return self.route.split(" ")[0]

    @property
    def path(self) -> str:
        path = self.route.split(" ")[1]
        if "{}" not in path:
            return path
        return path.replace("{}", table.NOBODYS.get(self.route) or self.owner.things[path.split("/")[0]])

    @property
    def collection(self) -> str | None:
        """Whose rights decide: of what the body names, else of what the address names."""
        named = self.route.split(" ")[1].split("/")[0] if "{}" in self.route else None
        return table.REFERS_TO.get(self.route) or (None if self.route in table.NOBODYS else named)

    @property
    def own(self) -> bool:
        return self.collection is None or table.sees(self.who, self.owner, self.collection)


def said(answer: httpx.Response) -> str:
    """Return a problem's status and type."""
    kind = answer.headers.get("content-type", "")
    return (
        f"{answer.status_code} {answer.json().get('type', '')}"
        if kind.endswith("json")
        else str(answer.status_code)
    )


def without_ids(text: str, owner: Owner) -> str:
    for id_ in sorted(owner.things.values(), key=len, reverse=True):
        text = text.replace(id_, "…")
    return text


async def faults_of(asked: Iterable[Awaitable[str | None]]) -> list[str]:
    return [fault for fault in await asyncio.gather(*asked) if fault is not None]
