"""A gas operator's watch: from signing in, through leaks that come live, to passing the watch on."""

import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

from simulators.city import Row
from tests.e2e.living import Living
from tests.e2e.screens.conftest import Entering
from tests.e2e.screens.walking import (
    HAPPENS_MS,
    all_told,
    at,
    give_code,
    is_marked,
    let,
    mark,
    panel,
    quiet_site,
    row,
    told,
)

MARKET, STALL = "凤霞农贸市场熟食区", "夜市烧烤坊"
DONE = [re.compile(f"✓ {step}完成") for step in ("已下发", "设备确认", "反馈到位", "浓度回落")]
SAFE_MS = 120_000
NOTE = "市场关阀后等班组复位;烧烤坊探测器掉电已搁置。"
pytestmark = pytest.mark.engines


def test_a_watch_from_sign_in_to_hand_over(enter: Entering, city: Living) -> None:
    page = enter("watch", "/console/", fresh=True)
    place = quiet_site(page, "op-zhaoyun")
    starts_the_watch(page)
    chart = looks_at_the_map(page, place)
    mark(page)
    leak = sees_a_leak_arrive(page, chart, city, place)
    let(city, "unplug", "site-yeshi")
    filters_in_the_address(page, place)
    acknowledges_by_key(page, leak)
    reads_the_detail(page)
    shelves_with_a_reason(page)
    leak = closes_a_valve_in_two_steps(page, city)
    loses_the_line_and_gets_it_back(page, enter, leak)
    assert is_marked(page), "all this without loading the page again"
    let(city, "repair", "market-fengxia")
    passes_the_watch_on(page, enter)


def starts_the_watch(page: Page) -> None:
    """A browser is dumb until somebody clicks: until then a banner stands there, and a test unlocks it."""
    banner = page.locator(".banner.locked").filter(has_text="声音未启用")
    expect(banner).to_be_visible()
    banner.get_by_role("button", name="开始值班").click()
    dialog = page.get_by_role("dialog")
    heard = dialog.get_by_role("button", name="听到了，开始值班")
    expect(heard).to_be_disabled()
    dialog.get_by_role("button", name="紧急").click()
    heard.click()
    expect(banner).to_be_hidden()
    expect(page.get_by_role("button", name="声音已启用")).to_be_visible()


def looks_at_the_map(page: Page, place: Row) -> Page:
    """Another window of the same desk shows the place, which is quiet yet."""
    chart = page.context.new_page()
    chart.goto(f"/console/map?site={place['site_id']}")
    expect(chart.get_by_text("该场所没有报警。")).to_be_visible()
    return chart


def sees_a_leak_arrive(page: Page, chart: Page, city: Living, place: Row) -> dict[str, Any]:
    """By itself, on list and map. Under the pointer no row moves: N brings in what is new.

    The desk rings until it is hushed, and that acknowledges nothing.
    """
    name, before = place["name"], open_alerts(page)
    page.locator(".alert-table").hover()
    let(city, "leak", place["site_id"], m3h=400)
    bar = page.get_by_role("button", name="条新报警").filter(has_text="燃气泄漏高报")
    expect(bar).to_contain_text(name, timeout=HAPPENS_MS)
    leak = row(page, name, "燃气泄漏高报", but=before)
    expect(leak).to_have_count(0)
    page.keyboard.press("n")
    page.mouse.move(0, 0)
    for word in ("紧急", "未确认", "报警中"):
        expect(leak).to_contain_text(word)
    expect(leak.locator(".flashing")).to_be_visible()
    page.get_by_role("button", name="本台消音").click()
    expect(page.get_by_role("button", name="本台消音")).to_be_hidden()
    expect(leak).to_contain_text("未确认")
    # Without tiles the map keeps its distance: near others the place is part of a number, of its priority.
    expect(chart.locator(".map-mark.p1, .map-cluster.p1").first).to_be_visible()
    expect(chart.locator(".map-list li").filter(has_text=name).locator(".p1").first).to_be_visible()
    chart.close()
    found = told(page, f"alerts/{leak.get_attribute('data-row-key')}")
    assert (found["site_id"], found["rule"], found["priority"]) == (place["site_id"], "G02", "P1")
    return dict(found)


def open_alerts(page: Page) -> list[str]:
    return [one["alert_id"] for one in all_told(page, "alerts", open="true")]


def filters_in_the_address(page: Page, place: Row) -> None:
    """What is chosen stands in the address, so that another window shows the same."""
    page.get_by_role("combobox", name="优先级").click()
    page.locator(".ant-select-item-option").filter(has_text="紧急").click()
    page.keyboard.press("Escape")
    searches(page, place["name"])
    expect(page).to_have_url(re.compile(rf"(?=.*priority=P1)(?=.*q={quote(place['name'])})"))
    other = page.context.new_page()
    other.goto(page.url)
    expect(row(other, place["name"], "紧急").first).to_be_visible()
    expect(other.locator(".alert-row")).to_have_count(row(other, place["name"], "紧急").count())
    other.close()


