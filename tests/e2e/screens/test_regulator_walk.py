"""A county's regulator: who operates without a licence today, who has no alarm, here and nowhere else."""

import csv
import re
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from playwright.sync_api import Download, Page, Response, expect

from simulators.city import City, load
from tests.e2e.screens.conftest import Entering
from tests.e2e.screens.walking import all_told, scenario, workbook

COUNTY = "530602"
NO_ALARM, NO_VALVE = "未安装报警器", "未安装切断阀"
WHY = {"out_of_area": "超出许可区域", "revoked": "许可已吊销"}
# All licences of the scenario end on 31 May 2029.
SOON = "2029-04-16"
pytestmark = pytest.mark.engines


def test_a_county_sees_its_own_exceptions_and_nobody_elses(enter: Entering) -> None:
    page = enter("viewer", "/regulator/")
    page.goto("about:blank")
    heard: list[Response] = []
    page.on("response", lambda answer: heard.append(answer))  # noqa: PLW0108  a builtin takes no marks
    page.goto("/regulator/")
    lacking = who_lacks_what(scenario())
    opens_on_exceptions(page, lacking)
    tells_who_has_no_licence_and_why(page)
    tells_who_has_no_alarm(page, lacking)
    tells_coverage_by_firm(page, lacking)
    finds_by_initials(page)
    told_nothing_of_others(heard)
    tells_which_licences_end_soon(page)
    is_shown_no_other_county(page)


def test_what_is_filtered_comes_as_a_file(enter: Entering) -> None:
    page = enter("viewer", "/regulator/coverage/missing")
    page.get_by_role("combobox", name="缺少").click()
    page.locator(".ant-select-item-option").filter(has_text=NO_ALARM).click()
    expect(page).to_have_url(re.compile("reason=detector_missing"))
    lacking = who_lacks_what(scenario())
    wanted = sorted(site for site, reasons in lacking.items() if NO_ALARM in reasons)
    assert 0 < len(wanted) < len(lacking)
    expect(rows(page)).to_have_count(len(wanted))
    text = downloaded(page, "CSV").read_text("utf-8-sig")
    head, _, body = text.replace("\r\n", "\n").partition("\n\n")
    said = dict(line.split(",", 1) for line in head.splitlines())
    assert (said["数据范围"], said["导出人"], said["行数"]) == (
        f"{COUNTY} 昭阳区",
        "viewer",
        str(len(wanted)),
    )
    assert "detector_missing" in said["筛选条件"]
    listed = list(csv.DictReader(body.splitlines()))
    assert sorted(one["场所编号"] for one in listed) == wanted
    assert {one["行政区划代码"] for one in listed} == {COUNTY}
    sheets = workbook(downloaded(page, "XLSX"))
    assert ["数据范围", f"{COUNTY} 昭阳区"] in [line[:2] for line in sheets.pop("说明")]
    (table,) = sheets.values()
    assert sorted(line[table[0].index("场所编号")] for line in table[1:]) == wanted


def who_lacks_what(city: City) -> dict[str, list[str]]:
    """Return what each obliged user of the county lacks, by the rows that the city was registered with."""
    kinds = defaultdict(set)
    for device in city.devices:
        kinds[device["site_id"]].add(device["kind"])
    lacking = {}
    for site_id in (one["site_id"] for one in of_the_county(city)):
        pairs = (("detector", NO_ALARM), ("valve", NO_VALVE))
        lacking[site_id] = [word for kind, word in pairs if kind not in kinds[site_id]]
    return {site_id: words for site_id, words in lacking.items() if words}


def of_the_county(city: City) -> list[dict[str, str]]:
    return [one for one in city.sites if one["area_code"] == COUNTY and one["obliged"] == "true"]


def rows(page: Page):
    return page.locator(".reg-main .ant-table-row")


