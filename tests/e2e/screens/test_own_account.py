"""A new person's first steps, a screen on the wall, and the end of a session somewhere else."""

import re

import pyotp
import pytest
from playwright.sync_api import Page, Route, expect

REFRESH = "**/api/v1/session:refresh"
OWN = "a phrase of my own, 2026"
NEW = {"username": "zhang.new", "name": "新来的值班员", "role": "watch", "operator_id": "op-zhaoyun"}


def ask(page: Page, path: str, body: dict[str, object]) -> dict[str, str]:
    """Send what a script of the page would send, with its session; return the answer."""
    answer = page.evaluate(
        """async ([path, body]) => {
          const headers = {"Content-Type": "application/json", "Idempotency-Key": crypto.randomUUID()};
          const said = await fetch(`/api/v1/${path}`, {method: "POST", headers, body: JSON.stringify(body)});
          return {status: said.status, ...(await said.json())};
        }""",
        [path, body],
    )
    assert answer["status"] < 300, answer
    found: dict[str, str] = answer
    return found


@pytest.mark.engines
def test_a_new_person_sets_a_password_and_a_second_factor_and_comes_to_the_console(enter, browser, city):
    made = ask(enter("administrator", "/console/people"), "people", dict(NEW))
    page = browser.new_context(base_url=city.portal, locale="zh-CN").new_page()
    page.goto("/")
    page.fill("input[name=username]", NEW["username"])
    page.fill("input[name=password]", made["password"])
    page.click("button[type=submit]")
    page.fill("input[name=new]", OWN)  # waits for the form that the session leads to
    page.fill("input[name=again]", OWN)
    page.fill("input[name=password]", "somebody else's")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_have_text("当前密码不正确。")
    page.fill("input[name=password]", made["password"])
    page.click("button[type=submit]")
    picture = page.locator("img.gate-picture")
    expect(picture).to_be_visible()
    assert picture.evaluate("(image) => image.naturalWidth") > 50, "the policy lets it be drawn"
    secret = page.inner_text(".gate-secret").replace(" ", "")
    page.fill("input[name=otp]", "000000")
    page.click("button[type=submit]")
    expect(page.get_by_role("alert")).to_contain_text("验证码不是新密钥的")
    page.fill("input[name=otp]", pyotp.TOTP(secret).now())
    page.click("button[type=submit]")
    expect(page).to_have_url(re.compile("/console/alerts"))
    page.context.close()


@pytest.mark.engines
def test_a_screen_hangs_until_it_is_taken_down(enter, browser, city):
    page = enter("supervisor", "/console/me")
    page.fill("input[name=screen]", "中控室大屏")
    page.click("form:has(input[name=screen]) button[type=submit]")
    address = page.inner_text(".own-key")
    screen = browser.new_context(locale="zh-CN", viewport={"width": 1920, "height": 1080}).new_page()
    screen.goto(address)
    expect(screen.locator("main.wall .line.live")).to_be_visible()
    assert "key=" not in screen.url, "the key does not stay in the address"
    screen.goto(f"{city.portal}/console/alerts")
    expect(screen.locator("main.wall")).to_be_visible()
    page.locator(".own-sessions li", has_text="中控室大屏").get_by_role("button").click()
    expect(page.locator(".own-sessions li", has_text="中控室大屏")).to_have_count(0)
    screen.reload()
    expect(screen.locator("main.gate form")).to_be_visible()
    screen.context.close()


@pytest.mark.engines
@pytest.mark.parametrize(
    ("username", "path"), [("viewer", "/regulator/me"), ("lead-wumeng", "/field/?view=me")]
)
def test_everybody_sees_where_the_own_account_is_signed_in(enter, username, path):
    page = enter(username, path)
    summary = page.locator("details summary")
    if username.startswith("lead"):
        summary.click()
    expect(page.locator(".own-sessions li").first).to_contain_text("127.0.0.1")


@pytest.mark.engines
def test_a_renewal_that_meets_a_restart_is_tried_again(enter):
    """A page loaded anew goes on counting; nobody is signed out because one answer was missing."""
    page = enter("viewer", "/regulator/")
    page.clock.install()
    page.reload()
    expect(page.locator("main.gate")).to_have_count(0)
    met: list[str] = []

    def restart(route: Route) -> None:
        met.append(route.request.url)
        if len(met) == 1:
            route.fulfill(status=502)
        else:
            route.continue_()

    page.route(REFRESH, restart)
    with page.expect_response(lambda said: "session:refresh" in said.url and said.status == 502):
        page.clock.fast_forward("04:01")
    with page.expect_response(lambda said: "session:refresh" in said.url and said.status == 200):
        page.clock.fast_forward("00:21")
    expect(page.locator("main.gate")).to_have_count(0)
