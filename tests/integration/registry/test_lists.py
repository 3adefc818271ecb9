"""Lists: searched by what people type, filtered, and given whole as files."""

import csv
import datetime as dt
import io
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from deploy.timescaledb.provision import Database
from services.registry.domain.kinds import LICENCE, SITE
from services.registry.domain.licences import State, state_on
from services.registry.entrypoints import exports, lists
from services.registry.entrypoints.timers import FILL_ROWS
from services.registry.ports import Wanted
from shared.chassis.principal import Principal
from tests.integration.registry.harness import (
    ADMIN,
    Registry,
    device,
    licence,
    operator,
    registry,
    regulator,
    rows,
    site,
    tenant,
)

TODAY = dt.datetime.now(dt.timezone(dt.timedelta(hours=8))).date()
ZHAOTONG, QUJING = regulator("530600"), regulator("530300")


@pytest.fixture
async def town(reg: Registry) -> Registry:
    """Two firms with their licences, sites and devices, in two prefectures."""
    await reg.made("operators", operator("op-1", name="昭通燃气有限公司"))
    await reg.made("operators", operator("op-2", name="曲靖能源", area_code="530302"))
    await reg.made("licences", licence("lic-1", "op-1"))
    await reg.made("licences", licence("lic-2", "op-2", area_codes=["530302"]))
    await reg.made("sites", site("site-1", "op-1", name="云岭人家饭庄", address="珠泉路 8 号"))
    await reg.made("sites", site("site-2", "op-1", name="=1+1", kind="gate_station", address="-"))
    await reg.made("sites", site("site-3", "op-2", name="麒麟小吃", area_code="530302"))
    await reg.made("devices", device("dev-1", "site-1", serial="00123"))
    await reg.made("devices", device("dev-2", "site-1", kind="valve", serial="V-2"))
    await reg.made("devices", device("dev-3", "site-3", serial="Q-3"))
    return reg


def ids(items: list[dict[str, Any]]) -> list[str]:
    names = ("device_id", "licence_id", "site_id", "operator_id")
    return [str(next(item[name] for name in names if name in item)) for item in items]


async def listed(reg: Registry, path: str, asking: Principal = ADMIN, **params: Any) -> list[dict[str, Any]]:
    response = await reg.get(path, asking, **params)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


async def sheet(reg: Registry, path: str, asking: Principal = ADMIN, **params: Any) -> list[list[str]]:
    response = await reg.get(path, asking, format="csv", **params)
    assert response.status_code == 200, response.text
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"), newline="")))


def table(lines: list[list[str]]) -> list[dict[str, str]]:
    """Return what stands below the empty line, by headings."""
    begin = lines.index([]) + 1
    return [dict(zip(lines[begin], line, strict=True)) for line in lines[begin + 1 :]]


@pytest.mark.parametrize(
    ("path", "said", "expected"),
    [
        ("operators", "ztrq", ["op-1"]),
        ("operators", "zhaotongranqi", ["op-1"]),
        ("operators", "OP-2", ["op-2"]),
        ("operators", "91110000600037341l", ["op-1", "op-2"]),
        ("operators", "能源", ["op-2"]),
        ("operators", "hao", []),
        ("operators", "%", []),
        ("sites", "ylrj", ["site-1"]),
        ("sites", "renjia", ["site-1"]),
        ("sites", "珠泉路", ["site-1"]),
        ("sites", "qilin", ["site-3"]),
        ("sites", "=1", ["site-2"]),
        ("licences", "滇LIC-1", ["lic-1"]),
        ("licences", "ztrq", ["lic-1"]),
        ("licences", "曲靖 lic", ["lic-2"]),
        ("devices", "00123", ["dev-1"]),
        ("devices", "v-2", ["dev-2"]),
        ("devices", "ylrj", ["dev-1", "dev-2"]),
        ("devices", "ylrj 0012", ["dev-1"]),
        ("unlicensed", "qjny", []),
        ("coverage:missing", "qlxc", ["site-3"]),
        ("coverage:missing", "ylrj", []),
        ("coverage:missing", "mou", []),
    ],
)
async def test_search(town: Registry, path: str, said: str, expected: list[str]) -> None:
    assert ids(await listed(town, path, q=said)) == expected


async def test_the_unlicensed_are_searched_by_their_name(town: Registry) -> None:
    await town.made("operators", operator("op-3", name="大关瓶装气站", area_code="530624"))
    assert [item["operator_id"] for item in await listed(town, "unlicensed", q="dgpz")] == ["op-3"]
    assert await listed(town, "unlicensed", q="dgpz", area="530602") == []


