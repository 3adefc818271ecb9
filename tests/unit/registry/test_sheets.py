"""Files of lists: what a spreadsheet makes of them is what stood in the rows."""

import csv
import datetime as dt
import io
import re
import zipfile
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.coverage import Fault
from services.registry.domain.licences import State
from services.registry.domain.licensing import Reason
from services.registry.entrypoints.sheets import Cell, Csv, Xlsx, cell
from services.registry.entrypoints.words import CODES, LISTS, Column, Lang
from shared.contracts.objects import LicenceClass, SiteKind
from shared.contracts.wire import DeviceKind, GasKind

ABOUT = [("列表", "用气场所"), ("筛选条件", "=cmd|' /C calc'!A0")]
EVIL = ["=1+1", "+86 138", "-2", "@SUM(A1)", "\t=1", "\r=1", "＝1"]


def as_csv(*rows: list[Cell]) -> tuple[bytes, list[list[str]]]:
    sheet = Csv(["编号", "名称"], "zh-CN")
    sheet.add(rows)
    with sheet.end(ABOUT) as file:
        body = file.read()
    return body, list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))


def as_xlsx(*rows: list[Cell]) -> dict[str, str]:
    sheet = Xlsx(["编号", "名称"], "zh-CN")
    sheet.add(rows)
    with sheet.end(ABOUT) as file, zipfile.ZipFile(file) as found:
        return {name: found.read(name).decode() for name in found.namelist() if name.endswith(".xml")}


def test_a_csv_begins_with_its_mark_and_says_what_it_is() -> None:
    body, lines = as_csv(["op-1", "甲"])
    assert body.startswith(b"\xef\xbb\xbf")
    assert lines == [
        ["列表", "用气场所"],
        ["筛选条件", "'=cmd|' /C calc'!A0"],
        [],
        ["编号", "名称"],
        ["op-1", "甲"],
    ]


@pytest.mark.parametrize("text", EVIL)
def test_no_cell_is_a_formula(text: str) -> None:
    _, lines = as_csv([text, text])
    assert lines[-1] == [f"'{text}"] * 2
    found = as_xlsx([text, text])
    assert "<f>" not in found["xl/worksheets/sheet1.xml"]
    assert 'quotePrefix="1"' in found["xl/styles.xml"]


@pytest.mark.parametrize("code", ["00123", "530600123456789012", "1E5", "2024-01", "3-1", "1/2"])
def test_codes_that_a_spreadsheet_would_mangle_stay_text(code: str) -> None:
    _, lines = as_csv([code, code])
    assert lines[-1] == [f"\t{code}"] * 2


@pytest.mark.parametrize("code", ["530602", "site-1", "91110000600037341L", "滇 2025-01 号", "7"])
def test_others_stay_as_they_are(code: str) -> None:
    _, lines = as_csv([code, code])
    assert lines[-1] == [code] * 2


def test_numbers_and_days_are_what_they_are() -> None:
    _, lines = as_csv([-3.5, dt.date(2026, 1, 2)])
    assert lines[-1] == ["-3.5", "2026-01-02"]
    sheet = as_xlsx([-3.5, dt.date(2026, 1, 2)], ["530602", dt.date(1, 1, 1)])["xl/worksheets/sheet1.xml"]
    assert "<v>-3.5</v>" in sheet
    assert "<v>46024</v>" in sheet, "days since 1900"
    assert re.search(r'<c r="A3" t="inlineStr"><is><t>530602</t>', sheet), sheet
    assert "0001-01-01" in sheet


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), min_size=2, max_size=2))
def test_any_text_survives(texts: list[str]) -> None:
    _, lines = as_csv([texts[0] or None, texts[1] or None])
    assert [part.lstrip("'\t") for part in lines[-1]] == [text.lstrip("'\t") for text in texts]
    as_xlsx([texts[0] or None, texts[1] or None])


@pytest.mark.parametrize(
    ("column", "value", "zh", "en"),
    [
        (Column("a", "", "", "flag"), True, "是", "yes"),
        (Column("a", "", "", "flag"), False, "否", "no"),
        (Column("a", "", "", "list"), ["530602", "530621"], "530602; 530621", "530602; 530621"),
        (Column("a", "", "", codes="site_kind"), "gate_station", "门站", "gate_station"),
        (Column("a", "", "", codes="site_kind"), "new_kind", "new_kind", "new_kind"),
        (Column("a", "", "", "list", "lack"), ["valve_missing"], "切断阀未安装", "valve_missing"),
        (
            Column("", "", "", "time"),
            "2026-01-01T16:30:00.000Z",
            "2026-01-02 00:30:00",
            "2026-01-02 00:30:00",
        ),
        (Column("a", "", "", "limits"), {"trip_kpa": 4.2, "rated_kpa": None}, "trip_kpa 4.2", "trip_kpa 4.2"),
        (
            Column("a", "", "", "contacts"),
            [{"name": "店长", "phone": "13800000000", "role": ""}],
            "店长 13800000000",
            "店长 13800000000",
        ),
        (Column("a", "", ""), None, None, None),
        (Column("a", "", ""), "", None, None),
        (Column("a", "", "", "number"), 5, 5, 5),
        (Column("a", "", "", "day"), "2026-01-02", dt.date(2026, 1, 2), dt.date(2026, 1, 2)),
    ],
)
def test_what_a_cell_shows(column: Column, value: Any, zh: Cell, en: Cell) -> None:
    assert cell(column, value, "zh-CN") == zh
    assert cell(column, value, "en") == en


def test_every_code_has_its_word() -> None:
    for table, known in (
        ("site_kind", get_args(SiteKind)),
        ("device_kind", get_args(DeviceKind)),
        ("gas", get_args(GasKind)),
        ("class", get_args(LicenceClass)),
        ("state", get_args(State)),
        ("reason", get_args(Reason)),
    ):
        assert set(CODES[table]) == set(known), table
    faults = {"missing", *get_args(Fault)}
    assert set(CODES["lack"]) == {f"{kind}_{fault}" for kind in ("detector", "valve") for fault in faults}


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_no_two_columns_of_a_list_have_one_heading(lang: Lang) -> None:
    for listed in LISTS.values():
        headings = [column.heading(lang) for column in listed.columns]
        assert len(headings) == len(set(headings)), listed.name
        assert all(column.codes is None or column.codes in CODES for column in listed.columns)
