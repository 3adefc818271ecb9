"""What keys do on the alert list, and what the console says when it could not read what it should show."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.e2e.screens.conftest import Entering

LIST = re.compile(r"/api/v1/alerts\?.*open=true")
DEED = re.compile(r"/api/v1/alerts/[^/]+:\w+$")
DEVICES = "**/api/v1/devices?**"
SEARCHED = "keys-test"
SITE, VALVE = "site-yunling", "site-yunling-v1"
FIRST, SECOND, THIRD = (f"a1e70000-0000-7000-8000-00000000000{number}" for number in (1, 2, 3))
AGAIN_MS = 30_000  # three tries more, each later than the one before
pytestmark = pytest.mark.engines


def alert(alert_id: str, **other: Any) -> dict[str, Any]:
    """Return an alert as the API lists it; the first of the three is the newest."""
    opened = f"2026-01-01T00:00:0{9 - int(alert_id[-1])}Z"
    nothing = dict.fromkeys(
        (
            "set_point",
            "confirmed",
            "assigned_to",
            "shelved_until",
            "acknowledged_at",
            "cleared_at",
            "order_id",
        )
    )
    flags = dict.fromkeys(
        ("acknowledged", "suppressed", "test", "latched", "silenced", "unregistered"), False
    )
    about = {"rule": "G01", "priority": "P2", "site_id": SITE, "operator_id": "op-zhaoyun", "zone": "z1"}
    what = {"area_code": "530602", "device_ids": [SEARCHED], "active": True, "value": 30.0, "unit": "%LEL"}
    known = {"opened_at": opened, "updated_at": opened, "rule_version": 1, "repeat_count": 0, "revision": 1}
    return {"alert_id": alert_id, "reason": "", **nothing, **flags, **about, **what, **known, **other}


class Desk:
    """A console whose list holds three alerts; what it sends about them is taken down, and done at once."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[tuple[str, str]] = []
        self.refused: set[str] = set()
        items = [alert(one) for one in (FIRST, SECOND, THIRD)]
        page.route(LIST, lambda route: route.fulfill(json={"items": items, "next_cursor": None}))
        page.route(DEED, self._do)
        page.goto(f"/console/alerts?q={SEARCHED}")
        expect(page.locator(".alert-row")).to_have_count(3)

    def _do(self, route: Route) -> None:
        alert_id, deed = route.request.url.rsplit("/", 1)[1].split(":")
        self.sent.append((deed, alert_id))
        if alert_id in self.refused:
            route.fulfill(status=409, json={"type": "conflict", "title": "conflict", "status": 409})
            return
        done = {"acknowledge": "acknowledged", "silence": "silenced"}[deed]
        route.fulfill(json=alert(alert_id, revision=2, **{done: True}))

    def row(self, alert_id: str) -> Locator:
        """Return an alert's row."""
        return self.page.locator(f'.alert-row[data-row-key="{alert_id}"]')

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)

    def has_read(self, alert_id: str) -> None:
        """The detail of an alert is open, and the cursor is on it."""
        expect(self.page).to_have_url(re.compile(f"alert={alert_id}"))
        expect(self.row(alert_id)).to_have_class(re.compile("is-cursor"))
        expect(self.page.locator(".detail")).to_be_visible()


@pytest.fixture
def desk(enter: Entering) -> Desk:
    """Return a watch's desk with three alerts."""
    return Desk(enter("watch", "/console/alerts"))


def test_a_key_is_about_the_alert_that_is_read(desk: Desk) -> None:
    desk.row(FIRST).click()
    desk.has_read(FIRST)
    desk.press("j")
    desk.has_read(SECOND)
    desk.press("a")
    expect(desk.row(SECOND)).not_to_contain_text("未确认")
    desk.press("k")
    desk.has_read(FIRST)
    desk.press("m")
    expect(desk.row(FIRST)).to_contain_text("已消音")
    assert desk.sent == [("acknowledge", SECOND), ("silence", FIRST)]
    desk.page.go_back()  # J and K left no traces: back is where the list was
    expect(desk.page.locator(".detail")).to_have_count(0)
    expect(desk.row(FIRST)).to_have_class(re.compile("is-cursor"))


