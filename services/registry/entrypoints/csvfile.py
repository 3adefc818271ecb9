"""CSV as it comes from spreadsheets: encodings told apart, rows given one by one."""

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

BLOCK = 1 << 20
ROWS_MAX = 200_000
COLUMNS_MAX = 64


class BadFile(Exception):  # noqa: N818 - an answer, not an error of ours
    """The file cannot be read; `row` as a spreadsheet counts (the header is 1), `faults` (field, reason)."""

    def __init__(self, row: int, *faults: tuple[str, str]) -> None:
        super().__init__(f"row {row}: {'; '.join(reason for _, reason in faults)}")
        self.row = row
        self.faults = faults


def check_encoding(body: bytes) -> None:
    """Raise BadFile unless the body is UTF-8, with or without a byte order mark."""
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise BadFile(1, ("", "wrong encoding: the file is UTF-16; save it as UTF-8"))
    decoder = codecs.getincrementaldecoder("utf-8")()
    row = 1
    for start in range(0, len(body), BLOCK):
        block = body[start : start + BLOCK]
        try:
            decoder.decode(block, start + BLOCK >= len(body))
        except UnicodeDecodeError as error:
            row += block[: max(error.start, 0)].count(b"\n")
            reason = f"wrong encoding: not UTF-8{_guess(body)}; save it as UTF-8"
            raise BadFile(row, ("", reason)) from error
        row += block.count(b"\n")


def _guess(body: bytes) -> str:
    decoder = codecs.getincrementaldecoder("gb18030")()
    try:
        for start in range(0, len(body), BLOCK):
            decoder.decode(body[start : start + BLOCK], start + BLOCK >= len(body))
    except UnicodeDecodeError:
        return ""
    return " (it looks like GB18030 or GBK)"


class CsvFile:
    """The rows of a file as dicts of non-empty cells; may be read again from the start."""

    def __init__(self, body: bytes, columns: Sequence[str], required: Sequence[str]) -> None:
        check_encoding(body)
        self._body = body
        self._header = self._read_header(columns, required)

    def _reader(self) -> Iterator[list[str]]:
        text = io.TextIOWrapper(io.BytesIO(self._body), encoding="utf-8-sig", newline="")
        return csv.reader(text, strict=True)

    def _read_header(self, columns: Sequence[str], required: Sequence[str]) -> list[str]:
        try:
            header = [name.strip() for name in next(self._reader())]
        except StopIteration:
            raise BadFile(1, ("", "the file is empty")) from None
        except csv.Error as error:
            raise BadFile(1, ("", f"not CSV: {error}")) from error
        named = dict.fromkeys(header[:COLUMNS_MAX])
        faults = [(name, "missing column") for name in required if name not in header]
        faults += [(name, "unknown column") for name in named if name not in columns]
        faults += [(name, "the column stands here twice") for name in named if header.count(name) > 1]
        if faults:
            raise BadFile(1, *faults)
        return header

    def rows(self) -> Iterator[tuple[int, dict[str, str] | str]]:
        """Give (row number, cells), or why a row cannot be read: one bad row does not hide the others.

        An empty cell is left out, an empty line passed over; what is no CSV ends the file.
        """
        reader = self._reader()
        next(reader)
        row = 1
        try:
            for row, cells in enumerate(reader, start=2):
                if not any(cells):
                    continue
                if row > ROWS_MAX + 1:
                    yield row, f"more than {ROWS_MAX} rows; import them in parts"
                    return
                if len(cells) != len(self._header):
                    yield row, f"{len(cells)} cells, the header has {len(self._header)}"
                    continue
                pairs = zip(self._header, cells, strict=True)
                yield row, {name: cell for name, cell in pairs if cell.strip()}
        except csv.Error as error:
            yield row + 1, f"not CSV: {error}"
