"""A dispatcher's desk: an order without any alert, another crew for it, its end; the list follows live."""

import re
import uuid

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.living import Living
from tests.e2e.screens.conftest import Entering
from tests.e2e.screens.walking import HAPPENS_MS, all_told, at, is_marked, mark, quiet_site

CREW, RESERVE = "crew-wumeng", "后备班"
TASK = "核对用气台账"
pytestmark = pytest.mark.engines


def test_a_dispatcher_gives_an_order_to_another_crew_and_ends_it(enter: Entering, city: Living) -> None:
    page = enter("dispatcher-wumeng", "/console/orders")
    place = quiet_site(page, "op-wumeng")["name"]
    has_a_reserve(page)
    mark(page)
    opens_an_inspection(page, place)
    drawer = reads_it(page, place)
    gives_it_to_the_reserve(drawer, page)
    cancels_it(drawer, page)
    assert is_marked(page), "all this without loading the page again"
    finds_it_among_the_ended(page, place)


def test_who_only_watches_opens_orders_and_directs_none(enter: Entering) -> None:
    page = enter("watch-wumeng", "/console/orders?tab=crews")
    expect(page.get_by_role("row").filter(has_text="在班").first).to_be_visible()
    expect(page.get_by_role("button", name="新建派单")).to_be_visible()
    page.get_by_role("tab", name=re.compile("进行中")).click()
    for order in page.locator("table.plain tbody button").all()[:1]:
        order.click()
        expect(page.get_by_role("dialog")).to_contain_text("派单")
    expect(page.get_by_role("button", name=re.compile("改派|取消派单"))).to_have_count(0)


def has_a_reserve(page: Page) -> None:
    """Nobody is on duty there: a person may send it, the platform would not."""
    body = {
        "crew_id": f"crew-{uuid.uuid4()}",
        "operator_id": "op-wumeng",
        "name": RESERVE,
        "area_code": "530602",
    }
    headers = {"Idempotency-Key": str(uuid.uuid4()), "Origin": page.evaluate("() => location.origin")}
    answer = page.request.post("/api/v1/crews", data=body, headers=headers)
    assert answer.ok, answer.text()


def row(page: Page, *words: str) -> Locator:
    found = page.locator("table.plain tbody tr")
    for word in words:
        found = found.filter(has_text=word)
    return found


def opens_an_inspection(page: Page, place: str) -> None:
    page.get_by_role("button", name="新建派单").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_role("button", name="派单")).to_be_disabled()
    form.get_by_role("combobox", name="场所").fill(place)
    page.locator(".ant-select-item-option", has_text=place).click()
    form.get_by_label("任务说明").fill(TASK)
    form.get_by_role("button", name="派单").click()
    expect(form.get_by_role("status")).to_contain_text("派单已建立")
    form.get_by_role("button", name="返回").click()
    expect(row(page, place, TASK, "检查")).to_be_visible(timeout=HAPPENS_MS)


def reads_it(page: Page, place: str) -> Locator:
    row(page, TASK).get_by_role("button", name=place).click()
    drawer = page.get_by_role("dialog", name="派单")
    expect(drawer).to_contain_text(TASK)
    expect(drawer).to_contain_text(place)
    assert "order=" in page.url, "what is open stands in the address"
    return drawer


def gives_it_to_the_reserve(drawer: Locator, page: Page) -> None:
    drawer.get_by_role("button", name=re.compile("改派|派给班组")).click()
    form = page.get_by_role("dialog").last
    crew = form.locator("label").filter(has_text=RESERVE)
    expect(crew).to_contain_text("不宜派")
    expect(crew).to_contain_text("不在班")
    crew.click()
    form.get_by_role("button", name=re.compile("改派|派给班组")).click()
    expect(row(page, TASK, RESERVE, "已派")).to_be_visible(timeout=HAPPENS_MS)
    expect(drawer).to_contain_text(RESERVE)


def cancels_it(drawer: Locator, page: Page) -> None:
    drawer.get_by_role("button", name="取消派单").click()
    form = page.get_by_role("dialog").last
    expect(form.get_by_role("button", name="取消派单")).to_be_disabled()
    form.get_by_label("原因").fill("用户停业")
    form.get_by_role("button", name="取消派单").click()
    expect(row(page, TASK)).to_have_count(0)
    expect(drawer.get_by_role("button", name="取消派单")).to_have_count(0)
    told = drawer.locator(".timeline li")
    expect(told.filter(has_text=RESERVE)).not_to_have_count(0)
    expect(told.filter(has_text="取消")).to_contain_text("用户停业")


def finds_it_among_the_ended(page: Page, place: str) -> None:
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="已结束").click()
    page.get_by_role("combobox", name="状态").click()
    page.locator(".ant-select-item-option", has_text="已取消").click()
    expect(row(page, place, TASK)).to_be_visible()
    ended = [one for one in all_told(page, "orders", state="cancelled") if one["text"] == TASK]
    assert at(ended[0]["closed_at"]) >= at(ended[0]["opened_at"])
