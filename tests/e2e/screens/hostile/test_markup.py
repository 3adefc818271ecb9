"""What people write is text: on no screen, in no file does it become script, markup or a formula."""

import csv
import io
import re
import time
import zipfile
from typing import Any

import httpx
import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.screens.conftest import DESKTOP, PHONE
from tests.e2e.screens.hostile.catalogue import word
from tests.e2e.screens.hostile.scene import FIRM, KINDS, MARKUP, Scene, played, site_of
from tests.e2e.screens.hostile.walking import walk

pytestmark = pytest.mark.engines

SHOWN_LIMIT_MS = 20_000
BUSY = "[aria-busy=true], .ant-spin-spinning"
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
WATCHING = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.effectiveDirective} ${event.blockedURI} ${event.sample}`));
"""
# What stands in the page only if a text was taken for markup, what ran, and what is wider than the window.
FOUND = """
() => {
  const bred = document.querySelectorAll(
    "[onerror], [onload], img[src='x'], a[href^='javascript:' i], script:not([src]):not([nonce])");
  const wide = [document.documentElement, document.body].filter((one) => one.scrollWidth > window.innerWidth);
  return [
    ...window.violations.map((one) => `stopped: ${one}`),
    ...(window.hostile === undefined ? [] : [`ran: ${window.hostile}`]),
    ...[...bred].map((one) => `markup: ${one.outerHTML.slice(0, 120)}`),
    ...wide.map((one) => `wide: ${one.tagName} ${one.scrollWidth} > ${window.innerWidth}`),
  ];
}
"""


@pytest.fixture(scope="module")
def scene(city, hand, tmp_path_factory) -> Scene:
    return played(city, hand, tmp_path_factory.mktemp("hostile"))


class Looking:
    """Opens screens, one after another, in a desk's and in a phone's window; writes down what is wrong."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.faults: list[str] = []
        page.add_init_script(WATCHING)
        page.on("dialog", self._dialog)
        page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))

    def _dialog(self, dialog: Dialog) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def open(self, path: str, *texts: str) -> "Looking":
        """Load a screen that shows these texts as they were written."""
        self.page.goto(path)
        return self.see(path, "main", *texts)

    def turn(self, path: str, inside: str, text: str) -> "Looking":
        """Go to another part of the screen, which shows a text in its own place."""
        walk(self.page, path)
        return self.see(path, inside, text)

    def see(self, what: str, inside: str, *texts: str) -> "Looking":
        """Look at what is there now."""
        for text in texts:
            try:
                expect(self.page.locator(inside).last).to_contain_text(text, timeout=SHOWN_LIMIT_MS)
            except AssertionError:
                self.faults.append(f"{what}: not shown: {text[:40]}")
        expect(self.page.locator(BUSY)).to_have_count(0, timeout=SHOWN_LIMIT_MS)
        for size in (PHONE, DESKTOP):
            self.page.set_viewport_size({"width": size["width"], "height": size["height"]})
            # Two frames later everything has its new place.
            self.page.evaluate(FRAMES)
            self.faults += [f"{what} {size['width']}: {fault}" for fault in self.page.evaluate(FOUND)]
        return self

    def done(self) -> None:
        """Fail with all that was wrong."""
        assert self.faults == [], "\n".join(self.faults)


def test_the_console_of_a_watch_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.watch.username, "/console/"))
    for screen in ("wall", "map", "rules", "handover"):
        look.open(f"/console/{screen}", *KINDS.values())
    look.open("/console/devices", MARKUP).open("/console/figures").open("/console/notices", MARKUP)
    look.open("/console/notices?tab=contacts", *KINDS.values()).open("/console/notices?tab=routes")
    look.open("/console/map").turn(f"/console/map?site={site_of('long')}", ".map-list section", KINDS["long"])
    look.open("/console/alerts", *KINDS.values())
    for kind, text in KINDS.items():
        look.turn(f"/console/alerts?alert={scene.alerts[kind]}", ".detail", text)
    look.done()


def test_dialogs_about_an_alert_show_texts_as_texts(enter, scene):
    look = Looking(enter(scene.watch.username, "/console/"))
    look.open(f"/console/alerts?alert={scene.alerts['markup']}", MARKUP)
    deeds = look.page.locator(".detail")
    deeds.get_by_role("button", name=re.compile(word("deed.closeValve"))).click()
    look.see("closing a valve", "[role=dialog]", MARKUP)
    look.page.keyboard.press("Escape")
    look.turn(f"/console/alerts?alert={scene.alerts['long']}", ".detail", KINDS["long"])
    deeds.get_by_role("button", name=word("deed.shelve")).click()
    look.see("shelving", "[role=dialog]")
    look.done()


def test_the_audit_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.supervisor.username, "/console/"))
    look.open("/console/audit", *KINDS.values()).open("/console/me", *KINDS.values())
    look.done()


def test_the_administrators_screens_show_texts_as_texts(enter, scene):
    look = Looking(enter("hostile-administrator", "/console/"))
    look.open("/console/audit", MARKUP).open("/console/people", *KINDS.values())
    row = look.page.get_by_role("row").filter(has_text="hostile-long")
    row.get_by_role("button", name=word("people.disable")).click()
    look.see("disabling somebody", "[role=dialog]", KINDS["long"])
    look.done()


def test_the_regulators_app_shows_texts_as_texts(enter, city, scene):
    account = city.account(scene.viewer.username)
    who = {name: account[name] for name in ("username", "password")}
    # What a browser calls itself is shown to who signed in by it.
    assert httpx.post(
        f"{city.portal}/api/v1/session", json=who, headers={"User-Agent": MARKUP}, timeout=30
    ).is_success
    look = Looking(enter(scene.viewer.username, "/regulator/"))
    look.open("/regulator/me", MARKUP).open("/regulator/").open("/regulator/coverage").open(
        "/regulator/orders"
    )
    look.open("/regulator/unlicensed", MARKUP).open("/regulator/licences", *list(KINDS.values())[1:])
    look.open("/regulator/operators", *KINDS.values()).open("/regulator/coverage/missing", *KINDS.values())
    look.open(f"/regulator/sites?operator_id={FIRM}", *KINDS.values())
    look.open(f"/regulator/devices?site_id={site_of('markup')}", MARKUP)
    for kind in ("markup", "long"):
        look.open(f"/regulator/sites/{site_of(kind)}", KINDS[kind])
    look.open(f"/regulator/operators/{FIRM}", MARKUP).open(f"/regulator/operators/{FIRM}-long", KINDS["long"])
    look.done()


def test_the_crews_app_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.crew.lead.username, "/field/"))
    look.open("/field/", *KINDS.values())
    for kind, text in KINDS.items():
        look.turn(f"/field/?order={scene.orders[kind]}", ".history", text)
    look.open("/field/?view=outbox").open("/field/?view=me", MARKUP).open("/field/?view=help")
    look.done()


# --- files ---

FORMULAS = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "＝1+1",
    '=HYPERLINK("http://x.test","x")',
    '"=1',
]
LISTS = ["sites", "operators", "licences", "devices", "unlicensed", "coverage:missing"]
BEGINS_A_FORMULA = tuple("=+-@＝＋－＠\r\t")


@pytest.fixture(scope="module")
def formulas(scene: Scene, clerk) -> Scene:
    """Return the scene with more names that begin as formulas do."""
    names = ("operator_id", "kind", "area_code", "longitude", "latitude", "obliged")
    site = clerk.get(f"sites/{site_of('formula')}")
    for number, text in enumerate(FORMULAS):
        contact = {"name": text, "phone": "+86 139", "role": text}
        more = {"site_id": f"site-formula-{number}", "name": text, "address": text, "contacts": [contact]}
        made = clerk.ask("POST", "sites", {name: site[name] for name in names} | more | {"auto_close": False})
        assert made.status_code in {201, 409}, made.text
        scene.watch.post("handovers", {"handover_id": f"{time.time_ns():032x}", "text": text})
    return scene


@pytest.mark.parametrize("name", LISTS)
def test_no_cell_of_a_csv_is_a_formula(formulas, name):
    answer = formulas.viewer.ask("GET", f"{name}?format=csv")
    assert answer.status_code == 200, answer.text
    cells = [cell for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) for cell in row]
    if name == "sites":
        assert {f"'{text}" for text in FORMULAS if text.startswith(BEGINS_A_FORMULA)} <= set(cells)
    assert MARKUP in cells or KINDS["long"] in cells or name == "devices"
    assert [
        cell for cell in cells if cell.startswith(BEGINS_A_FORMULA) and not re.fullmatch(r"\t[\d/eE-]+", cell)
    ] == []


@pytest.mark.parametrize("name", LISTS)
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(formulas, name):
    answer = formulas.viewer.ask("GET", f"{name}?format=xlsx")
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheets = [book.read(part).decode() for part in book.namelist() if part.startswith("xl/worksheets/")]
        assert not [part for part in book.namelist() if "externalLink" in part or "vba" in part.lower()]
    assert len(sheets) == 2
    for sheet in sheets:
        assert "<f>" not in sheet and "<f " not in sheet  # noqa: PT018
        assert "hyperlink" not in sheet


def test_no_cell_of_the_audit_is_a_formula(formulas):
    answer = formulas.supervisor.ask("GET", "audit?format=csv")
    assert answer.status_code == 200
    cells = [cell for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) for cell in row]
    assert {f"'{text}" for text in FORMULAS if text.startswith(BEGINS_A_FORMULA)} <= set(cells)
    assert [cell for cell in cells if cell.startswith(BEGINS_A_FORMULA)] == []


def test_a_search_for_markup_is_a_search(formulas):
    found: list[dict[str, Any]] = formulas.viewer.items("sites?q=%3Cscript%3E")
    assert [one["site_id"] for one in found] == [site_of("markup"), f"{site_of('markup')}-bare"]
