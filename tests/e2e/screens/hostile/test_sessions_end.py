"""Sessions that end while somebody works, and forms sent twice, from two tabs, or changed on the way."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.screens.hostile.catalogue import word
from tests.e2e.screens.hostile.hands import Hand

pytestmark = pytest.mark.engines

# A minute is promised; the portal looks every two seconds.
ENDS_WITHIN_S = 10.0
AREA = "530681"
OTHERS_CONTACT = "contact-watch"


@pytest.fixture
def other(hand, _ending) -> Hand:
    """Return somebody else of the same firm."""
    found: Hand = hand(next(_ending))
    return found


def contacts(hand: Hand, name: str) -> list[dict[str, Any]]:
    return [one for one in hand.items("contacts") if one["name"] == name]


def add_contact(hand: Hand, name: str) -> dict[str, Any]:
    made: dict[str, Any] = hand.post(
        "contacts",
        {"contact_id": f"contact-{time.time_ns()}", "area_code": AREA, "name": name, "role": "watch",
         "addresses": [{"channel": "app", "address": "x"}]},
    )  # fmt: skip
    return made


def open_new_contact(page: Page, name: str) -> None:
    """Fill in a new contact, ready to be sent."""
    page.get_by_role("button", name=word("notices.addContact")).click()
    dialog = page.get_by_role("dialog", name=word("notices.addContact"))
    dialog.get_by_label(word("notices.id"), exact=True).fill(f"contact-{time.time_ns()}")
    dialog.get_by_label(word("common.area")).fill(AREA)
    dialog.get_by_label(word("common.person"), exact=True).fill(name)
    dialog.get_by_label(word("notices.channel")).fill("app")
    dialog.get_by_label(word("notices.address"), exact=True).fill("x")


def save(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name=word("common.save")).click()


def browsers_session(hand: Hand) -> str:
    """Return which of one's own sessions is the browser's."""
    (found,) = [one for one in hand.items("sessions") if "Chrome" in one["agent"]]
    assert not found["current"]
    return str(found["session_id"])


def sign_in_again(page: Page, username: str, sign_in: Any) -> None:
    gate = page.locator("dialog.gate-again")
    expect(gate).to_be_visible(timeout=ENDS_WITHIN_S * 1000)
    expect(gate).to_contain_text(word("gate.ended", username=username))
    expect(gate.locator("input[name=password]")).to_be_focused()
    sign_in(page, username)
    expect(gate).to_have_count(0)


def revoke(hand: Hand, _clerk: Hand) -> Callable[[], None]:
    assert hand.ask("DELETE", f"sessions/{browsers_session(hand)}").status_code == 204
    return lambda: None


def disable(hand: Hand, clerk: Hand) -> Callable[[], None]:
    clerk.post(f"people/{hand.username}:disable")
    return lambda: clerk.post(f"people/{hand.username}:enable")


@pytest.mark.parametrize("end", [revoke, disable], ids=["revoked", "disabled"])
def test_an_open_console_notices_that_its_session_has_ended_and_keeps_what_was_typed(
    enter, sign_in, city, clerk, someone, end
):
    page = enter(someone.username, "/console/notices?tab=contacts")
    expect(page.get_by_role("status").filter(has_text=word("shell.line.live"))).to_be_visible()
    typed = f"typed {someone.username}"
    open_new_contact(page, typed)
    made_good = end(someone, clerk)
    # Nobody touches anything: the stream ends, and the page says so.
    expect(page.locator("dialog.gate-again")).to_be_visible(timeout=ENDS_WITHIN_S * 1000)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    made_good()
    sign_in_again(page, someone.username, sign_in)
    save(page)
    expect(page.get_by_role("cell").filter(has_text=typed)).to_be_visible()
    assert len(contacts(clerk, typed)) == 1
    expect(page.get_by_role("status").filter(has_text=word("shell.line.live"))).to_be_visible(timeout=15_000)


@pytest.mark.parametrize("end", [revoke, disable], ids=["revoked", "disabled"])
def test_what_an_ended_session_follows_ends(city, clerk, someone, end):
    account = city.account(someone.username)
    password = {name: account[name] for name in ("username", "password")}
    with httpx.Client(
        base_url=f"{city.portal}/api/v1/", headers={"User-Agent": "Chrome"}, timeout=60
    ) as other:
        answer = other.post("session", json=password | {"otp": pyotp.TOTP(account["totp_secret"]).now()})
        assert answer.status_code == 200, answer.text
        with other.stream("GET", "stream/alerts") as stream:
            lines = stream.iter_lines()
            assert next(lines).startswith("id: ")
            end(someone, clerk)
            ended = time.monotonic()
            for _ in lines:
                assert time.monotonic() < ended + ENDS_WITHIN_S
            assert time.monotonic() < ended + ENDS_WITHIN_S
        assert other.get("people/me").status_code == 401


def test_a_form_that_is_sent_after_the_session_ended_says_so_and_loses_nothing(
    enter, sign_in, city, clerk, someone
):
    page = enter(someone.username, "/console/notices?tab=contacts")
    # The page does not hear of it by its stream.
    page.route("**/api/v1/stream/**", lambda route: route.abort())
    page.reload()
    typed = f"late {someone.username}"
    open_new_contact(page, typed)
    revoke(someone, clerk)
    save(page)
    sign_in_again(page, someone.username, sign_in)
    expect(page.get_by_role("dialog").get_by_role("alert")).to_have_text(word("problemMore.ended"))
    assert contacts(clerk, typed) == []
    save(page)
    expect(page.get_by_role("cell").filter(has_text=typed)).to_be_visible()
    assert len(contacts(clerk, typed)) == 1


def test_what_one_person_was_writing_is_not_shown_to_the_next(enter, city, clerk, someone, other):
    page = enter(someone.username, "/console/notices?tab=contacts")
    open_new_contact(page, "nobody else's")
    revoke(someone, clerk)
    expect(page.locator("dialog.gate-again")).to_be_visible(timeout=ENDS_WITHIN_S * 1000)
    account = city.account(other.username)
    page.fill("input[name=username]", other.username)
    page.fill("input[name=password]", account["password"])
    page.fill("input[name=otp]", pyotp.TOTP(account["totp_secret"]).at(int(time.time()) + 30))
    page.click("main.gate button[type=submit]")
    expect(page.locator(".person")).to_contain_text(other.username)
    expect(page.get_by_role("dialog")).to_have_count(0)


def held(page: Page, pattern: str) -> list[Route]:
    """Keep requests that match on their way."""
    found: list[Route] = []
    page.route(
        pattern, lambda route: found.append(route) if route.request.method == "POST" else route.continue_()
    )
    return found


def test_a_form_that_is_sent_twice_acts_once(enter, clerk, city, someone):
    page = enter(someone.username, "/console/notices?tab=contacts")
    typed = f"twice {someone.username}"
    open_new_contact(page, typed)
    posts = held(page, "**/api/v1/contacts")
    page.get_by_role("dialog").get_by_role("button", name=word("common.save")).dblclick()
    page.get_by_role("dialog").get_by_label(word("common.person"), exact=True).press("Enter")
    assert posts
    for route in posts:
        route.continue_()
    expect(page.get_by_role("cell").filter(has_text=typed)).to_be_visible()
    assert len(contacts(clerk, typed)) == 1

    page.goto("/console/handover")
    page.get_by_label(word("handover.text")).fill(typed)
    posts = held(page, "**/api/v1/handovers")
    page.get_by_role("button", name=word("handover.send")).dblclick()
    assert posts
    for route in posts:
        route.continue_()
    expect(page.locator("article").filter(has_text=typed)).to_be_visible()
    assert [one["text"] for one in someone.get("handovers")["items"]].count(typed) == 1


def test_the_same_form_from_two_tabs_tells_the_second_that_it_is_late(enter, clerk, someone):
    contact = add_contact(someone, f"both {someone.username}")
    first = enter(someone.username, "/console/notices?tab=contacts")
    second = first.context.new_page()
    second.goto("/console/notices?tab=contacts")
    for page in (first, second):
        row = page.get_by_role("row").filter(has_text=contact["contact_id"])
        row.get_by_role("button", name=word("notices.change")).click()
    for number, page in enumerate((first, second)):
        page.get_by_role("dialog").get_by_label(word("common.person"), exact=True).fill(f"tab {number}")
        save(page)
        if page is first:
            expect(page.get_by_role("dialog")).to_have_count(0)
    dialog = second.get_by_role("dialog")
    expect(dialog.get_by_role("alert")).to_contain_text(word("problem.precondition-failed"))
    expect(dialog.get_by_label(word("common.person"), exact=True)).to_have_value("tab 1")
    assert clerk.get(f"contacts/{contact['contact_id']}")["name"] == "tab 0"


def test_a_watch_is_taken_over_once(enter, someone, other):
    text = f"open {someone.username}"
    someone.post("handovers", {"handover_id": f"{time.time_ns():032x}", "text": text})
    first = enter(other.username, "/console/handover")
    second = first.context.new_page()
    second.goto("/console/handover")
    for page in (first, second):
        expect(page.locator("article").filter(has_text=text)).to_be_visible()
    for page in (first, second):
        article = page.locator("article").filter(has_text=text)
        article.get_by_role("button", name=word("handover.accept")).click()
        if page is first:
            expect(article).to_contain_text("✓")
    late = second.locator("article").filter(has_text=text)
    expect(late.get_by_role("alert")).to_contain_text(word("problem.conflict"))


def changed(page: Page, pattern: str, **how: Any) -> None:
    """Change a request on its way, as somebody with the developer's tools would."""
    page.route(
        pattern,
        lambda route: (
            route.continue_(**how) if route.request.method in {"POST", "PATCH"} else route.continue_()
        ),
    )


