"""What the walks share: things that happen in the city, what the API says to whoever looks, codes, marks."""

import time
import zipfile
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyotp
from playwright.sync_api import Locator, Page, expect

from simulators import stories
from simulators.city import City, Row, build, load
from tests.e2e.living import Living

# What the city does comes by instrument, broker, rules and stream, on a machine that has more to do.
HAPPENS_MS = 60_000
STEP_S = 30
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def let(city: Living, do: str, site_id: str, **how: Any) -> None:
    """Let something happen now, as a story would: `let(city, "leak", "site-yunling", m3h=400)`."""

    async def happen() -> None:
        action = stories.Action(0, do, site_id, with_=how)
        await stories.ACTIONS[do](city.live.world, action)
        city.live.world.wake(site_id)

    city.ask(happen(), 10)


def told(page: Page, path: str, **asked: Any) -> Any:
    """Return what the API says to whoever is signed in on a page; it does so when the page has no network."""
    answer = page.request.get(f"/api/v1/{path}", params=asked)
    assert answer.ok, answer.text()
    return answer.json()


def all_told(page: Page, path: str, **asked: Any) -> list[dict[str, Any]]:
    """Return all pages of a list."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = told(page, path, limit=200, **asked, **cursor)
        found += answer["items"]
        if not answer["next_cursor"]:
            return found
        cursor = {"cursor": answer["next_cursor"]}


def at(text: str) -> datetime:
    """Return a time of the API."""
    return datetime.fromisoformat(text)


def scenario() -> City:
    """Return the rows that the city was registered with."""
    return build(load())


def quiet_site(page: Page, operator_id: str) -> Row:
    """Return a site without alerts, alone of its name, whose valve the platform closes by itself."""
    city = scenario()
    own = [site for site in city.sites if site["operator_id"] == operator_id and site["auto_close"] == "true"]
    kinds = {(device["site_id"], device["kind"]) for device in city.devices}
    names = Counter(site["name"] for site in city.sites if site["operator_id"] == operator_id)
    busy = {one["site_id"] for one in all_told(page, "alerts", open="true")}
    return next(
        site
        for site in own
        if names[site["name"]] == 1
        and site["site_id"] not in busy
        and site["site_id"].startswith("u-")
        and {(site["site_id"], "detector"), (site["site_id"], "valve")} <= kinds
    )


def mark(page: Page) -> None:
    """Mark what is loaded now: see `is_marked`."""
    page.evaluate("() => { window.walked = true }")


def is_marked(page: Page) -> bool:
    """Return whether the page was not loaded again since `mark`."""
    return bool(page.evaluate("() => window.walked === true"))


def row(page: Page, *words: str, but: Iterable[str] = ()) -> Locator:
    """Return the rows of a console's list that hold all these words; not those of the alerts in `but`."""
    found = page.locator(".alert-row" + "".join(f':not([data-row-key="{one}"])' for one in but))
    for word in words:
        found = found.filter(has_text=word)
    return found


def panel(page: Page, title: str) -> Locator:
    """Return a section of the open drawer by its heading."""
    return page.locator(".detail section.panel").filter(
        has=page.get_by_role("heading", name=title, exact=True)
    )


def give_code(page: Page, city: Living, username: str, dialog: Locator, button: str) -> None:
    """Type a one-time code into a dialog and send it; one that was spent is followed by the next."""
    secret = city.account(username)["totp_secret"]
    for ahead in (0, STEP_S):
        dialog.get_by_label("动态验证码").fill(pyotp.TOTP(secret).at(int(time.time()) + ahead))
        dialog.get_by_role("button", name=button).click()
        refused = dialog.get_by_role("alert").filter(has_text="验证码")
        expect(refused.or_(page.get_by_role("timer"))).to_be_visible()
        if not refused.is_visible():
            return


def workbook(file: Path) -> dict[str, list[list[str]]]:
    """Return the rows of each sheet of a workbook as text."""
    with zipfile.ZipFile(file) as parts:
        texts = []
        if "xl/sharedStrings.xml" in parts.namelist():
            texts = [_text(one) for one in ET.fromstring(parts.read("xl/sharedStrings.xml"))]
        book = ET.fromstring(parts.read("xl/workbook.xml"))
        names = [one.attrib["name"] for one in book.iter(f"{SHEET}sheet")]
        files = [f"xl/worksheets/sheet{number}.xml" for number in range(1, len(names) + 1)]
        sheets = [ET.fromstring(parts.read(one)) for one in files]
    return {
        name: [
            [texts[int(_text(cell))] if cell.get("t") == "s" else _text(cell) for cell in line]
            for line in sheet.iter(f"{SHEET}row")
        ]
        for name, sheet in zip(names, sheets, strict=True)
    }


def _text(of: ET.Element) -> str:
    return "".join(of.itertext())
