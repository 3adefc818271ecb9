"""Each person comes to the screen that is theirs."""

import re

import pytest
from playwright.sync_api import expect


@pytest.mark.engines
@pytest.mark.parametrize(
    ("username", "place"),
    [
        ("watch", "/console/"),
        ("viewer", "/regulator/"),
        ("lead-wumeng", "/field/"),
        ("administrator", "/console/"),
    ],
)
def test_signing_in_leads_to_ones_own_app(enter, username, place):
    page = enter(username, "/")
    expect(page).to_have_url(re.compile(re.escape(place)))


@pytest.mark.engines
@pytest.mark.parametrize(("shown", "wanted"), [("中文", "请填写此项。"), ("English", "Please fill this in.")])
def test_a_form_says_what_it_wants_in_the_language_of_the_screens(browser, city, shown, wanted):
    """Whatever language the browser speaks; and it says so no longer once that is given."""
    page = browser.new_context(base_url=city.portal, locale="de-DE").new_page()
    page.goto("/console/")
    expect(page.locator("main.gate form")).to_be_visible()
    if page.get_by_role("button", name=shown).count():
        page.get_by_role("button", name=shown).click()
    expect(page.get_by_role("button", name=shown)).to_have_count(0)
    field = page.locator("input[name=username]")
    page.click("main.gate button[type=submit]")
    assert field.evaluate("(one) => [one.validity.valid, one.validationMessage]") == [False, wanted]
    page.locator("input[name=password]").focus()
    assert not field.evaluate("(one) => one.validity.customError"), "what is left may have been mended unseen"
    field.fill("watch")
    assert field.evaluate("(one) => one.validity.valid")
    page.context.close()