def test_one_that_is_picked_is_not_done_unasked_while_another_is_read(desk: Desk) -> None:
    desk.row(THIRD).get_by_role("checkbox").click()
    desk.row(FIRST).click()
    desk.has_read(FIRST)
    desk.press("a")
    dialog = desk.page.get_by_role("dialog").filter(has_text="确认 1 条报警")
    expect(dialog).to_be_visible()
    assert desk.sent == []


@pytest.mark.parametrize("opens", ["快捷键", "这是什么？", "开始值班"])
def test_a_key_does_nothing_behind_a_dialog(desk: Desk, opens: str) -> None:
    desk.press("j")
    expect(desk.row(FIRST)).to_have_class(re.compile("is-cursor"))
    if opens == "快捷键":
        desk.press("?")
    else:
        desk.page.get_by_role("button", name=opens).first.click()
    dialog = desk.page.locator("#popups [role=dialog]")
    expect(dialog).to_be_visible()
    desk.press("a")
    desk.press("j")
    desk.press("Escape")
    expect(dialog).to_be_hidden()
    desk.press("m")
    expect(desk.row(FIRST)).to_contain_text("已消音")
    assert desk.sent == [("silence", FIRST)]


def test_enter_on_a_link_follows_it_and_on_a_button_presses_it(desk: Desk) -> None:
    desk.press("j")
    desk.page.get_by_role("button", name="快捷键").focus()
    desk.press("Enter")
    expect(desk.page.get_by_role("dialog").filter(has_text="快捷键")).to_be_visible()
    desk.press("Escape")
    desk.page.get_by_role("link", name="交接班").focus()
    desk.press("Enter")
    expect(desk.page).to_have_url(re.compile("/console/handover"))


def test_many_are_silenced_only_when_asked_and_again_only_what_was_refused(desk: Desk) -> None:
    for one in (FIRST, THIRD):
        desk.row(one).get_by_role("checkbox").click()
    desk.refused.add(THIRD)
    desk.press("m")
    dialog = desk.page.get_by_role("dialog").filter(has_text="消音 2 条报警")
    expect(dialog).to_be_visible()
    assert desk.sent == []
    send = dialog.get_by_role("button", name="消音", exact=True)
    send.click()
    expect(dialog.get_by_role("alert")).to_contain_text("1 条未成功")
    assert sorted(desk.sent) == [("silence", FIRST), ("silence", THIRD)]
    desk.refused.clear()
    send.click()
    expect(dialog).to_be_hidden()
    assert desk.sent[2:] == [("silence", THIRD)]


def test_the_wall_does_not_say_that_all_is_quiet_when_it_could_not_read(enter: Entering) -> None:
    page = enter("watch", "/console/alerts")
    page.route(LIST, lambda route: route.fulfill(status=503))
    page.goto("/console/wall")
    expect(page.locator(".line.live")).to_be_visible()
    expect(page.get_by_role("alert").filter(has_text="报警列表未能完整读取")).to_be_visible()
    expect(page.locator(".wall-none")).not_to_have_text("当前没有报警")
    zeros = page.locator(".wall-counts strong").get_by_text("0", exact=True)
    expect(zeros).to_have_count(0)


def test_that_no_device_list_could_be_read_is_said_where_a_valve_is_closed(desk: Desk) -> None:
    desk.page.route(DEVICES, lambda route: route.fulfill(status=503))
    desk.row(FIRST).click()
    away = desk.page.locator(".detail").get_by_role("alert").filter(has_text="设备清单未能读取")
    expect(away).to_be_visible(timeout=AGAIN_MS)
    expect(desk.page.get_by_text("该时段没有读数")).to_have_count(0)
    desk.page.unroute(DEVICES)
    away.get_by_role("button", name="重试").click()
    expect(desk.page.get_by_role("button", name=f"关阀 {VALVE}")).to_be_visible()
    expect(away).to_be_hidden()
