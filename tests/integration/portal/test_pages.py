"""The apps' pages and files, and the headers of every answer."""

import re

import pytest

from tests.integration.portal.rig import bearer, sign_in


async def test_a_page_has_a_nonce_of_its_own_each_time(portal):
    first, second = [await portal.get("/console/") for _ in range(2)]
    policies = [one.headers["content-security-policy"] for one in (first, second)]
    nonces = [re.findall(r"script-src 'nonce-([^']+)'", one)[0] for one in policies]
    assert nonces[0] != nonces[1]
    assert f'nonce="{nonces[0]}"' in first.text
    assert "unsafe" not in first.headers["content-security-policy"]
    assert first.headers["cache-control"] == "no-store"


async def test_an_address_inside_an_app_is_the_app(portal):
    assert '"regulator"' in (await portal.get("/regulator/licences/x?area=530602")).text
    assert (await portal.get("/console")).headers["location"] == "/console/"


@pytest.mark.parametrize(
    ("username", "app"), [(None, "console"), ("viewer", "regulator"), ("member", "field")]
)
async def test_the_front_door_leads_where_somebody_works(portal, username, app):
    if username:
        await sign_in(portal, username)
    assert (await portal.get("/")).headers["location"] == f"/{app}/"


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/nothing/x", "/assets/../secret.txt", "/assets/%2e%2e/%2e%2e/secret.txt",
     "/field/../../secret.txt", "/static/..%2f..%2fsecret.txt", "/assets/no.js", "/console/no.js"],
)  # fmt: skip
async def test_what_is_not_there_is_a_problem_and_nothing_outside_is_served(portal, path):
    answer = await portal.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


async def test_every_answer_carries_the_headers(portal):
    headers = bearer(await sign_in(portal))
    for path in ("/console/", "/assets/console-1.js", "/api/v1/alerts", "/api/v1/what", "/field/worker.js"):
        answer = await portal.get(path, headers=headers)
        assert answer.headers["x-content-type-options"] == "nosniff", path
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"], path
        assert answer.headers["referrer-policy"] == "no-referrer"
    assert (await portal.get("/api/v1/alerts", headers=headers)).headers["cache-control"] == "no-store"
    assert "immutable" in (await portal.get("/assets/console-1.js")).headers["cache-control"]


@pytest.mark.parametrize("path", ["/assets/%00", "/static/a%00b", "/field/a%00.js", f"/assets/{'x' * 5_000}"])
async def test_a_name_that_no_file_can_have_is_not_there(portal, path):
    answer = await portal.get(path)
    assert (answer.status_code, answer.json()["type"]) == (404, "not-found")
