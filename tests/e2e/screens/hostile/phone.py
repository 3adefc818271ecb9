"""A crew's phone as the tests use it: an open order, its moves and forms, what the portal has of it."""

import io
import random
import re
from typing import Any

from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.screens.conftest import PHONE, Entering
from tests.e2e.screens.hostile.catalogue import word
from tests.e2e.screens.hostile.crews import Crew
from tests.e2e.screens.hostile.walking import walk

SENT_LIMIT_MS = 30_000
# Answers when no entry of the outbox waits any more.
NONE_WAITS = """
async (until_ms) => {
  const done = (asked) =>
    new Promise((good, bad) => { asked.onsuccess = () => good(asked.result); asked.onerror = bad; });
  const db = await done(indexedDB.open("gaswatch-field"));
  const all = () => done(db.transaction("outbox").objectStore("outbox").getAll());
  let waits;
  do {
    waits = (await all()).some((entry) => entry.state === "waiting");
    if (waits) await new Promise((go) => setTimeout(go, 100));
  } while (waits && Date.now() < until_ms);
  db.close();
  return !waits;
}
"""


def f(key: str, **values: object) -> str:
    return word(key, "field", **values)


def noise(side: int, quality: int) -> bytes:
    """Return a JPEG that nothing compresses."""
    rng = random.Random(530600)
    out = io.BytesIO()
    Image.frombytes("RGB", (side, side), rng.randbytes(3 * side * side)).save(
        out, "JPEG", quality=quality, subsampling=0
    )
    return out.getvalue()


def big(page: Page) -> Any:
    return page.locator("button.big")


def begin(enter: Entering, crew: Crew, order_id: str, **options: Any) -> Page:
    # Its app renews the session when it likes: what the door has kept may be over.
    page = enter(crew.lead.username, "/field/", fresh=True, viewport=PHONE, has_touch=True, **options)
    walk(page, f"/field/?order={order_id}")
    expect(big(page)).to_be_visible()
    return page


def move(page: Page, name: str) -> None:
    button = big(page).filter(has_text=f("field.move." + name))
    expect(button).to_be_enabled()
    button.click()


def report(page: Page, order_id: str) -> None:
    """Press the button of a form, and wait until what it says is on the phone for good."""
    big(page).click()
    expect(page).to_have_url(re.compile(rf"order={order_id}$"))


def step(page: Page, order_id: str, name: str, note: str) -> None:
    """Report a step by its form."""
    walk(page, f"/field/?order={order_id}&step={name}")
    page.locator("form.step textarea").fill(note)
    report(page, order_id)


def steps_at_server(crew: Crew, order_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = crew.clerk.get(f"orders/{order_id}")["steps"]
    return found


def notes(crew: Crew, order_id: str) -> list[str]:
    return [one["note"] for one in steps_at_server(crew, order_id) if one["note"]]


def all_sent(page: Page) -> None:
    """Wait until nothing waits on the phone; what the screen says of it follows a moment later."""
    assert page.evaluate(f"async () => ({NONE_WAITS})(Date.now() + {SENT_LIMIT_MS})")
    expect(page.get_by_role("link", name=f("field.outboxN", count=0))).to_be_visible(timeout=SENT_LIMIT_MS)
