"""The console in Chromium, open on a list, as somebody who watches sees it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pyotp
from playwright.async_api import BrowserContext, Page, ViewportSize, async_playwright

from benchmarks.stage import WATCH
from deploy.native.browser import ARGUMENTS, executable
from deploy.native.stack import Stack
from simulators import people

SIZE: ViewportSize = {"width": 2560, "height": 1440}
LIST_LIMIT_MS = 60_000


@asynccontextmanager
async def console(
    stack: Stack, accounts: list[dict[str, Any]], path: str, script: str = ""
) -> AsyncIterator[Page]:
    """Give a page of the console at `path`, open before the fleet's watch; `script` runs before its own."""
    origin = stack.url("portal")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=executable(), args=ARGUMENTS)
        context = await browser.new_context(
            base_url=origin, viewport=SIZE, locale="zh-CN", timezone_id="Asia/Shanghai"
        )
        try:
            await _sign_in(context, accounts)
            page = await context.new_page()
            if script:
                await page.add_init_script(script)
            await page.goto(f"/console/{path}")
            await page.wait_for_selector(".alert-table", timeout=LIST_LIMIT_MS)
            await page.wait_for_selector(".topbar .line.live", timeout=LIST_LIMIT_MS)
            yield page
        finally:
            await browser.close()


async def _sign_in(context: BrowserContext, accounts: list[dict[str, Any]]) -> None:
    """Get the context its cookie; the form is for the tests of screens."""
    who = people.credentials(accounts, WATCH)
    code = pyotp.TOTP(who.totp_secret or "").now()
    body = {"username": who.username, "password": who.password, "otp": code}
    answer = await context.request.post("/api/v1/session", data=body)
    if not answer.ok:
        raise RuntimeError(f"{WATCH} cannot sign in: {answer.status} {await answer.text()}")
