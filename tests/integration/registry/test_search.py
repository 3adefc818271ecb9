"""Lists searched by what people type: by whom, by which name, how fast."""

import datetime as dt
import time
from pathlib import Path

import pytest

from deploy.timescaledb.provision import Database
from services.registry.domain.kinds import SITE
from services.registry.entrypoints.timers import FILL_ROWS
from tests.integration.registry.asking import QUJING, TODAY, ZHAOTONG, ids, listed, sheet, table
from tests.integration.registry.harness import Registry, operator, registry, rows, site, tenant


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