def searches(page: Page, words: str) -> None:
    page.get_by_role("textbox", name="搜索").fill(words)


def acknowledges_by_key(page: Page, leak: dict[str, Any]) -> None:
    """J goes to the first row, Enter opens it, A acknowledges."""
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator(".alert-row.is-cursor")).to_have_attribute("data-row-key", leak["alert_id"])
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"alert={leak['alert_id']}"))
    page.keyboard.press("a")
    expect(this(page, leak)).not_to_contain_text("未确认")
    assert told(page, f"alerts/{leak['alert_id']}")["acknowledged"]


def this(page: Page, alert: dict[str, Any]) -> Locator:
    return page.locator(f'.alert-row[data-row-key="{alert["alert_id"]}"]')


def reads_the_detail(page: Page) -> None:
    trend_is_drawn(page)
    todo = panel(page, "处置要点")
    expect(todo.get_by_text("立即电话联系现场，通知疏散")).to_be_visible()
    expect(todo.get_by_text("未查明漏点、未复位前开阀恢复供气")).to_be_visible()
    expect(todo.get_by_text("爆炸极限 LEL 5 – UEL 15 vol%")).to_be_visible()
    expect(panel(page, "位置").locator(".map-mark.p1")).to_be_visible()
    expect(panel(page, "过程记录")).to_contain_text("已确认 · watch")
    order = panel(page, "抢修派单").locator(".loop-step.done strong")
    expect(order).to_have_text(["✓ 建立", "✓ 接单", "✓ 出发", "✓ 到场"], timeout=SAFE_MS)
    loop = panel(page, "关阀闭环").locator(".loop-step")
    expect(loop).to_have_text(DONE, timeout=SAFE_MS)
    for word in ("报警产生", "关阀指令已下发", "阀门已关到位", "浓度回落"):
        expect(panel(page, "过程记录").get_by_text(word, exact=True).first).to_be_visible()


def trend_is_drawn(page: Page) -> None:
    """Curve and limits stand on the canvas, blue and red in either theme, and words say what it shows."""
    trend = panel(page, "趋势（自报警前起）").get_by_role("img", name="燃气浓度趋势，1 条曲线")
    expect(trend).to_be_visible()
    page.wait_for_function(
        """chart => {
          const canvas = chart.querySelector("canvas");
          if (!canvas) return false;
          const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let [blue, red] = [0, 0];
          for (let at = 0; at < data.length; at += 4) {
            const [r, g, b, seen] = data.subarray(at, at + 4);
            if (seen > 60 && b - r > 60) blue += 1;
            if (seen > 60 && r - b > 60 && r - g > 60) red += 1;
          }
          return blue > 50 && red > 200;
        }""",
        arg=trend.element_handle(),
    )


def shelves_with_a_reason(page: Page) -> None:
    """Not the most urgent, only with a reason; it leaves the list, and its tab counts down."""
    closes_the_detail(page)
    page.get_by_role("button", name="清除").click()
    searches(page, STALL)
    silent = row(page, STALL, "设备离线", "报警中")
    expect(silent).to_be_visible(timeout=HAPPENS_MS)
    silent.get_by_role("checkbox").click()
    page.get_by_role("button", name="搁置", exact=True).click()
    dialog = page.get_by_role("dialog").filter(has_text="搁置 1 条报警")
    send = dialog.get_by_role("button", name="搁置", exact=True)
    expect(send).to_be_disabled()
    dialog.get_by_text("15 分钟").click()
    dialog.get_by_label("原因").fill("业主夜间断电,明早到场")
    send.click()
    page.mouse.move(0, 0)  # under the pointer rows stay where they are
    expect(silent).to_be_hidden()
    page.get_by_role("tab", name=re.compile(r"已搁置 [1-9]")).click()
    expect(page).to_have_url(re.compile("tab=shelved"))
    left = row(page, STALL).get_by_text(re.compile(r"已搁置 14:\d\d"))
    expect(left).to_be_visible()
    expect(left).not_to_have_text(left.inner_text())
    listed = all_told(page, "alerts", site_id="site-yeshi", open="true")
    (one,) = (one for one in listed if one["shelved_until"])
    timeline = told(page, f"alerts/{one['alert_id']}/timeline")["items"]
    (item,) = (item for item in timeline if item["kind"] == "shelved")
    assert (item["actor"], item["reason"]) == ("watch", "业主夜间断电,明早到场")
    assert 0 < (at(one["shelved_until"]) - at(item["at"])).total_seconds() <= 15 * 60
    page.get_by_role("tab", name="未关闭").click()


