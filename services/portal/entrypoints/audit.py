"""`/api/v1/audit`: what people did, and what was closed automatically; searched and exported."""

import csv
import io
from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse

from services.portal.entrypoints import shapes
from services.portal.entrypoints.sessions import Who
from services.portal.ports import Audit
from shared.chassis.database import area_prefix
from shared.chassis.http import LIMIT_DEFAULT, LIMIT_MAX, Limit, decode_cursor, page, query_problem
from shared.chassis.openapi import answers, plain
from shared.chassis.principal import Principal
from shared.chassis.times import parse_rfc3339, rfc3339

ROWS_MAX = 100_000
# Full-width forms begin a formula, too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
_COLUMNS = (
    "seq", "at", "kind", "actor", "role", "action", "object", "status", "reason", "address", "operator_id",
    "area_code", "about", "session_id", "before", "after",
)  # fmt: skip
Text = Annotated[str | None, Query(max_length=200)]


def shown(text: str) -> dict[str, Any]:
    """Return an entry as the API shows it."""
    entry: dict[str, Any] = orjson.loads(text)
    entry["at"] = rfc3339(entry.pop("at_ms"))
    return entry


def _ms(name: str, text: str | None) -> int | None:
    try:
        return parse_rfc3339(text) if text else None
    except (ValueError, OverflowError) as error:
        raise query_problem(name, "not a time of RFC 3339 with its offset") from error


def router(audit: Audit) -> APIRouter:
    """Return the routes of the audit chain."""
    routes = APIRouter(prefix="/api/v1", tags=["audit"])

    @routes.get("/audit", responses=plain("text/csv", answers(shapes.AuditEntryPage)))
    async def entries(
        request: Request,
        asking: Who,
        cursor: str | None = None,
        limit: Limit = LIMIT_DEFAULT,
        actor: Text = None,
        action: Text = None,
        object: Text = None,  # noqa: A002 - the word of the API
        kind: Text = None,
        operator_id: Text = None,
        area: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
        since: Text = None,
        until: Text = None,
        text: Text = None,
        format: Annotated[str | None, Query(pattern="^(json|csv)$")] = None,  # noqa: A002
    ) -> Any:
        """Return entries, the newest first, as JSON by pages or whole as CSV (100,000 rows at most)."""
        wanted = {
            "actor": actor,
            "action": action,
            "object": object,
            "kind": kind,
            "operator_id": operator_id,
            "area": area_prefix(area) if area else None,
            "from_ms": _ms("since", since),
            "to_ms": _ms("until", until),
            "text": text,
        }
        filters = {name: value for name, value in wanted.items() if value is not None}
        principal = asking[1]
        if format == "csv":
            rows = _csv(audit, principal, filters, str(request.query_params))
            name = {"Content-Disposition": 'attachment; filename="audit.csv"'}
            return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=name)
        before = decode_cursor(cursor, 1)[0] if cursor else None
        if not isinstance(before, int | None):
            raise query_problem("cursor", "not a cursor of this list")
        found = await audit.page(principal, filters, before, limit)
        return page([shown(text) for _, text in found], limit, [found[-1][0]] if found else None)

    return routes


def _line(values: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(values)
    return buffer.getvalue()


def _cell(value: Any) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    text = value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
    return f"'{text}" if text.startswith(_FORMULA) else text


async def _csv(audit: Audit, asking: Principal, filters: dict[str, Any], said: str) -> AsyncIterator[str]:
    """Give the rows with a BOM; the first line says who took them and by which filter."""
    yield "\ufeff" + _line([f"exported by {asking.subject}", f"filter: {said}"]) + _line(list(_COLUMNS))
    before, given = None, 0
    while given < ROWS_MAX:
        found = await audit.page(asking, filters, before, LIMIT_MAX)
        for _, text in found:
            entry = shown(text)
            yield _line([_cell(entry.get(name)) for name in _COLUMNS])
        given += len(found)
        if len(found) < LIMIT_MAX:
            return
        before = found[-1][0]
