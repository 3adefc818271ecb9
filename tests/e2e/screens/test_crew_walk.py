"""A crew on the phone: an order, a cellar without network, and a console that shows each step."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.living import Living
from tests.e2e.screens.conftest import PHONE, Entering
from tests.e2e.screens.walking import HAPPENS_MS, at, let, panel, quiet_site, row, told

SENT_MS = 45_000
DONE_WITHOUT_NETWORK = ["cordoned", "source_isolated", "evacuated", "ventilated"]
MOVES = ("accepted", "departed", "arrived")
NOTE = "阀井盖已移开 <b>现场</b>"
pytestmark = pytest.mark.engines


def test_a_crew_works_on_without_network_and_no_step_is_lost(enter: Entering, city: Living) -> None:
    phone = enter("lead-wumeng", "/field/", viewport=PHONE, has_touch=True, is_mobile=True)
    console = enter("watch-wumeng", "/console/alerts")
    goes_off_duty_and_on_again(phone)
    site = quiet_site(console, "op-wumeng")
    let(city, "leak", site["site_id"], m3h=400)
    watch_opens_the_alert(console, site["name"])
    order_id = is_rung_up(phone, site["name"])
    moves(phone, "接单")
    console_shows(console, stages=["建立", "接单"], steps=[])
    moves(phone, "出发")
    console_shows(console, stages=["建立", "接单", "出发"], steps=[])
    photo = phone.screenshot(type="jpeg")
    began = datetime.now(UTC)
    loses_the_network(phone)
    works_in_the_cellar(phone, photo)
    known = told(phone, f"orders/{order_id}")
    assert (known["state"], known["steps"]) == ("en_route", [])
    back = datetime.now(UTC)
    phone.context.set_offline(False)
    expect(waiting(phone, 0)).to_be_visible(timeout=SENT_MS)
    portal_has_each_step_once(phone, order_id, began, back)
    console_shows(
        console, stages=["建立", "接单", "出发", "到场"], steps=["设置警戒", "切断气源", "疏散人员", "通风"]
    )
    expect(panel(console, "抢修派单").get_by_role("link", name="照片 1")).to_have_count(1)
    let(city, "repair", site["site_id"])
    closes(phone)
    console_shows(
        console,
        stages=["建立", "接单", "出发", "到场", "关闭"],
        steps=["设置警戒", "切断气源", "疏散人员", "通风"],
    )


def waiting(phone: Page, count: int) -> Any:
    return phone.locator("nav.places").get_by_text(f"待上传 {count}", exact=True)


def goes_off_duty_and_on_again(phone: Page) -> None:
    phone.get_by_role("link", name="我的", exact=True).tap()
    expect(phone.get_by_text("值班中", exact=True)).to_be_visible()
    for button, word, on in (("下班", "未值班", False), ("上班", "值班中", True)):
        phone.get_by_role("button", name=button).tap()
        expect(phone.get_by_text(word, exact=True)).to_be_visible()
        assert told(phone, "crews/crew-wumeng")["on_shift"] is on
    phone.get_by_role("link", name="派单", exact=True).tap()


def watch_opens_the_alert(console: Page, name: str) -> None:
    alert = row(console, name, "燃气泄漏高报")
    expect(alert).to_be_visible(timeout=HAPPENS_MS)
    alert.click()
    expect(panel(console, "抢修派单")).to_be_visible(timeout=HAPPENS_MS)


def is_rung_up(phone: Page, name: str) -> str:
    """The order comes to the open app by itself; touching the banner leads to it."""
    ring = phone.locator(".banner.new").filter(has_text=name)
    expect(ring).to_be_visible(timeout=HAPPENS_MS)
    ring.get_by_role("link").tap()
    expect(phone.locator("section.order h1")).to_contain_text(name)
    order_id: str = phone.url.partition("order=")[2]
    return order_id


def moves(phone: Page, word: str) -> None:
    phone.get_by_role("button", name=word, exact=True).tap()


def console_shows(console: Page, stages: list[str], steps: list[str]) -> None:
    """The order in the open drawer, of which nobody asks the console for anything."""
    order = panel(console, "抢修派单")
    expect(order.locator(".loop-step.done strong")).to_have_text(
        [f"✓ {stage}" for stage in stages], timeout=10_000
    )
    expect(order.locator("ol.timeline strong")).to_have_text(steps, timeout=10_000)


def loses_the_network(phone: Page) -> None:
    """Neither the page nor its worker reaches the portal."""
    phone.evaluate("() => navigator.serviceWorker.ready")
    (worker,) = phone.context.service_workers
    phone.context.set_offline(True)
    assert worker.evaluate("() => fetch('/healthz').then(() => 'reached', () => 'away')") == "away"
    expect(phone.get_by_text("无网络：可继续记录")).to_be_visible()


def works_in_the_cellar(phone: Page, photo: bytes) -> None:
    moves(phone, "到场")
    expect(waiting(phone, 1)).to_be_visible()
    begins_step(phone, "设置警戒")
    phone.set_input_files("input[type=file]", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": photo})
    expect(phone.locator(".photo-fields img")).to_be_visible()
    phone.get_by_label("备注").fill(NOTE)
    reports(phone, "设置警戒")
    begins_step(phone, "切断气源")
    reports(phone, "切断气源")
    expect(waiting(phone, 3)).to_be_visible()

    phone.reload()
    expect(waiting(phone, 3)).to_be_visible()
    expect(phone.locator("ol.history li.waiting strong")).to_have_text(["到场", "设置警戒", "切断气源"])
    expect(phone.locator("ol.history img")).to_have_count(1)

    begins_step(phone, "疏散人员")
    reports(phone, "疏散人员")
    begins_step(phone, "通风")
    phone.get_by_label("%LEL").fill("12")
    phone.get_by_label("仪器编号").fill("XP-0042")
    phone.get_by_label("检定日期").fill((datetime.now(UTC) - timedelta(days=30)).date().isoformat())
    reports(phone, "通风")
    expect(waiting(phone, 5)).to_be_visible()


def begins_step(phone: Page, word: str) -> None:
    phone.locator(".next button.big").filter(has_text=word).tap()
    expect(phone.get_by_role("heading", name=word)).to_be_visible()


def reports(phone: Page, word: str) -> None:
    phone.get_by_role("button", name=f"完成：{word}").tap()
    expect(phone.locator("ol.history li.waiting strong").last).to_have_text(word)


def portal_has_each_step_once(phone: Page, order_id: str, began: datetime, back: datetime) -> None:
    order = told(phone, f"orders/{order_id}")
    assert order["state"] == "on_site"
    kinds = [one["kind"] for one in order["timeline"]]
    assert [one for one in kinds if one in MOVES] == list(MOVES)
    assert kinds.count("step") == len(DONE_WITHOUT_NETWORK)
    steps = order["steps"]
    assert [one["step"] for one in steps] == DONE_WITHOUT_NETWORK
    assert all(began < at(one["device_time"]) < back < at(one["received_at"]) for one in steps)
    assert {one["person"] for one in steps} == {"lead-wumeng"}
    assert [reading["lel_percent"] for reading in steps[3]["readings"]] == [12]
    assert steps[0]["note"] == NOTE
    assert [len(one["attachment_ids"]) for one in steps] == [1, 0, 0, 0]
    kept = phone.request.get(f"/api/v1/attachments/{steps[0]['attachment_ids'][0]}/content")
    assert (kept.headers["content-type"], kept.body()[:3]) == ("image/jpeg", b"\xff\xd8\xff")


def closes(phone: Page) -> None:
    """While an alarm lasts an order is closed with a reason only."""
    phone.get_by_role("button", name="关闭派单…").tap()
    phone.get_by_label("原因").fill("气源已切断,交由维修班")
    phone.get_by_role("button", name="关闭派单", exact=True).tap()
    expect(phone.locator("strong.state")).to_have_text("已关闭")
    expect(waiting(phone, 0)).to_be_visible(timeout=SENT_MS)
