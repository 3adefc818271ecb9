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