def goes_to(page: Page, view: str) -> None:
    page.locator(".reg-nav").get_by_role("link", name=view, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(view)


def opens_on_exceptions(page: Page, lacking: dict[str, list[str]]) -> None:
    obliged = len(of_the_county(scenario()))
    for title, count, of in (
        ("无证经营企业", len(without_licence()), ""),
        ("应装未装用户", len(lacking), f"/ {obliged} 户应装"),
        ("90 天内到期的许可证", 0, ""),
    ):
        card = page.locator(".reg-exception").filter(has=page.get_by_role("heading", name=title))
        expect(card.locator(".reg-big strong")).to_have_text(str(count))
        expect(card.locator(".reg-big")).to_contain_text(of)


def without_licence() -> dict[str, str]:
    """Return name and reason of the county's operators that hold no licence for what they do."""
    operators = load()["operators"]
    return {
        one["name"]: WHY[one["licence"]]
        for one in operators
        if one["county"] == COUNTY and one["licence"] != "valid"
    }


def tells_who_has_no_licence_and_why(page: Page) -> None:
    goes_to(page, "无证经营")
    expect(rows(page)).to_have_count(len(without_licence()))
    told = all_told(page, "unlicensed")
    assert {one["name"]: WHY[one["reason"]] for one in told} == without_licence()
    for one in told:
        line = rows(page).filter(has_text=one["name"])
        expect(line).to_contain_text(WHY[one["reason"]])
        line.get_by_role("button", name=one["name"]).click()
        drawer = page.get_by_role("dialog")
        expect(drawer.get_by_text("《城镇燃气管理条例》").first).to_be_visible()
        expect(drawer.locator(".reg-sites li")).to_have_count(len(one["evidence"]["site_ids"]))
        expect(drawer.get_by_text("滇06").first).to_be_visible()
        expect(drawer.locator(".reg-mark").first).to_contain_text(WHY[one["reason"]])
        drawer.get_by_role("button", name="关闭").click()
        expect(drawer).to_be_hidden()


def tells_who_has_no_alarm(page: Page, lacking: dict[str, list[str]]) -> None:
    goes_to(page, "应装未装")
    expect(rows(page)).to_have_count(len(lacking))
    shown = rows(page).evaluate_all(
        "lines => lines.map(line => [line.querySelector('a').pathname.split('/').pop(),"
        " [...line.querySelectorAll('.reg-mark')].map(mark => mark.textContent.replace(/^\\W+ /, ''))])"
    )
    assert dict(shown) == lacking


def tells_coverage_by_firm(page: Page, lacking: dict[str, list[str]]) -> None:
    goes_to(page, "报警器覆盖率")
    of_firm = Counter(one["operator_id"] for one in of_the_county(scenario()))
    bare = Counter(one["operator_id"] for one in of_the_county(scenario()) if one["site_id"] in lacking)
    expect(rows(page)).to_have_count(len(of_firm))
    for firm, obliged in of_firm.items():
        line = rows(page).filter(has=page.locator(f'a[href*="/operators/{firm}"]'))
        expect(line).to_contain_text(f"{obliged - bare[firm]} / {obliged}")
    expect(
        page.locator(".reg-sum").get_by_text(f"{of_firm.total() - len(lacking)} / {of_firm.total()}")
    ).to_be_visible()


def tells_which_licences_end_soon(page: Page) -> None:
    """Today none; 45 days before the end those that run still, and the page says that it is another day."""
    goes_to(page, "许可证")
    chips = page.get_by_role("group", name="到期")
    expect(chips.get_by_role("link")).to_have_text(["30 天内 0", "60 天内 0", "90 天内 0"])
    page.goto(f"/regulator/licences?at={SOON}")
    expect(page.get_by_text(f"当前显示 {SOON} 的情况")).to_be_visible()
    expect(chips.get_by_role("link")).to_have_text(["30 天内 0", "60 天内 2", "90 天内 2"])
    chips.get_by_role("link", name="60 天内").click()
    expect(rows(page)).to_have_count(2)
    for line in rows(page).all():
        expect(line).to_contain_text("还有 45 天")
    page.get_by_role("button", name="回到今天").click()


def finds_by_initials(page: Page) -> None:
    goes_to(page, "场所与场站")
    for initials, name in (("ylrj", "云岭人家饭庄"), ("gcytg", "古城羊汤馆")):
        page.get_by_role("searchbox").fill(initials)
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile(f"q={initials}"))
        expect(rows(page)).to_have_count(1)
        expect(rows(page)).to_contain_text(name)


def told_nothing_of_others(heard: list[Response]) -> None:
    """No answer of the portal named anything that belongs to another county."""
    city = scenario()
    foreign = {one["site_id"] for one in city.sites if one["area_code"] != COUNTY}
    foreign |= {one["operator_id"] for one in city.operators if one["area_code"] != COUNTY}
    answers = [one.text() for one in heard if "/api/v1/" in one.url and "/stream/" not in one.url]
    assert len(answers) > 10
    for text in answers:
        assert foreign.isdisjoint(re.findall(r'"([\w.-]+)"', text))


def is_shown_no_other_county(page: Page) -> None:
    page.goto("/regulator/unlicensed?area=530621")
    expect(page.get_by_text("该区域不在您的辖区内")).to_be_visible()
    expect(page.get_by_role("heading", name="无证经营")).to_have_count(0)
    expect(rows(page)).to_have_count(0)


def downloaded(page: Page, name: str) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name).click()
    download: Download = waiting.value
    assert download.suggested_filename.endswith(f".{name.lower()}")
    return Path(download.path())
