"""Every screen, in both themes, by axe-core: nothing that keeps somebody from seeing or using it."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from deploy.native.screens import COOKIE, SCREENS, SIZES, Screen, choice
from deploy.native.stage import Stage
from tests.e2e.living import Living

BAD = frozenset({"serious", "critical"})
SET_LIMIT_S = 200.0
TOKEN_LIMIT_S = 60.0
LIMIT_MS = 30_000
# One of them is urgent and closes a valve, the other may be shelved.
STORIES = ("two-detectors", "detector-switched-off")
Opening = Callable[..., Page]


@pytest.fixture(scope="module")
def stage(city: Living) -> Iterator[Stage]:
    """Return what makes every screen show something; what it brought for a crew is ended after the module."""
    stage = Stage(city.portal, city.run["accounts"])
    city.ask(stage.set(), SET_LIMIT_S)
    plays = [city.perform(name) for name in STORIES]
    city.ask(stage.alarmed(), SET_LIMIT_S)
    yield stage
    for play in plays:
        play.result(SET_LIMIT_S)
    city.ask(stage.clear(), SET_LIMIT_S)


@pytest.fixture(scope="module")
def opening(city: Living, stage: Stage, browser: Browser) -> Iterator[Opening]:
    """Return `opening(screen, theme, language)`: a page that shows it."""
    contexts: dict[tuple[str, str], BrowserContext] = {}

    def opened(screen: Screen, theme: str, language: str) -> Page:
        who = screen.username
        context = contexts.get((who, theme))
        if context is None:
            context = browser.new_context(
                base_url=city.portal, viewport=SIZES["desk"], locale=language, reduced_motion="reduce"
            )
            context.set_default_timeout(LIMIT_MS)
            context.add_init_script(choice(theme, language))
            contexts[who, theme] = context
        if who:
            token = city.ask(stage.token(who), TOKEN_LIMIT_S)
            context.add_cookies([{"name": COOKIE, "value": token, "url": city.portal}])
        page = context.new_page()
        page.goto(screen.path)
        page.locator(screen.shown).first.wait_for()
        for click in screen.clicks:
            page.locator(click).first.click()
        if screen.then:
            page.locator(screen.then).first.wait_for()
        return page

    yield opened
    for context in contexts.values():
        context.close()


def faults(page: Page) -> list[str]:
    """Return what is seriously wrong with a page: rule, element, and why."""
    found = []
    for violation in Axe().run(page).response["violations"]:
        if violation["impact"] in BAD:
            for node in violation["nodes"]:
                why = [check["message"] for check in (*node["any"], *node["all"], *node["none"])]
                found.append(f"{violation['id']} {node['target']} {node['html'][:120]} {why[:1]}")
    return found


@pytest.mark.engines
@pytest.mark.full
@pytest.mark.parametrize(("theme", "language"), [("light", "zh-CN"), ("dark", "en")])
@pytest.mark.parametrize("screen", SCREENS, ids=lambda screen: screen.name)
def test_nothing_serious_stands_in_anybodys_way_and_it_fits_a_phone(opening, screen, theme, language):
    page = opening(screen, theme, language)
    try:
        assert faults(page) == []
        page.set_viewport_size(SIZES["phone"])
        wide = page.evaluate("document.scrollingElement.scrollWidth")
        assert wide <= SIZES["phone"]["width"]
    finally:
        page.close()


@pytest.mark.engines
@pytest.mark.full
def test_the_check_itself_finds_what_is_wrong(opening):
    page = opening(SCREENS[0], "light", "zh-CN")
    page.evaluate("document.querySelector('h1').style.color = '#eee'")
    assert "color-contrast" in {fault.split()[0] for fault in faults(page)}