async def test_nobody_finds_what_is_not_theirs(town: Registry) -> None:
    for path in ("operators", "sites", "licences", "devices"):
        assert await listed(town, path, QUJING, q="ztrq") == [], path
        assert await listed(town, path, tenant("op-2"), q="ylrj") == [], path
        lines = table(await sheet(town, path, tenant("op-2")))
        assert lines, path
        assert "op-1" not in str(lines), path


async def test_a_new_name_is_found_and_the_old_one_by_what_was_known(town: Registry) -> None:
    changed = await town.patch("sites/site-1", {"name": "新名饭店"}, 1)
    assert changed.status_code == 200
    assert not {"search_text", "search_pinyin"} & changed.json().keys()
    assert ids(await listed(town, "sites", q="xmfd")) == ["site-1"]
    assert await listed(town, "sites", q="ylrj") == []
    yesterday = (TODAY - dt.timedelta(days=1)).isoformat()
    assert ids(await listed(town, "sites", q="ylrj", at=yesterday)) == ["site-1"]
    # Its devices are found by the name of that day, too.
    assert ids(await listed(town, "devices", q="xmfd 00123")) == ["dev-1"]


async def test_names_stand_beside_ids(town: Registry) -> None:
    one = (await listed(town, "devices", q="00123"))[0]
    assert (one["site_name"], one["operator_name"]) == ("云岭人家饭庄", "昭通燃气有限公司")
    assert (await listed(town, "licences", q="lic-2"))[0]["operator_name"] == "曲靖能源"
    assert (await listed(town, "coverage:missing", q="qlxc"))[0]["operator_name"] == "曲靖能源"


@pytest.mark.parametrize(
    "path", ["operators", "sites", "licences", "devices", "unlicensed", "coverage:missing"]
)
async def test_odd_words_are_only_words(town: Registry, path: str) -> None:
    for said in ("'", "\\", "%_%", "|", "{}", "{0}", "$1", "a b c d e f g h", "\u202e", "𠮷", "\n"):
        assert (await town.get(path, q=said)).status_code == 200, said
    # What no text of the database can hold is asked of the database in all lists but the computed one.
    assert (await town.get(path, q="\0")).status_code == (200 if path == "unlicensed" else 422)
    assert (await town.get(path, q="x" * 101)).status_code == 422
    assert (await town.get(path, format="pdf")).status_code == 422
    assert (await town.get(path, lang="fr")).status_code == 422


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


async def test_licences_that_end_soon_come_by_their_end(town: Registry) -> None:
    ends = {"lic-c": 10, "lic-b": 30, "lic-a": 30, "lic-d": 31, "lic-e": 0, "lic-f": -1, "lic-g": 80}
    for id_, days in ends.items():
        end = (TODAY + dt.timedelta(days=days)).isoformat()
        await town.made("licences", licence(id_, "op-1", valid_from="2020-01-01", valid_to=end))
    revoked = await town.post("licences/lic-c:revoke", {"reason": "x"})
    assert revoked.status_code == 200, revoked.text
    soon = await listed(town, "licences", expiring_within=30)
    assert ids(soon) == ["lic-e", "lic-a", "lic-b"]
    first = (await town.get("licences", expiring_within=60, limit=2)).json()
    second = (await town.get("licences", expiring_within=60, limit=2, cursor=first["next_cursor"])).json()
    assert ids(first["items"] + second["items"]) == ["lic-e", "lic-a", "lic-b", "lic-d"]
    assert [row["许可证编号"] for row in table(await sheet(town, "licences", expiring_within=90))] == [
        "lic-e", "lic-a", "lic-b", "lic-d", "lic-g",
    ]  # fmt: skip
    in_a_week = (TODAY + dt.timedelta(days=7)).isoformat()
    later = await listed(town, "licences", expiring_within=30, at=in_a_week)
    assert ids(later) == ["lic-a", "lic-b", "lic-d"]
    assert ids(await listed(town, "licences", q="lic-a", expiring_within=30)) == ["lic-a"]
    assert await listed(town, "licences", QUJING, expiring_within=30) == []
    assert (await town.get("licences", expiring_within=31)).status_code == 422
    assert (await town.get("sites", expiring_within=30)).status_code == 422


