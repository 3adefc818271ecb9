"""Lists given whole as files: the rows of the pages, and by whom, when and by which filter."""

import csv
import datetime as dt
import io
import zipfile
from urllib.parse import unquote

import pytest

from services.registry.entrypoints import exports, lists
from shared.chassis.principal import Principal
from tests.integration.registry.asking import TODAY, ZHAOTONG, ids, listed, sheet, table
from tests.integration.registry.harness import ADMIN, Registry, operator, tenant


@pytest.mark.parametrize(
    ("path", "column"),
    [
        ("operators", "企业编号"),
        ("sites", "场所编号"),
        ("licences", "许可证编号"),
        ("devices", "设备编号"),
        ("unlicensed", "企业编号"),
        ("coverage:missing", "场所编号"),
    ],
)
@pytest.mark.parametrize("asking", [ADMIN, ZHAOTONG, tenant("op-2")])
async def test_a_file_has_the_rows_of_the_pages(
    town: Registry, path: str, column: str, asking: Principal
) -> None:
    await town.made("operators", operator("op-3", name="大关瓶装气站", area_code="530624"))
    for filters in ({}, {"q": "x"}, {"area": "530600"}, {"at": (TODAY - dt.timedelta(days=1)).isoformat()}):
        items = await listed(town, path, asking, limit=500, **filters)
        assert [row[column] for row in table(await sheet(town, path, asking, **filters))] == ids(items)


async def test_a_csv_says_by_whom_when_and_by_which_filter(town: Registry) -> None:
    response = await town.get("sites", ZHAOTONG, format="csv", area="530602", kind="gate_station", q="1")
    lines = list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))
    said = dict(lines[: lines.index([])])
    assert said["列表"] == "用气场所和场站"
    assert said["数据范围"] == "530600 昭通市"
    assert said["筛选条件"] == "行政区划=530602 昭阳区; 场所类型=gate_station; 搜索=1"
    assert said["导出时间(北京时间)"].startswith(TODAY.isoformat())
    assert said["导出人"] == ZHAOTONG.subject
    assert said["行数"] == "1"
    name = response.headers["content-disposition"]
    assert f'filename="sites-530602-{TODAY}.csv"' in name
    assert unquote(name.rpartition("''")[2]) == f"用气场所和场站-昭阳区-{TODAY}.csv"
    [row] = table(lines)
    assert row["场所名称"] == "'=1+1"
    assert row["地址"] == "'-"
    assert row["行政区划代码"] == "530602"
    assert row["行政区划"] == "昭阳区"
    assert row["场所类型"] == "门站"
    assert row["应当安装报警器"] == "是"
    assert row["燃气经营企业"] == "昭通燃气有限公司"


async def test_in_english(town: Registry) -> None:
    lines = await sheet(town, "devices", lang="en", q="00123")
    assert ["List", "Devices"] in lines
    [row] = table(lines)
    assert (row["Device id"], row["Serial number"], row["Kind"]) == ("dev-1", "\t00123", "detector")
    assert row["Active"] == "yes"


async def test_a_workbook(town: Registry) -> None:
    response = await town.get("sites", ZHAOTONG, format="xlsx")
    assert response.headers["content-type"].startswith("application/vnd.openxmlformats")
    assert response.headers["content-disposition"].split(";")[1].endswith('.xlsx"')
    with zipfile.ZipFile(io.BytesIO(response.content)) as book:
        names = book.read("xl/workbook.xml").decode()
        rows_, about = (book.read(f"xl/worksheets/sheet{n}.xml").decode() for n in (1, 2))
    assert 'name="列表"' in names
    assert 'name="说明"' in names
    assert "<f>" not in rows_
    assert "<t>530602</t>" in rows_
    assert "=1+1" in rows_
    assert "site-3" not in rows_
    assert ZHAOTONG.subject in about
    assert TODAY.isoformat() in about


async def test_a_file_that_was_cut_says_so(town: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (exports, lists):
        monkeypatch.setattr(module, "ROWS_MAX", 2)
    for path in ("sites", "devices", "operators"):
        lines = await sheet(town, path)
        said = dict(lines[: lines.index([])])
        assert len(table(lines)) == 2, path
        cut = path != "operators"
        assert ("仅前 2 行" in said["行数"]) is cut, (path, said)


async def test_many_rows_come_in_batches(town: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports.batches, "__defaults__", (2,))
    assert len(table(await sheet(town, "sites"))) == 3
    assert len(table(await sheet(town, "devices"))) == 3


async def test_coverage_as_a_file_has_a_line_for_each_group(town: Registry) -> None:
    for group_by in ("county", "operator", "kind"):
        items = (await town.get("coverage", ZHAOTONG, group_by=group_by)).json()["items"]
        lines = table(await sheet(town, "coverage", ZHAOTONG, group_by=group_by))
        assert [(line["应装用户"], line["未覆盖"]) for line in lines] == [
            (str(item["obliged"]), str(item["obliged"] - item["covered"])) for item in items
        ]
