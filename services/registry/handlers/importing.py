"""Importing many objects: every row is checked, and all are stored or none."""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from services.registry.domain.kinds import Kind
from services.registry.handlers.registering import Context, prepare, store
from services.registry.ports import Exists, Row, Unit

CHUNK_ROWS = 1000
ERRORS_MAX = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: its input, or what is wrong with its cells (field, reason)."""

    row: int
    given: Row | None
    wrong: Sequence[tuple[str, str]] = ()


@dataclass(slots=True)
class Report:
    """What an import did or would do; at most `ERRORS_MAX` errors are named, all are counted."""

    rows: int = 0
    errors: list[dict[str, str | int]] = field(default_factory=list)
    errors_total: int = 0

    def fault(self, row: int, name: str, reason: str) -> None:
        """Note an error."""
        self.errors_total += 1
        if len(self.errors) < ERRORS_MAX:
            self.errors.append({"row": row, "field": name, "reason": reason})


async def import_rows(
    unit: Unit,
    kind: Kind,
    lines: Callable[[], Iterator[Line]],
    context: Context,
    since: dt.date | None,
    *,
    dry_run: bool,
) -> Report:
    """Check every row and store them; the caller rolls back when the report has errors."""
    report = Report()
    seen: dict[str, int] = {}
    for chunk in _chunks(lines()):
        report.rows += len(chunk)
        good = _cells(kind, chunk, seen, report)
        taken = await unit.taken(kind, [given[kind.id] for _, given in good])
        for row, given in good:
            if given[kind.id] in taken:
                report.fault(row, kind.id, "already registered")
        rows, faults = await prepare(unit, kind, [given for _, given in good], context)
        for fault in faults:
            report.fault(good[fault.index][0], fault.field, fault.reason)
        if not report.errors_total and not dry_run:
            await _store(unit, kind, rows, context, since, report)
    report.errors.sort(key=lambda error: error["row"])
    return report


def _chunks(lines: Iterator[Line]) -> Iterator[list[Line]]:
    chunk: list[Line] = []
    for line in lines:
        chunk.append(line)
        if len(chunk) == CHUNK_ROWS:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _cells(kind: Kind, chunk: Sequence[Line], seen: dict[str, int], report: Report) -> list[tuple[int, Row]]:
    """Return the rows whose cells are right and whose id is new in this file."""
    good: list[tuple[int, Row]] = []
    for line in chunk:
        for name, reason in line.wrong:
            report.fault(line.row, name, reason)
        if line.given is None:
            continue
        first = seen.setdefault(line.given[kind.id], line.row)
        if first != line.row:
            report.fault(line.row, kind.id, f"duplicate id: row {first} has it already")
        else:
            good.append((line.row, line.given))
    return good


async def _store(
    unit: Unit,
    kind: Kind,
    rows: Sequence[Row],
    context: Context,
    since: dt.date | None,
    report: Report,
) -> None:
    try:
        await store(unit, kind, rows, context, since)
    except Exists as error:
        # Somebody registered one of them while this import ran.
        report.fault(0, kind.id, "one of these ids was registered meanwhile")
        raise ImportStoppedError(report) from error


class ImportStoppedError(Exception):
    """The transaction is spent; the report says why."""

    def __init__(self, report: Report) -> None:
        super().__init__("import stopped")
        self.report = report