async def test_a_licences_state_is_filtered_as_the_domain_says_it(town: Registry) -> None:
    """Every stored state, every place of the day: the database agrees with the domain."""
    begin, end = dt.date(2026, 1, 1), dt.date(2026, 6, 30)
    ended: tuple[State, ...] = ("withdrawn", "annulled", "revoked", "deregistered")
    stored: tuple[State, ...] = ("applied", "valid", "renewal_pending", "suspended", *ended)
    filings = (None, dt.date(2026, 5, 31), dt.date(2026, 6, 1))
    known: dict[str, tuple[Any, ...]] = {}
    for number, (state, filed) in enumerate((state, filed) for state in stored for filed in filings):
        known[f"s{number:02}"] = (state, filed)
    async with town.store.worker() as unit:
        template = await unit.get(LICENCE, "lic-1")
        assert template is not None
        changed = {"valid_from": begin.isoformat(), "valid_to": end.isoformat()}
        await unit.insert(
            LICENCE,
            [
                {**template, **changed, "licence_id": id_, "state": state}
                | {"renewal_filed_on": filed and filed.isoformat()}
                for id_, (state, filed) in known.items()
            ],
            None,
        )
    for day in (dt.date(2025, 12, 31), begin, end, dt.date(2026, 7, 1)):
        async with town.store.worker() as unit:
            for state in (*stored, "expired"):
                found = await unit.page(LICENCE, Wanted(words=("s",), state=(state, day)), (), 100)
                expected = [
                    id_
                    for id_, (kept, filed) in known.items()
                    if state_on(kept, begin, end, filed, day) == state
                ]
                assert [row["licence_id"] for row in found if row["licence_id"] in known] == expected
    items = await listed(town, "licences", at="2026-07-01", state="expired")
    assert {item["state"] for item in items} == {"expired"}, "the state of the day that is asked about"


async def test_further_filters(town: Registry) -> None:
    assert ids(await listed(town, "sites", planning_approval="missing")) == ["site-2"]
    assert ids(await listed(town, "sites", obliged="false")) == []
    assert ids(await listed(town, "devices", active="true")) == ["dev-1", "dev-2", "dev-3"]
    assert ids(await listed(town, "coverage:missing", operator_id="op-1")) == ["site-2"]
    assert ids(await listed(town, "coverage:missing", kind="restaurant")) == ["site-3"]
    assert ids(await listed(town, "coverage:missing", reason="detector_missing")) == ["site-2"]
    assert (await town.get("sites", obliged="perhaps")).status_code == 422


async def test_what_was_written_before_the_search_is_found_after_it_is_filled(
    town: Registry, db: Database
) -> None:
    dsn = db.services["registry"].worker
    for name in ("operator", "licence", "site", "device"):
        await rows(dsn, f"UPDATE {name} SET search_text = NULL, search_pinyin = NULL")
    assert await listed(town, "sites", q="ylrj") == []
    filled: list[int] = []
    while not filled or filled[-1]:
        async with town.store.worker() as unit:
            filled.append(await unit.fill_searched(min(FILL_ROWS, 2)))
    assert sum(filled) == 10
    assert ids(await listed(town, "sites", q="ylrj")) == ["site-1"]
    assert ids(await listed(town, "devices", q="ylrj")) == ["dev-1", "dev-2"]


async def test_ten_thousand_sites_answer_in_less_than_a_tenth_of_a_second(
    db: Database, tmp_path: Path
) -> None:
    async with registry(db, tmp_path) as reg:
        await reg.made("operators", operator("op-1", name="昭通燃气有限公司"))
        await reg.made("sites", site("site-0"))
        async with reg.store.worker() as unit:
            template = {**site("site-0"), "revision": 1, "recorded_by": "test", "contacts": []}
            template |= {"reserved": False, "business_hours": ""}
            made = [{**template, "site_id": f"s{n:05}", "name": f"云岭{n}号饭庄"} for n in range(10_000)]
            await unit.insert(SITE, made, None)
        expected = {"9999": 1, "fanzhuang": 50, "nothing": 0, "yunling1234hao": 1, "云岭 777": 19}
        for said, count in expected.items():
            took = []
            for _ in range(5):
                begun = time.perf_counter()
                found = await listed(reg, "sites", ZHAOTONG, q=said)
                took.append(time.perf_counter() - begun)
            assert len(found) == count, (said, len(found))
            assert min(took) < 0.1, (said, took)


async def test_coverage_as_a_file_has_a_line_for_each_group(town: Registry) -> None:
    for group_by in ("county", "operator", "kind"):
        items = (await town.get("coverage", ZHAOTONG, group_by=group_by)).json()["items"]
        lines = table(await sheet(town, "coverage", ZHAOTONG, group_by=group_by))
        assert [(line["应装用户"], line["未覆盖"]) for line in lines] == [
            (str(item["obliged"]), str(item["obliged"] - item["covered"])) for item in items
        ]