def closes_the_detail(page: Page) -> None:
    page.locator(".detail .ant-drawer-close").click()


def closes_a_valve_in_two_steps(page: Page, city: Living) -> dict[str, Any]:
    """A market has no automatic close: who would be cut off is shown, a reason and a code are asked for."""
    before = open_alerts(page)
    searches(page, MARKET)
    let(city, "leak", "market-fengxia", m3h=400, detectors=1)
    leak = row(page, MARKET, "燃气泄漏高报", but=before)
    expect(leak).to_be_visible(timeout=HAPPENS_MS)
    found = told(page, f"alerts/{leak.get_attribute('data-row-key')}")
    leak.click()
    page.get_by_role("button", name="关阀 market-fengxia-v1").click()
    first = page.get_by_role("dialog").filter(has_text="第 1 步：授权")
    expect(first).to_contain_text(MARKET)
    expect(first).to_contain_text("25 台其他设备")
    arm = first.get_by_role("button", name="授权", exact=True)
    expect(arm).to_be_disabled()
    first.get_by_label("原因").fill("现场确认泄漏")
    expect(arm).to_be_disabled()
    give_code(page, city, "watch", first, "授权")
    second = page.get_by_role("dialog").filter(has_text="第 2 步：关闭")
    expect(second.get_by_role("timer")).to_contain_text(re.compile(r"剩余 0:[0-5]\d"))
    expect(second).to_contain_text(re.compile(rf"{MARKET}.*阀位：\s*开.*该阀区有 [1-9] 条活动报警"))
    second.get_by_role("button", name="立即关阀").click()
    sent = page.get_by_role("dialog").filter(has_text="只有设备反馈到位才算关闭")
    for number, done in enumerate(DONE[:3]):  # that the gas falls takes its time
        expect(sent.locator(".loop-step").nth(number)).to_have_text(done)
    command = told(page, "valves/market-fengxia-v1/commands")["items"][0]
    assert (command["automatic"], command["actors"], command["state"]) == (False, ["watch"], "closed")
    assert not city.live.world.supplied("market-fengxia")
    sent.get_by_role("button", name="关闭", exact=True).last.click()
    closes_the_detail(page)
    return dict(found)


def loses_the_line_and_gets_it_back(page: Page, enter: Entering, alert: dict[str, Any]) -> None:
    """A banner says since when, values are grey; what happened meanwhile is there afterwards."""
    leak = this(page, alert)
    fresh = look_of(leak)
    page.context.set_offline(True)
    banner = page.get_by_role("alert").filter(has_text="连接中断，自")
    expect(banner).to_contain_text(re.compile(r"数据陈旧 \d+:\d\d"), timeout=HAPPENS_MS)
    assert look_of(leak) != fresh
    meanwhile = enter("supervisor", f"/console/alerts?q={MARKET}")
    this(meanwhile, alert).click()
    meanwhile.get_by_role("button", name="确认", exact=True).click()
    expect(this(meanwhile, alert)).not_to_contain_text("未确认")
    expect(leak).to_contain_text("未确认")
    page.context.set_offline(False)
    expect(banner).to_be_hidden(timeout=HAPPENS_MS)
    expect(leak).not_to_contain_text("未确认")
    assert look_of(leak) == fresh


def look_of(line: Locator) -> Any:
    """Return colour and slant of the value in a row."""
    return line.locator(".value").evaluate(
        "of => [getComputedStyle(of).color, getComputedStyle(of).fontStyle]"
    )


def passes_the_watch_on(page: Page, enter: Entering) -> None:
    """Who leaves writes and may not accept; who comes reads what is open, and accepts."""
    page.get_by_role("link", name="交接班").click()
    page.get_by_label("交接内容").fill(NOTE)
    page.get_by_role("button", name="提交交接").click()
    note = page.get_by_role("article").filter(has_text=NOTE)
    expect(note).to_contain_text("待接班")
    expect(note.get_by_role("button", name="接班")).to_have_count(0)
    (kept,) = (one for one in all_told(page, "handovers") if one["text"] == NOTE)
    assert kept["open_alerts"]
    supervisor = enter("supervisor", "/console/handover")
    taken = supervisor.get_by_role("article").filter(has_text=NOTE)
    taken.get_by_text(f"交接时 {len(kept['open_alerts'])} 条报警").click()
    expect(taken.get_by_role("listitem").first).to_be_visible()
    taken.get_by_role("button", name="接班").click()
    expect(taken).to_contain_text(re.compile("supervisor 于 .* 接班"))
    (kept,) = (one for one in all_told(page, "handovers") if one["text"] == NOTE)
    assert (kept["created_by"], kept["accepted_by"]) == ("watch", "supervisor")
