"""Rows as CSV and XLSX that open in a spreadsheet as what they are: codes stay text, no cell is a formula."""

import csv
import datetime as dt
import io
import re
import tempfile
from collections.abc import Iterable, Sequence
from typing import IO, Any, Protocol, TypeAlias
from zoneinfo import ZoneInfo

import xlsxwriter

from services.registry.entrypoints.words import CODES, Column, Lang, said

Cell: TypeAlias = str | float | dt.date | None
Line: TypeAlias = tuple[str, str]
CHINA = ZoneInfo("Asia/Shanghai")
CELL_MAX = 32_767  # of a spreadsheet
# Full-width forms begin a formula, too.
_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
# What a spreadsheet that opens a CSV would show as another number, or as a date.
_MANGLED = re.compile(r"0\d+|\d{12,}|\d+[eE]\d+|\d{1,4}[-/]\d{1,2}([-/]\d{1,4})?", re.ASCII)


def shown(moment: dt.datetime) -> str:
    """Return a time as people here read it."""
    return moment.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S")


def cell(column: Column, value: Any, lang: Lang) -> Cell:
    """Return what a column shows of a field."""
    if value is None or value == "":
        return None
    if column.kind == "number":
        return float(value) if isinstance(value, float) else int(value)
    if column.kind == "day":
        return dt.date.fromisoformat(value)
    return _text(column, value, lang)[:CELL_MAX]


def _text(column: Column, value: Any, lang: Lang) -> str:
    words = CODES[column.codes] if column.codes and lang == "zh-CN" else {}
    if column.kind == "flag":
        return said("yes" if value else "no", lang)
    if column.kind == "list":
        return "; ".join(words.get(part, part) for part in value)
    if column.kind == "contacts":
        return "; ".join(
            " ".join(one[name] for name in ("name", "role", "phone") if one[name]) for one in value
        )
    if column.kind == "limits":
        return "; ".join(f"{name} {limit:g}" for name, limit in value.items() if limit is not None)
    if column.kind in {"time", "until"}:
        at = value["until"] if column.kind == "until" else value
        return shown(dt.datetime.fromisoformat(at))
    return str(words.get(value, value))


class Sheet(Protocol):
    """A file of rows that is being written; its methods block."""

    media_type: str
    suffix: str

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows."""
        ...

    def end(self, about: Sequence[Line]) -> IO[bytes]:
        """Write what the file says of itself, and return it from its beginning on."""
        ...


class Csv:
    """UTF-8 with a byte order mark, by which spreadsheets know it; what it says of itself comes first."""

    media_type = "text/csv; charset=utf-8"
    suffix = "csv"

    def __init__(self, headings: Sequence[str], _lang: Lang) -> None:
        self._headings = headings
        self._rows = tempfile.TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - lives on
        self._writer = csv.writer(self._rows)

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows."""
        self._writer.writerows([_plain(value) for value in row] for row in rows)

    def end(self, about: Sequence[Line]) -> IO[bytes]:
        """Return the whole file."""
        head = io.StringIO(newline="")
        writer = csv.writer(head)
        writer.writerows([_plain(part) for part in line] for line in about)
        writer.writerows([[], [_plain(heading) for heading in self._headings]])
        whole = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        whole.write(b"\xef\xbb\xbf" + head.getvalue().encode())
        with self._rows:
            self._rows.flush()
            self._rows.seek(0)
            while block := self._rows.buffer.read(1 << 20):
                whole.write(block)
        whole.seek(0)
        return whole


def _plain(value: Cell) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    if value.startswith(_FORMULA):
        return f"'{value}"
    return f"\t{value}" if _MANGLED.fullmatch(value) else value


class Xlsx:
    """A workbook: the rows, and a sheet on what they are. Rows go to disk as they come."""

    media_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    suffix = "xlsx"

    def __init__(self, headings: Sequence[str], lang: Lang) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
        self._book = xlsxwriter.Workbook(self._file, {"constant_memory": True})
        bold = self._book.add_format({"bold": True})
        self._date = self._book.add_format({"num_format": "yyyy-mm-dd"})
        # Text that stays text when somebody edits the cell.
        self._text = self._book.add_format({"quote_prefix": True})
        self._sheet = self._book.add_worksheet(said("list", lang))
        self._about = self._book.add_worksheet(said("about", lang))
        self._sheet.freeze_panes(1, 0)
        for number, heading in enumerate(headings):
            self._sheet.set_column(number, number, 18)
            self._sheet.write_string(0, number, heading, bold)
        self._columns = len(headings)
        self._next = 1

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        """Write rows."""
        for row in rows:
            for number, value in enumerate(row):
                self._put(number, value)
            self._next += 1

    def _put(self, number: int, value: Cell) -> None:
        if isinstance(value, str):
            style = self._text if value.startswith(_FORMULA) else None
            self._sheet.write_string(self._next, number, value, style)
        elif isinstance(value, dt.date):
            # Before 1900 a spreadsheet knows no days.
            if value.year >= 1900:
                self._sheet.write_datetime(self._next, number, value, self._date)
            else:
                self._sheet.write_string(self._next, number, value.isoformat())
        elif value is not None:
            self._sheet.write_number(self._next, number, value)

    def end(self, about: Sequence[Line]) -> IO[bytes]:
        """Return the whole file."""
        self._sheet.autofilter(0, 0, max(self._next - 1, 1), self._columns - 1)
        self._about.set_column(0, 0, 24)
        self._about.set_column(1, 1, 80)
        for number, line in enumerate(about):
            for place, part in enumerate(line):
                self._about.write_string(number, place, part)
        self._book.close()
        self._file.seek(0)
        return self._file


SHEETS: dict[str, type[Csv] | type[Xlsx]] = {"csv": Csv, "xlsx": Xlsx}
