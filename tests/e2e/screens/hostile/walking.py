"""Going from screen to screen as a link does: the app stays, and with it its session and its streams."""

from playwright.sync_api import Page

WALK = """
(path) => {
  history.pushState(null, "", path);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
"""


def walk(page: Page, path: str) -> None:
    """Show another screen of the app that is open."""
    page.evaluate(WALK, path)
