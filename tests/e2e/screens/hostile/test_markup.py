"""What people write is text: on no screen, in no file does it become script, markup or a formula."""

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.e2e.screens.conftest import DESKTOP, PHONE
from tests.e2e.screens.hostile.catalogue import word
from tests.e2e.screens.hostile.scene import AREA, FIRM, KINDS, MARKUP, Scene, played, site_of

pytestmark = pytest.mark.engines

SHOWN_LIMIT_MS = 20_000
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

    def _resize(self, size: dict[str, int]) -> None:
        self.page.set_viewport_size({"width": size["width"], "height": size["height"]})

    def open(self, path: str, *texts: str) -> "Looking":
        """Open a screen that shows these texts as they were written."""
        self._resize(DESKTOP)
        self.page.goto(path)
        return self.see(path, *texts)

    def see(self, what: str, *texts: str) -> "Looking":
        for text in texts:
            try:
                expect(self.page.locator("body")).to_contain_text(plain(text), timeout=SHOWN_LIMIT_MS)
            except AssertionError:
                self.faults.append(f"{what}: not shown: {text[:40]}")
        for size in (DESKTOP, PHONE):
            self._resize(size)
            # A frame later everything has its new place.
            self.page.evaluate(
                "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
            )
            self.faults += [f"{what} {size['width']}: {fault}" for fault in self.page.evaluate(FOUND)]
        self._resize(DESKTOP)
        return self

    def done(self) -> None:
        assert self.faults == [], "\n".join(self.faults)


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_the_console_of_a_watch_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.watch.username, "/console/"))
    for path in ("/console/alerts", "/console/map", "/console/wall"):
        look.open(path, *KINDS.values())
    for kind, text in KINDS.items():
        look.open(f"/console/alerts?alert={scene.alerts[kind]}", text)
        look.open(f"/console/map?site={site_of(kind)}", text)
    look.open("/console/devices", MARKUP, KINDS["formula"])
    look.open("/console/handover", *KINDS.values())
    look.open("/console/figures").open("/console/rules", *KINDS.values())
    look.open("/console/notices?tab=contacts", *KINDS.values()).open("/console/notices?tab=routes")
    look.open("/console/notices", MARKUP)
    look.done()


def test_dialogs_about_an_alert_show_texts_as_texts(enter, scene):
    look = Looking(enter(scene.watch.username, "/console/"))
    look.open(f"/console/alerts?alert={scene.alerts['markup']}", MARKUP)
    drawer = look.page.locator(".detail")
    drawer.get_by_role("button", name=re.compile(word("deed.closeValve"))).click()
    look.see("closing a valve", MARKUP)
    look.open(f"/console/alerts?alert={scene.alerts['long']}", KINDS["long"])
    look.page.locator(".detail").get_by_role("button", name=word("deed.shelve")).click()
    look.see("shelving", KINDS["long"])
    look.done()


def test_the_audit_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.supervisor.username, "/console/"))
    look.open("/console/audit", *KINDS.values())
    look.done()


def test_the_administrators_screens_show_texts_as_texts(enter, scene):
    look = Looking(enter("hostile-administrator", "/console/"))
    look.open("/console/people", *KINDS.values())
    row = look.page.get_by_role("row").filter(has_text="hostile-long")
    row.get_by_role("button", name=word("people.disable")).click()
    look.see("disabling somebody", KINDS["long"])
    look.open("/console/audit").open("/console/notices?tab=contacts", MARKUP)
    look.done()


def test_the_regulators_app_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.viewer.username, "/regulator/"))
    look.open("/regulator/").open("/regulator/unlicensed", MARKUP).open("/regulator/coverage")
    look.open("/regulator/licences", *list(KINDS.values())[1:]).open("/regulator/orders")
    look.open("/regulator/operators", *KINDS.values()).open(f"/regulator/operators/{FIRM}", MARKUP)
    look.open(f"/regulator/operators/{FIRM}-long", KINDS["long"])
    look.open(f"/regulator/sites?operator_id={FIRM}", *KINDS.values())
    for kind, text in KINDS.items():
        look.open(f"/regulator/sites/{site_of(kind)}", text)
    look.open(f"/regulator/devices?site_id={site_of('markup')}", MARKUP).open(
        "/regulator/coverage/missing", *KINDS.values()
    )
    look.done()


def test_the_crews_app_shows_texts_as_texts(enter, scene):
    look = Looking(enter(scene.crew.lead.username, "/field/"))
    look.open("/field/", *KINDS.values())
    for kind, text in KINDS.items():
        look.open(f"/field/?order={scene.orders[kind]}", text)
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
    for number, text in enumerate(FORMULAS):
        site = clerk.get(f"sites/{site_of('formula')}")
        kept = {
            name: site[name]
            for name in ("operator_id", "kind", "area_code", "longitude", "latitude", "obliged")
        }
        clerk.post(
            "sites",
            kept
            | {
                "site_id": f"site-formula-{number}",
                "name": text,
                "address": text,
                "auto_close": False,
                "contacts": [{"name": text, "phone": "+86 139", "role": text}],
            },
        )
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
    assert f"'{KINDS['formula']}" in cells
    assert [cell for cell in cells if cell.startswith(BEGINS_A_FORMULA)] == []


def test_a_search_for_markup_is_a_search(formulas):
    found: list[dict[str, Any]] = formulas.viewer.items("sites?q=%3Cscript%3E")
    assert site_of("markup") in {one["site_id"] for one in found}
    assert AREA
