"""`:import` of CSV for every kind: text/csv or an uploaded file; all rows or none."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Iterator
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile

from services.registry.domain.kinds import DEVICE
from services.registry.entrypoints import shapes
from services.registry.entrypoints.csvfile import BadFile, CsvFile
from services.registry.entrypoints.fields import CSV_CONTEXT
from services.registry.entrypoints.objects_api import Day
from services.registry.entrypoints.problems import answered
from services.registry.entrypoints.resources import RESOURCES, Resource, columns
from services.registry.handlers.importing import CHUNK_ROWS, ImportStoppedError, Line, Report, import_rows
from services.registry.handlers.registering import Context
from services.registry.ports import Store
from shared.chassis.http import Asking, problem, reason_of
from shared.chassis.idempotency import once
from shared.chassis.openapi import answers, refuses
from shared.chassis.principal import Principal
from shared.contracts.access import ADMINISTRATOR, LICENSERS

BODY_BYTES_MAX = 32 * 1024 * 1024
_LISTS = frozenset({"area_codes"})
_JSON = frozenset({"contacts", "limits"})


class _RolledBackError(Exception):
    """Nothing of the import stays; the answer is in it."""

    def __init__(self, report: Report) -> None:
        super().__init__("rolled back")
        self.report = report


async def read_body(request: Request) -> bytes:
    """Return the CSV of a request, uploaded or as its body; 413 when it is too large."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type.endswith("json"):
        raise problem(415, "unsupported-media-type", "An import is CSV: text/csv, or a form with the file.")
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > BODY_BYTES_MAX:
            raise problem(413, "too-large", f"At most {BODY_BYTES_MAX // 2**20} MiB; import it in parts.")
    body = bytes(chunks)
    # Starlette keeps what `body()` returned there; the idempotency key's digest reads it again.
    request._body = body  # noqa: SLF001
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        return body
    async with request.form(max_files=1, max_fields=8) as form:
        for part in form.values():
            if isinstance(part, UploadFile):
                return await part.read()
    raise problem(422, "request-validation-failed", "The form has no file.")


def convert(model: type[BaseModel], asking: Principal, row: int, cells: dict[str, str] | str) -> Line:
    """Return a row as input: lists are separated by `;`, structures are JSON in their cell."""
    if isinstance(cells, str):
        return Line(row, None, [("", cells)])
    given: dict[str, Any] = dict(cells)
    unstorable = [(name, "holds U+0000, which no text may") for name, cell in cells.items() if "\0" in cell]
    if unstorable:
        return Line(row, None, unstorable)
    for name in _LISTS & given.keys():
        given[name] = [part.strip() for part in given[name].replace("|", ";").split(";") if part.strip()]
    for name in _JSON & given.keys():
        try:
            given[name] = json.loads(given[name])
        except (ValueError, RecursionError):
            return Line(row, None, [(name, "not JSON")])
    try:
        fields = columns(model.model_validate(given, context=CSV_CONTEXT))
    except ValidationError as error:
        wrong = [
            (".".join(str(part) for part in fault["loc"]) or "row", reason_of(fault))
            for fault in error.errors()
        ]
        return Line(row, None, wrong)
    if fields.get("reserved") and not asking.has(ADMINISTRATOR):
        return Line(row, None, [("reserved", "only the administrator reserves a site")])
    return Line(row, fields)


async def controllers_in(file: CsvFile) -> frozenset[str]:
    """Return the controllers of a file of devices, which may stand below the devices that name them."""
    found = set()
    for number, (_, cells) in enumerate(file.rows()):
        if isinstance(cells, dict) and cells.get("kind", "").strip() == "controller":
            found.add(cells.get("device_id", "").strip())
        if number % CHUNK_ROWS == 0:
            await asyncio.sleep(0)  # other requests go on meanwhile
    return frozenset(found)


def imports_router(store: Store) -> APIRouter:
    """Return the import routes of all kinds."""
    router = APIRouter(prefix="/api/v1")
    for resource in RESOURCES:
        _add(router, store, resource)
    return router


def _add(router: APIRouter, store: Store, resource: Resource) -> None:
    fields = resource.create.model_fields
    names = {field.alias or name: field.is_required() for name, field in fields.items()}
    required = [name for name, needed in names.items() if needed]

    @router.post(
        f"/{resource.kind.resource}:import",
        name=f"import {resource.kind.resource}",
        tags=[resource.kind.resource],
        responses=answers(shapes.ImportReport) | refuses(shapes.ImportRefused, 422),
        openapi_extra={
            "requestBody": {
                "content": {
                    "text/csv": {"schema": {"type": "string"}},
                    "multipart/form-data": {
                        "schema": {
                            "type": "object",
                            "properties": {"file": {"type": "string", "format": "binary"}},
                        }
                    },
                },
                "required": True,
            }
        },
    )
    async def import_(
        request: Request, asking: Asking, dry_run: bool = False, effective_on: Day = None
    ) -> Response:
        body = await read_body(request)
        try:
            file = CsvFile(body, list(names), required)

            def lines() -> Iterator[Line]:
                return (convert(resource.create, asking, row, cells) for row, cells in file.rows())

            controllers = await controllers_in(file) if resource.kind is DEVICE else frozenset()
            return await _run(request, asking, store, resource, lines, controllers, dry_run, effective_on)
        except BadFile as error:
            report = Report()
            for field, reason in error.faults:
                report.fault(error.row, field, reason)
            return _refusal(report, dry_run=dry_run)
        except (_RolledBackError, ImportStoppedError) as error:
            return _refusal(error.report, dry_run=dry_run)


async def _run(
    request: Request,
    asking: Principal,
    store: Store,
    resource: Resource,
    lines: Callable[[], Iterator[Line]],
    controllers: frozenset[str],
    dry_run: bool,
    since: dt.date | None,
) -> Response:
    async with answered(), store.unit(asking) as unit:
        licenses = asking.has(LICENSERS)
        context = Context(store.areas, await unit.moment(), asking.subject, controllers, licenses)

        async def act() -> tuple[int, dict[str, Any]]:
            report = await import_rows(unit, resource.kind, lines, context, since, dry_run=dry_run)
            if dry_run or report.errors_total:
                raise _RolledBackError(report)
            return 200, {"rows": report.rows, "imported": report.rows, "errors": [], "dry_run": False}

        return await once(request, asking, unit.connection, act)


def _refusal(report: Report, *, dry_run: bool) -> Response:
    """Answer a dry run with what it found (200), an import with errors by a problem (422)."""
    found = {
        "rows": report.rows,
        "imported": 0,
        "errors": report.errors,
        "errors_total": report.errors_total,
        "dry_run": dry_run,
    }
    if dry_run:
        return Response(orjson.dumps(found), 200, media_type="application/json")
    title = f"Nothing was imported: {report.errors_total} error{'s' * (report.errors_total != 1)}."
    body = {"type": "import-refused", "title": title, "status": 422, **found}
    return Response(orjson.dumps(body), 422, media_type="application/problem+json")
