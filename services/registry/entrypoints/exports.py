"""Lists as files: everything that a list's filters leave, up to a limit that the file names."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import IO, Annotated, Literal, TypeAlias
from urllib.parse import quote

from fastapi import Query, Request
from fastapi.responses import StreamingResponse

from services.registry.domain import areas
from services.registry.entrypoints.sheets import SHEETS, Cell, Line, Sheet, cell, shown
from services.registry.entrypoints.words import SAID, Column, Lang, Listed, said
from services.registry.ports import Moment, Row
from shared.chassis.openapi import Responses, plain
from shared.chassis.principal import Principal

ROWS_MAX = 100_000
AT_ONCE_MAX = 2
BATCH = 500
BLOCK = 1 << 18
Format: TypeAlias = Annotated[Literal["json", "csv", "xlsx"], Query()]
Language: TypeAlias = Annotated[Lang, Query()]
Batches: TypeAlias = AsyncGenerator[list[Row]]
Search: TypeAlias = Annotated[str, Query(max_length=100)]
# What says how to answer, and not about what.
HOW = frozenset({"format", "lang", "cursor", "limit"})


def as_file(page: Responses) -> Responses:
    """Return the `responses` of a route that answers with pages, or with all of them as a file."""
    for sheet in SHEETS.values():
        page = plain(sheet.media_type.partition(";")[0], page)
    return page


@dataclass(frozen=True, slots=True)
class Files:
    """Makes the files, a few at a time: each takes a connection, a core and some disk."""

    areas: Mapping[str, areas.Area]
    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE_MAX))

    async def answer(
        self, request: Request, asking: Principal, listed: Listed, rows: Batches, moment: Moment
    ) -> StreamingResponse:
        """Return the file of a list; what goes wrong while it is made is still a problem's answer."""
        lang: Lang = "en" if request.query_params.get("lang") == "en" else "zh-CN"
        headings = [column.heading(lang) for column in listed.columns]
        sheet: Sheet = SHEETS[request.query_params["format"]](headings, lang)
        async with self.turns:
            count, cut = await self._fill(sheet, listed.columns, rows, lang)
            about = self._about(request, asking, listed, moment, lang)
            number = said("cut", lang).format(rows=count) if cut else str(count)
            file = await asyncio.to_thread(sheet.end, [*about, (said("rows", lang), number)])
        area = request.query_params.get("area") or asking.area_code or asking.operator_id or "all"
        place = self._area_name(area) if lang == "zh-CN" else area
        plain = f"{listed.name}-{area}-{moment.day}.{sheet.suffix}"
        name = quote(f"{listed.title(lang)}-{place}-{moment.day}.{sheet.suffix}", safe="")
        headers = {
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{name}",
            "Cache-Control": "no-store",
        }
        return StreamingResponse(_blocks(file), media_type=sheet.media_type, headers=headers)

    async def _fill(
        self, sheet: Sheet, columns: tuple[Column, ...], rows: Batches, lang: Lang
    ) -> tuple[int, bool]:
        """Write the rows, and return how many there are and whether there were more."""
        count = 0
        async with aclosing(rows):
            async for batch in rows:
                kept = batch[: ROWS_MAX - count]
                count += len(kept)
                await asyncio.to_thread(self._add, sheet, columns, kept, lang)
                if len(kept) < len(batch):
                    return count, True
        return count, False

    def _add(self, sheet: Sheet, columns: tuple[Column, ...], rows: list[Row], lang: Lang) -> None:
        sheet.add(self._cells(columns, row, lang) for row in rows)

    def _cells(self, columns: tuple[Column, ...], row: Row, lang: Lang) -> list[Cell]:
        named = self.areas.get(row.get("area_code", ""))
        seen = {**row, "area_name": named.name} if named else row
        return [cell(column, seen.get(column.name), lang) for column in columns]

    def _area_name(self, code: str) -> str:
        found = self.areas.get(code.ljust(6, "0"))
        return found.name if found else code if code != "all" else said("all", "zh-CN")

    def _about(
        self, request: Request, asking: Principal, listed: Listed, moment: Moment, lang: Lang
    ) -> list[Line]:
        """Return what the file says of itself: what, whose rows, by which filter, when, by whom."""
        headings = {column.name: column.heading(lang) for column in listed.columns}
        filters = [
            f"{said(name, lang) if name in SAID else headings.get(name, name)}={self._named(name, value)}"
            for name, value in request.query_params.multi_items()
            if name not in HOW
        ]
        scope = asking.operator_id or self._named("area", asking.area_code or "") or said("all", lang)
        return [
            (said("list", lang), listed.title(lang)),
            (said("scope", lang), scope),
            (said("filter", lang), "; ".join(filters) or said("no_filter", lang)),
            (said("exported_at", lang), shown(moment.at)),
            (said("exporter", lang), asking.subject),
        ]

    def _named(self, name: str, value: str) -> str:
        found = self.areas.get(value.ljust(6, "0")) if name in {"area", "area_code"} and value else None
        return f"{value} {found.name}" if found else value


async def batches(rows: AsyncIterator[Row], together: int = BATCH) -> Batches:
    """Give rows some at a time."""
    batch: list[Row] = []
    async for row in rows:
        batch.append(row)
        if len(batch) == together:
            yield batch
            batch = []
    if batch:
        yield batch


async def _blocks(file: IO[bytes]) -> AsyncIterator[bytes]:
    with file:
        while block := await asyncio.to_thread(file.read, BLOCK):
            yield block
