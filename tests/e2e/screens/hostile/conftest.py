"""People of their own for the tests of bad input, and whoever sets the scene for them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from deploy.native.places import PROJECT
from deploy.native.stack import Stack
from tests.e2e.living import Living
from tests.e2e.screens.conftest import DESKTOP, Doors
from tests.e2e.screens.hostile.hands import CLERK, ENDING, Hand, accounts

Hands = Callable[[str], Hand]
# A busy machine is not what these tests are about.
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def hand(stack: Stack, city: Living, tmp_path_factory: pytest.TempPathFactory) -> Hands:
    """Return `hand("hostile-watch")`: a session of somebody, signed in when first asked for."""
    made = accounts()
    file = tmp_path_factory.mktemp("people") / "accounts.json"
    file.write_text(json.dumps(made))
    subprocess.run(
        [sys.executable, "-m", "services.portal", "add-accounts", str(file)],
        env=stack.environment("portal"), cwd=PROJECT, check=True,
    )  # fmt: skip
    city.run["accounts"] += made
    hands: dict[str, Hand] = {}

    def of(username: str) -> Hand:
        if username not in hands:
            hands[username] = Hand(city.portal, city.account(username))
        return hands[username]

    return of


@pytest.fixture(scope="session")
def clerk(hand: Hands) -> Hand:
    """Return an administrator who sets the scene."""
    return hand(CLERK)


@pytest.fixture(scope="session")
def _ending() -> Iterator[str]:
    return (f"ends-{number}" for number in range(ENDING))


@pytest.fixture
def someone(hand: Hands, _ending: Iterator[str]) -> Hand:
    """Return a watch supervisor whom no other test knows: this one's sessions end."""
    return hand(next(_ending))


@pytest.fixture
def sign_in(_doors: Doors) -> Callable[[Page, str], None]:
    """Return what fills in the form that a page shows: `sign_in(page, "watch")`."""
    return _doors.sign_in


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page of nobody."""
    with browser.new_context(viewport={"width": DESKTOP["width"], "height": DESKTOP["height"]}) as context:
        yield context.new_page()
