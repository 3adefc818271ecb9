"""The apps in Debian's Chromium, from the real portal; a run of its own: the browser owns the thread."""

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from deploy.native.browser import ARGUMENTS, executable
from tests.e2e.living import Living

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
SIGN_IN_LIMIT_MS = 20_000
# The whole product works on the same machine; what must be quick has a limit of its own where it is expected.
expect.set_options(timeout=20_000)
Entering = Callable[..., Page]
ELSEWHERE = re.compile("在另一个应用中工作|works in another app")


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """Return how Chromium is started."""
    return {"executable_path": executable(), "args": ARGUMENTS, "headless": True}


class Doors:
    """Signs people in: by the form once, for a one-time code works once; then the session is kept."""

    def __init__(self, city: Living, browser: Browser) -> None:
        self._city, self._browser = city, browser
        self._kept: dict[str, Any] = {}
        self._open: list[tuple[str, BrowserContext]] = []

    def enter(self, username: str, path: str, *, fresh: bool = False, **options: Any) -> Page:
        """Return a page of a context of its own that shows `path` to somebody who is signed in.

        `options` are those of a browser's context: `viewport`, `locale`, `color_scheme`, …
        """
        options.setdefault("viewport", DESKTOP)
        options.setdefault("locale", "zh-CN")
        options.setdefault("timezone_id", "Asia/Shanghai")
        kept = None if fresh else self._kept.get(username)
        context = self._browser.new_context(base_url=self._city.portal, storage_state=kept, **options)
        self._open.append((username, context))
        page = context.new_page()
        page.goto(path)
        # A session may have ended since: a test revoked it, or another context renewed its token.
        if not page.request.get("/api/v1/people/me").ok:
            self.sign_in(page, username)
            self._kept[username] = context.storage_state()
            page.goto(path)
        return page

    def leave(self) -> None:
        """Close all pages; a token that was renewed meanwhile is the one that is kept."""
        for username, context in self._open:
            self._kept[username] = context.storage_state()
            context.close()
        self._open.clear()

    def sign_in(self, page: Page, username: str) -> None:
        """Fill in the form; a code that was spent is followed by that of the next step."""
        account = self._city.account(username)
        for ahead in (0, 30):
            page.fill("input[name=username]", username)
            page.fill("input[name=password]", account["password"])
            if account["totp_secret"]:
                page.fill("input[name=otp]", pyotp.TOTP(account["totp_secret"]).at(int(time.time()) + ahead))
            page.click("main.gate button[type=submit]")
            # Whoever comes in at another app's door is led to the own one: the page may change meanwhile.
            asked = page.locator("main.gate:has(form):not(:has([role=alert]))")
            expect(asked).to_have_count(0, timeout=SIGN_IN_LIMIT_MS)
            if not page.locator("main.gate:has(form) [role=alert]").is_visible():
                expect(page.get_by_text(ELSEWHERE)).to_have_count(0)
                return
        raise AssertionError(page.inner_text("main.gate"))


@pytest.fixture(scope="session")
def _doors(city: Living, browser: Browser) -> Doors:
    return Doors(city, browser)


@pytest.fixture
def enter(_doors: Doors) -> Iterator[Entering]:
    """Return `enter("watch", "/console/")`: a page of somebody signed in; all are closed after the test."""
    yield _doors.enter
    _doors.leave()
