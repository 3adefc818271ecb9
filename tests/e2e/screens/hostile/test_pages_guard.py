"""What a browser is told so that nobody else's page or script does anything here, and that it obeys."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.screens.hostile.foreign import foreign_site
from tests.e2e.screens.hostile.hands import Hand

pytestmark = pytest.mark.engines

COOKIE = "gaswatch_session"
PAGES = ("/console/", "/regulator/", "/field/")
WATCHING = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(event.effectiveDirective));
"""
SMUGGLED = """
<script>window.hostile = 1</script>
<script src="{foreign}/x.js"></script>
<script nonce="AAAAAAAAAAAAAAAAAAAAAA">window.hostile = 2</script>
<img src="/nothing.png" onerror="window.hostile = 3">
<svg onload="window.hostile = 4"></svg>
<iframe srcdoc="<script>parent.hostile = 5</script>"></iframe>
<object data="data:text/html,<script>parent.hostile = 6</script>"></object>
<base href="{foreign}/">
<a id="smuggled" href="javascript:window.hostile = 7">here</a>
"""


@pytest.fixture(scope="module")
def foreign() -> Iterator[int]:
    with foreign_site() as port:
        yield port


@pytest.fixture(scope="module")
def caller(hand) -> Hand:
    """Return a regulator: signed in by a form without a second factor."""
    found: Hand = hand("guarded-viewer")
    return found


@pytest.fixture(scope="module")
def writer(hand) -> Hand:
    found: Hand = hand("guarded-watch")
    return found