def test_a_form_with_another_ones_id_is_told_that_there_is_no_such_thing(enter, city, clerk, someone):
    contact = add_contact(someone, f"mine {someone.username}")
    before = clerk.get(f"contacts/{OTHERS_CONTACT}")
    page = enter(someone.username, "/console/notices?tab=contacts")
    row = page.get_by_role("row").filter(has_text=contact["contact_id"])
    row.get_by_role("button", name=word("notices.change")).click()
    changed(page, "**/api/v1/contacts/*", url=f"{city.portal}/api/v1/contacts/{OTHERS_CONTACT}")
    save(page)
    expect(page.get_by_role("dialog").get_by_role("alert")).to_contain_text(word("problem.not-found"))
    assert clerk.get(f"contacts/{OTHERS_CONTACT}") == before


def test_a_form_with_more_fields_is_refused_by_name(enter, city, clerk, someone):
    page = enter(someone.username, "/console/notices?tab=contacts")
    typed = f"more {someone.username}"
    open_new_contact(page, typed)
    body = {"contact_id": f"contact-{time.time_ns()}", "area_code": AREA, "name": typed, "role": "watch",
            "addresses": [{"channel": "app", "address": "x"}], "operator": "op-zhaoyun"}  # fmt: skip
    changed(page, "**/api/v1/contacts", post_data=body)
    save(page)
    alert = page.get_by_role("dialog").get_by_role("alert")
    expect(alert).to_contain_text(word("problem.request-validation-failed"))
    expect(alert).to_contain_text("operator")
    assert contacts(clerk, typed) == []


