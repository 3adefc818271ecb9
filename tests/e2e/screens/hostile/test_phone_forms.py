"""What a phone says and keeps when somebody is quicker than it, has no network, or may not."""

import pytest
from playwright.sync_api import FilePayload, expect

from tests.e2e.screens.hostile.crews import Crew, man
from tests.e2e.screens.hostile.phone import (
    all_sent,
    begin,
    f,
    move,
    noise,
    notes,
    report,
    step,
    steps_at_server,
)
from tests.e2e.screens.hostile.walking import walk

pytestmark = [pytest.mark.engines, pytest.mark.full]

# Photos are made small only when they are released: a slow phone.
SLOW = """
() => {
  const real = window.createImageBitmap.bind(window);
  const free = new Promise((go) => { window.release = go; });
  window.createImageBitmap = async (...given) => { await free; return real(...given); };
}
"""
PHOTOS_KEPT = """
async () => {
  const done = (asked) =>
    new Promise((good, bad) => { asked.onsuccess = () => good(asked.result); asked.onerror = bad; });
  const db = await done(indexedDB.open("gaswatch-field"));
  const count = () => done(db.transaction("photos").objectStore("photos").count());
  while ((await count()) === 0) await new Promise((go) => setTimeout(go, 50));
  db.close();
}
"""


@pytest.fixture(scope="module")
def crew(hand) -> Crew:
    return man(hand, "photo")


def test_who_reports_before_a_photo_is_ready_loses_neither_it_nor_the_next_report(enter, crew):
    order_id = crew.order("a slow photo")
    page = begin(enter, crew, order_id)
    walk(page, f"/field/?order={order_id}&step=located")
    page.evaluate(SLOW)
    photo: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": noise(64, 90)}
    page.locator("input[type=file]").set_input_files(photo)
    page.locator("form.step textarea").fill("with a photo")
    page.evaluate("document.querySelector('form.step').requestSubmit()")
    page.evaluate("window.release()")
    page.evaluate(PHOTOS_KEPT)
    if page.locator("form.step").count():  # it waits for the photo
        expect(page.locator(".photos li img")).to_have_count(1)
        report(page, order_id)
    all_sent(page)
    step(page, order_id, "located", "once more")
    all_sent(page)
    assert notes(crew, order_id) == ["with a photo", "once more"]
    assert [len(one["attachment_ids"]) for one in steps_at_server(crew, order_id)] == [1, 0]


def test_signing_out_without_network_says_that_it_did_not(enter, crew):
    page = begin(enter, crew, crew.order("leaving"))
    walk(page, "/field/?view=me")
    leave = page.get_by_role("button", name=f("common.signOut"))
    page.context.set_offline(True)
    leave.click()
    expect(page.get_by_role("alert").filter(has_text=f("field.needsNetwork"))).to_be_visible()
    page.context.set_offline(False)
    leave.click()
    expect(page.locator("main.gate form")).to_be_visible()
    assert page.request.get("/api/v1/people/me").status == 401


def test_who_has_an_order_in_hand_is_told_why_duty_goes_on(enter, crew):
    page = begin(enter, crew, crew.order("in hand"))
    move(page, "accept")
    all_sent(page)
    walk(page, "/field/?view=me")
    page.get_by_role("button", name=f("field.goOff")).click()
    expect(page.get_by_role("alert").filter(has_text=f("problem.order-in-hand"))).to_be_visible()