def nonces(page: Page, path: str) -> set[str]:
    answer = page.goto(path)
    assert answer is not None
    return set(re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"]))


@pytest.mark.parametrize("path", PAGES)
def test_every_load_has_a_nonce_of_its_own_and_the_page_runs_by_it(page, city, path):
    page.add_init_script(WATCHING)
    (first,) = nonces(page, city.portal + path)
    (second,) = nonces(page, city.portal + path)
    assert first != second
    assert len(first) >= 20
    expect(page.locator("main.gate form")).to_be_visible()
    assert page.evaluate("window.violations") == []
    assert page.evaluate("document.querySelector('script').getAttribute('nonce')") == "", (
        "a page tells its nonce"
    )


@pytest.mark.parametrize("path", PAGES)
def test_a_script_smuggled_into_a_page_does_not_run(page, city, foreign, path):
    smuggled = SMUGGLED.format(foreign=f"http://127.0.0.1:{foreign}")

    def smuggle(route):
        answer = route.fetch()
        route.fulfill(response=answer, body=answer.text().replace("</body>", f"{smuggled}</body>"))

    page.add_init_script(WATCHING)
    page.route(f"{city.portal}{path}", smuggle)
    page.goto(city.portal + path)
    expect(page.locator("main.gate form")).to_be_visible()
    page.evaluate("document.querySelector('#smuggled').click()")
    page.evaluate(
        "text => document.body.insertAdjacentHTML('beforeend', text)",
        '<img src="/no.png" onerror="hostile = 8">',
    )
    page.wait_for_function("() => window.violations.filter(one => one === 'script-src-attr').length >= 3")
    assert page.evaluate("window.hostile") is None
    seen = set(page.evaluate("window.violations"))
    assert seen >= {"script-src-elem", "script-src-attr", "object-src", "base-uri"}, seen


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/people/me", "/assets/nothing.js"])
def test_no_page_shows_anything_of_ours_in_a_frame(page, city, foreign, path):
    page.goto(f"http://127.0.0.1:{foreign}/")
    with page.expect_event("framenavigated", lambda frame: frame.parent_frame is not None):
        page.evaluate(
            "url => document.body.append(Object.assign(document.createElement('iframe'), { src: url }))",
            city.portal + path,
        )
    (frame,) = page.main_frame.child_frames
    assert frame.url.startswith("chrome-error:"), frame.url


def test_a_window_that_a_foreign_page_opens_is_out_of_its_reach(page, city, foreign):
    page.goto(f"http://localhost:{foreign}/")
    with page.expect_popup() as opened:
        page.evaluate("url => { window.theirs = window.open(url) }", f"{city.portal}/console/")
    expect(opened.value.locator("main.gate form")).to_be_visible()
    assert opened.value.evaluate("window.opener") is None
    assert page.evaluate("window.theirs.closed") is True


@pytest.mark.parametrize(
    ("path", "status"),
    [("/console/", 200), ("/api/v1/people/me", 401), ("/api/v1/nothing", 401), ("/nothing", 404),
     ("/field/worker.js", 200), ("/api/openapi.json", 200)],
)  # fmt: skip
def test_every_answer_says_what_a_browser_must_not_do_with_it(city, path, status):
    answer = httpx.get(city.portal + path, timeout=30)
    assert answer.status_code == status
    told = answer.headers
    assert told["x-content-type-options"] == "nosniff"
    assert told["x-frame-options"] == "DENY"
    assert told["referrer-policy"] == "no-referrer"
    assert told["cross-origin-opener-policy"] == told["cross-origin-resource-policy"] == "same-origin"
    assert "frame-ancestors 'none'" in told["content-security-policy"]
    assert "unsafe" not in told["content-security-policy"]
    assert "access-control-allow-origin" not in told


def test_the_session_lies_in_a_cookie_that_no_script_reads_and_that_signing_in_renews(
    enter, city, caller, browser
):
    page = enter(caller.username, "/regulator/", fresh=True)
    (cookie,) = page.context.cookies(city.portal)
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == (COOKIE, True, "Strict")
    assert page.evaluate("document.cookie") == ""
    assert cookie["value"] not in page.content() + page.evaluate(
        "JSON.stringify({...localStorage, ...sessionStorage})"
    )
    planted = "planted-by-somebody-who-waits"
    page.context.add_cookies([{**cookie, "value": planted}])
    page.goto("/regulator/")
    account = city.account(caller.username)
    page.fill("input[name=username]", caller.username)
    page.fill("input[name=password]", account["password"])
    page.click("main.gate button[type=submit]")
    expect(page.locator("main.gate")).to_have_count(0)
    (fresh,) = page.context.cookies(city.portal)
    assert fresh["value"] not in {planted, cookie["value"]}
    assert (
        httpx.get(f"{city.portal}/api/v1/people/me", cookies={COOKIE: planted}, timeout=30).status_code == 401
    )


# What a foreign page can send: by a form (which navigates), and by fetch with and without asking first.
SENDING = """
async ({ url, body }) => {
  const headers = { "Content-Type": "application/json" };
  const tries = [
    { mode: "no-cors", method: "POST", body, credentials: "include" },
    { mode: "no-cors", method: "POST", body: new Blob([body]), credentials: "include" },
    { mode: "cors", method: "POST", body, credentials: "include", headers },
    { mode: "cors", method: "DELETE", credentials: "include" },
  ];
  for (const one of tries) await fetch(url, one).catch(() => undefined);
}
"""
FORM = """
({ url, name, value, type }) => {
  const form = Object.assign(document.createElement("form"), { method: "POST", action: url, enctype: type });
  form.append(Object.assign(document.createElement("input"), { name, value }));
  document.body.append(form);
  form.submit();
}
"""


def note() -> dict[str, str]:
    return {"handover_id": "0197e0c0-0000-7000-8000-000000000001", "text": "nobody wrote this"}


def state(hand: Hand) -> list[Any]:
    """Return what a foreign page tries to change."""
    sessions = sorted(one["session_id"] for one in hand.items("sessions"))
    return [hand.get("handovers")["items"], hand.get("people/me"), sessions]


@pytest.mark.parametrize(("host", "status"), [("127.0.0.1", 403), ("localhost", 401)])
def test_a_foreign_page_changes_nothing_in_a_visitors_name(enter, city, foreign, writer, host, status):
    """Another port is the same site: its requests carry the cookie, and only their origin gives them away."""
    page = enter(writer.username, "/console/")
    before = state(writer)
    (cookie,) = page.context.cookies(city.portal)
    page.goto(f"http://{host}:{foreign}/")
    body = json.dumps(note())
    for path in ("handovers", "session:refresh", "session", "people/me:password"):
        page.evaluate(SENDING, {"url": f"{city.portal}/api/v1/{path}", "body": body})
    for enctype in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        page.goto(f"http://{host}:{foreign}/")
        sent = {"name": body[:-1] + ', "', "value": '": 1}', "type": enctype}
        with page.expect_navigation(), page.expect_response(f"{city.portal}/api/v1/handovers") as answered:
            page.evaluate(FORM, {"url": f"{city.portal}/api/v1/handovers"} | sent)
        answer = answered.value
        assert answer.status == status
        assert (COOKIE in answer.request.all_headers().get("cookie", "")) == (status == 403)
    assert state(writer) == before
    assert page.context.cookies(city.portal) == [cookie]
    page.goto(f"{city.portal}/console/handover")
    expect(page.locator("main#content")).to_be_visible()


def test_a_foreign_page_signs_nobody_in(page, city, foreign, caller):
    """A visitor who is signed in as somebody else would tell the foreigner what they do."""
    account = city.account(caller.username)
    body = json.dumps({name: account[name] for name in ("username", "password")})
    page.goto(f"http://127.0.0.1:{foreign}/")
    page.evaluate(SENDING, {"url": f"{city.portal}/api/v1/session", "body": body})
    sent = {"name": body[:-1] + ', "otp": null, "', "value": '": 1}', "type": "text/plain"}
    with page.expect_response(f"{city.portal}/api/v1/session") as answered:
        page.evaluate(FORM, {"url": f"{city.portal}/api/v1/session"} | sent)
    assert answered.value.status in {403, 415, 422}
    assert page.context.cookies(city.portal) == []


READING = """
async (portal) => {
  const answers = [];
  for (const path of ["/api/v1/people/me", "/api/v1/alerts", "/api/v1/stream/alerts", "/console/"])
    for (const mode of ["cors", "no-cors"]) {
      const asked = fetch(portal + path, { credentials: "include", mode, signal: AbortSignal.timeout(5000) });
      answers.push(await asked.then((answer) => `${path} ${answer.type} ${answer.status}`, () => null));
    }
  for (const [tag, path] of [["script", "/api/v1/people/me"], ["img", "/static/icon-192.png"]])
    answers.push(await new Promise((done) => {
      const element = Object.assign(document.createElement(tag), { src: portal + path });
      element.onload = () => done(`${tag} ${path}`);
      element.onerror = () => done(null);
      document.body.append(element);
    }));
  return answers.filter((answer) => answer !== null);
}
"""


def test_a_foreign_page_reads_nothing_of_a_visitors(enter, city, foreign, writer):
    page = enter(writer.username, "/console/")
    page.goto(f"http://127.0.0.1:{foreign}/")
    assert page.evaluate(READING, city.portal) == []
