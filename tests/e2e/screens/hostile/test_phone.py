"""What goes wrong with a phone: photos that are too large or none, and a clock that is a day off."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.e2e.screens.hostile.crews import Crew, man
from tests.e2e.screens.hostile.phone import (
    SENT_LIMIT_MS,
    all_sent,
    begin,
    big,
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

MB = 1024 * 1024
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="window.hostile=1" width="9" height="9"><rect/></svg>'
NO_PHOTOS = {
    "text": ("leak.jpg", "image/jpeg", b"this is no photo"),
    "svg": ("leak.svg", "image/svg+xml", SVG),
    "page": ("leak.png", "image/png", b"<html><script>window.hostile=1</script></html>"),
    "half": ("half.jpg", "image/jpeg", b"\xff\xd8\xff\xe0" + bytes(2_000)),
}
# What the phone keeps of photos becomes as large as one that nobody has shrunk.
SWELL = """
async (size) => {
  const done = (asked) =>
    new Promise((good, bad) => { asked.onsuccess = () => good(asked.result); asked.onerror = bad; });
  const db = await done(indexedDB.open("gaswatch-field"));
  const photos = db.transaction("photos", "readwrite").objectStore("photos");
  const all = await done(photos.getAll());
  for (const one of all) await done(photos.put({ ...one, bytes: new ArrayBuffer(size) }));
  db.close();
  return all.length;
}
"""


@pytest.fixture(scope="module")
def crew(hand) -> Crew:
    return man(hand, "photo")


def send(crew: Crew, name: str, media_type: str, content: bytes, order_id: str) -> Any:
    return crew.lead.http.post(
        "attachments",
        files={"file": (name, content, media_type)}, data={"order_id": order_id},
        headers={"Idempotency-Key": f"{name}-{len(content)}-{order_id}"},
    )  # fmt: skip


def test_the_platform_takes_photos_only_and_none_above_ten_megabytes(crew):
    order_id = crew.order("photos by hand")
    too_large = send(crew, "large.jpg", "image/jpeg", bytes(20 * MB), order_id)
    assert (too_large.status_code, too_large.json()["type"]) == (413, "too-large")
    assert "10 MiB" in too_large.json()["title"]
    for name, media_type, content in NO_PHOTOS.values():
        refused = send(crew, name, media_type, content, order_id)
        assert (refused.status_code, refused.json()["type"]) == (415, "unsupported-media-type"), name
    taken = send(crew, "<img src=x onerror=alert(1)>.svg", "image/svg+xml", noise(64, 90), order_id)
    assert taken.status_code == 201
    shown = crew.lead.ask("GET", f"attachments/{taken.json()['attachment_id']}/content")
    assert shown.headers["content-type"] == "image/jpeg"
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"


def test_what_is_no_photo_is_refused_on_the_phone_and_nothing_else_is_lost(enter, crew):
    order_id = crew.order("no photo")
    page = begin(enter, crew, order_id)
    walk(page, f"/field/?order={order_id}&step=located")
    page.locator("form.step textarea").fill("stays")
    refused = page.get_by_role("alert").filter(has_text=f("field.noPhoto"))
    for name, media_type, content in NO_PHOTOS.values():
        file: FilePayload = {"name": name, "mimeType": media_type, "buffer": content}
        page.locator("input[type=file]").set_input_files(file)
        expect(refused).to_be_visible()
        expect(page.locator(".photos li")).to_have_count(0)
        expect(page.locator("form.step textarea")).to_have_value("stays")
    assert page.evaluate("window.hostile") is None
    report(page, order_id)
    all_sent(page)
    assert notes(crew, order_id) == ["stays"]


def test_a_photo_of_twenty_megabytes_is_made_small_on_the_phone(enter, crew, tmp_path):
    order_id = crew.order("a large photo")
    file = tmp_path / "large.jpg"
    file.write_bytes(noise(2_650, 100))
    assert file.stat().st_size >= 20 * MB
    page = begin(enter, crew, order_id)
    walk(page, f"/field/?order={order_id}&step=located")
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".photos li img")).to_have_count(1, timeout=SENT_LIMIT_MS)
    report(page, order_id)
    all_sent(page)
    (attachment_id,) = steps_at_server(crew, order_id)[0]["attachment_ids"]
    told = crew.lead.get(f"attachments/{attachment_id}")
    assert max(told["width"], told["height"]) == 1_600


def test_a_photo_that_is_refused_says_why_and_holds_nothing_up(enter, crew):
    order_id, other = crew.order("refused photo"), crew.order("the order after it")
    page = begin(enter, crew, order_id)
    page.context.set_offline(True)
    walk(page, f"/field/?order={order_id}&step=located")
    page.locator("form.step textarea").fill("with a photo")
    photo: FilePayload = {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": noise(64, 90)}
    page.locator("input[type=file]").set_input_files(photo)
    expect(page.locator(".photos li img")).to_have_count(1)
    report(page, order_id)
    assert page.evaluate(SWELL, 20 * MB) == 1
    step(page, order_id, "repaired", "after it")
    step(page, other, "located", "another order")
    page.context.set_offline(False)
    walk(page, "/field/?view=outbox")
    refused = page.locator(".entry.is-refused")
    expect(refused).to_have_count(1, timeout=SENT_LIMIT_MS)
    expect(refused).to_contain_text(f("field.refusal.too-large"))
    all_sent(page)
    assert notes(crew, order_id) == ["after it"]
    assert notes(crew, other) == ["another order"]
    refused.get_by_role("button", name=f("field.mend.withoutPhoto")).click()
    expect(refused).to_have_count(0, timeout=SENT_LIMIT_MS)
    all_sent(page)
    assert notes(crew, order_id) == ["with a photo", "after it"], "in the order in which they were done"


@pytest.mark.parametrize("off", [timedelta(days=1), timedelta(days=-1)], ids=["fast", "slow"])
def test_a_phone_whose_clock_is_a_day_off_loses_nothing(enter, crew, off):
    """Both times are kept, the steps stand in the order in which they were done, and nothing is refused."""
    order_id = crew.order(f"clock {off}")
    page = begin(enter, crew, order_id)
    page.context.clock.install(time=datetime.now(UTC) + off)
    page.goto(f"/field/?order={order_id}")
    for name in ("accept", "depart", "arrive"):
        move(page, name)
    all_sent(page)
    walk(page, f"/field/?order={order_id}&step=surroundings_checked")
    page.get_by_label("ppm", exact=True).fill("12")
    page.get_by_label(f("field.serial")).fill("CM-7")
    page.get_by_label(f("field.calibration")).fill(
        (datetime.now(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d")
    )
    report(page, order_id)
    step(page, order_id, "departed", "last")
    all_sent(page)
    walk(page, "/field/?view=outbox")
    told = f("field.clockFast" if off > timedelta() else "field.clockSlow", span="|").partition("|")[0]
    expect(page.get_by_role("status").filter(has_text=told)).to_be_visible()
    expect(page.locator(".entry.is-refused")).to_have_count(0)
    order = crew.clerk.get(f"orders/{order_id}")
    assert order["state"] == "on_site"
    assert [one["step"] for one in order["steps"]] == ["surroundings_checked", "departed"]
    moves = [one for one in order["timeline"] if one["kind"] in {"accepted", "departed", "arrived"}]
    assert [one["kind"] for one in moves] == ["accepted", "departed", "arrived"]
    both = [(one["device_time"], one["at"]) for one in moves]
    both += [(one["device_time"], one["received_at"]) for one in order["steps"]]
    for device_time, server_time in both:
        apart = datetime.fromisoformat(device_time) - datetime.fromisoformat(server_time)
        assert abs(apart - off) < timedelta(minutes=2)
    assert [device for device, _ in both] == sorted({device for device, _ in both})
    walk(page, f"/field/?order={order_id}")
    lines = page.locator("ol.history li").filter(has_text=f("field.deviceTime", time="|").partition("|")[0])
    expect(lines).to_have_count(5)
    done = ("accepted", "en_route", "arrived", "surroundings_checked", "departed")
    for name, text in zip(done, lines.all_inner_texts(), strict=True):
        assert f(f"step.{name}") in text


def test_a_session_that_ends_leaves_a_crew_at_its_work(enter, sign_in, hand):
    crew = man(hand, "ended")
    order_id = crew.order("session ends")
    page = begin(enter, crew, order_id)
    walk(page, f"/field/?order={order_id}&step=located")
    page.locator("form.step textarea").fill("typed before")
    (theirs,) = [one for one in crew.lead.items("sessions") if not one["current"]]
    assert crew.lead.ask("DELETE", f"sessions/{theirs['session_id']}").status_code == 204
    ended = page.get_by_role("alert").filter(has_text=f("field.sessionEnded", count="|").partition("|")[0])
    expect(ended).to_be_visible(timeout=15_000)
    big(page).click()
    expect(page.get_by_role("link", name=f("field.outboxN", count=1))).to_be_visible()
    ended.get_by_role("button", name=f("common.signIn")).click()
    with page.expect_response(re.compile(":step$"), timeout=SENT_LIMIT_MS):
        sign_in(page, crew.lead.username)
    all_sent(page)
    assert notes(crew, order_id) == ["typed before"]