# Mass assignment: what a person must never set, in the bodies that come nearest to it.
MORE = [
    ("POST", "handovers", {"handover_id": "0197e0c0-0000-7000-8000-000000000002", "text": "x",
                           "created_by": "officer"}),
    ("POST", "contacts", {"contact_id": "c-more", "area_code": AREA, "name": "x", "role": "watch",
                          "addresses": [{"channel": "app", "address": "x", "verified": True}]}),
    ("POST", "routes", {"route_id": "r-more", "area_code": AREA, "topic": "alert", "priorities": ["P1"],
                        "roles": ["watch"], "revision": 7}),
    ("POST", "orders", {"site_id": "lpg-jinjiang", "kind": "inspection", "priority": "P4", "text": "x",
                        "state": "closed"}),
    ("POST", "crews", {"crew_id": "crew-more", "area_code": AREA, "name": "x", "on_duty": True}),
    ("POST", "rules/G01:propose", {"reason": "x", "effective_from": "2099-01-01T00:00:00Z", "by": "x"}),
    ("POST", "people/me:password", {"password": "x", "new_password": "x", "role": "administrator"}),
    ("POST", "people/me:second-factor", {"totp_secret": "A" * 32}),
    ("POST", "session", {"username": "x", "password": "x", "role": "administrator"}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body"), MORE, ids=[path for _, path, _ in MORE])
def test_no_body_sets_more_than_its_form(hand, method, path, body):
    answer = hand("hostile-supervisor").ask(method, path, body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["type"] == "request-validation-failed"
    assert {fault["type"] for fault in answer.json()["errors"]} >= {"extra_forbidden"}, answer.text
