"""Bodies that nobody should send: fields that nobody knows, too much of it, and text from everywhere."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from deploy.native.places import PROJECT
from shared.contracts.access import MAY, route_of
from tests.e2e.rights_ground import API, Ground, Person
from tests.e2e.rights_table import WRITES

pytestmark = pytest.mark.engines

OPENAPI = json.loads((PROJECT / "services/portal/ui/openapi.json").read_text())
LIMIT_S = 60
JSON = {"Content-Type": "application/json"}
BODY_BYTES_MAX = 1024 * 1024
FILE_BYTES_MAX = 32 * 1024 * 1024
PHOTO_BYTES_MAX = 10 * 1024 * 1024
TEXTS = {
    "200 characters": "名" * 200,
    "right to left": "\u202eabc שלום \u2067مرحبا\u2069",
    "emoji": "👩🏽‍🚒🔥🇨🇳",
    "markup": "<script>alert(1)</script>\"'&{{7*7}}",
    "zero": "a\x00b",
}
HALF_CHARACTER = b'"\\ud800"'
ANY_TEXT = {None, r"\S", r"^[^\x00]+$", r"^[^\x00]*$"}
# Everybody of firm `d`, and who alone may the rest.
WHO = (
    "operator_admin-d",
    "watch_supervisor-d",
    "crew_lead-d",
    "dispatcher-d",
    "regulator_officer-530602",
    "administrator",
)


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each route that takes a JSON body, with the schema of the body."""
    for path, methods in OPENAPI["paths"].items():
        for method, one in methods.items():
            content = one.get("requestBody", {}).get("content", {}).get("application/json")
            if content:
                yield route_of(method.upper(), path.removeprefix(API)), _resolved(content["schema"])


def _resolved(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("anyOf", [schema])[0]
    if "$ref" not in found:
        return found
    return _resolved(OPENAPI["components"]["schemas"][found["$ref"].rpartition("/")[2]])


BODIES = dict(operations())
SIGNED_IN = sorted(BODIES.keys() & MAY.keys())


def texts_of(route: str) -> list[str]:
    """Return the fields of a body that take any text."""
    fields = {name: _resolved(one) for name, one in BODIES[route].get("properties", {}).items()}
    free = [name for name, one in fields.items() if one.get("type") == "string"]
    return [
        name
        for name in free
        if not {"format", "enum", "const"} & fields[name].keys() and fields[name].get("pattern") in ANY_TEXT
    ]


class Sender:
    """Sends a right body with something wrong in it, of one's own thing, in a role that may."""

    def __init__(self, ground: Ground, http: httpx.Client) -> None:
        self.ground, self.http = ground, http
        self.things = ground.owners["d"].things

    def who(self, route: str) -> Person:
        return next(self.ground.people[name] for name in WHO if name.partition("-")[0] in MAY[route])

    def path(self, route: str) -> str:
        path = route.split(" ")[1]
        return path.replace(
            "{}", "G02" if path.startswith("rules") else self.things.get(path.split("/")[0], "")
        )

    def body(self, route: str) -> dict[str, Any]:
        return dict(WRITES.get(route, lambda _: {"json": {}})(self.things)["json"])

    def send(self, route: str, **options: Any) -> httpx.Response:
        method, who = route.partition(" ")[0], self.who(route)
        headers = {"Authorization": f"Bearer {who.token}", "Idempotency-Key": str(uuid.uuid4())}
        headers |= options.pop("headers", {})
        if method == "PATCH":
            read = self.http.get(f"{API}{self.path(route)}", headers=headers)
            headers["If-Match"] = read.headers.get("ETag", '"1"')
        return self.http.request(method, f"{API}{self.path(route)}", headers=headers, **options)


@pytest.fixture(scope="module")
def sender(ground: Ground) -> Iterator[Sender]:
    async def stay() -> None:
        async with ground.opened():
            await ground.stay_signed_in()

    asyncio.run(stay())
    with httpx.Client(base_url=ground.origin, timeout=LIMIT_S) as http:
        yield Sender(ground, http)


def named(answer: httpx.Response) -> set[str]:
    """Return the fields that a problem names."""
    return {str(part) for error in answer.json().get("errors", ()) for part in error["loc"]}


@pytest.mark.parametrize("route", SIGNED_IN)
def test_a_field_that_nobody_knows_is_refused_by_its_name(sender: Sender, route: str):
    answer = sender.send(route, json=sender.body(route) | {"not_a_field": "x"})
    assert answer.status_code == 422, answer.text
    assert "not_a_field" in named(answer)
    assert all(error["msg"] for error in answer.json()["errors"])


@pytest.mark.parametrize("route", SIGNED_IN)
def test_a_body_beyond_the_limit_is_not_taken(sender: Sender, route: str):
    answer = sender.send(route, content=b'{"a": "' + b"a" * BODY_BYTES_MAX + b'"}', headers=JSON)
    assert answer.status_code == 413, answer.text


@pytest.mark.parametrize("name", ["operators", "licences", "sites", "devices"])
def test_a_file_beyond_the_limit_is_not_taken(sender: Sender, name: str):
    answer = sender.send(
        f"POST {name}:import", content=b"a" * (FILE_BYTES_MAX + 1), headers={"Content-Type": "text/csv"}
    )
    assert answer.status_code == 413, answer.text


def test_a_photo_beyond_the_limit_is_not_taken(sender: Sender):
    form = {
        "files": {"file": ("p.png", b"a" * (PHOTO_BYTES_MAX + 1))},
        "data": {"order_id": sender.things["orders"]},
    }
    assert sender.send("POST attachments", **form).status_code == 413


@pytest.mark.parametrize("depth", [200, 900, 100_000])
@pytest.mark.parametrize("route", SIGNED_IN)
def test_a_body_nested_without_end_is_refused(sender: Sender, route: str, depth: int):
    answer = sender.send(route, content=b'{"reason": ' + b"[" * depth + b"]" * depth + b"}", headers=JSON)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.json()["title"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("route", [route for route in SIGNED_IN if texts_of(route)])
def test_text_from_everywhere_is_kept_as_it_is_or_refused_with_a_reason(
    sender: Sender, route: str, text: str
):
    for field in texts_of(route):
        answer = sender.send(route, json=sender.body(route) | {field: TEXTS[text]})
        if answer.status_code >= 400:
            assert answer.status_code < 500, f"{field}: {answer.text}"
            said = answer.json()
            assert said["title"]
            assert answer.status_code != 422 or named(answer) or text == "zero", f"{field}: {said}"
        else:
            said = answer.json()
            assert said.get(field, TEXTS[text]) == TEXTS[text]


@pytest.mark.parametrize("route", [route for route in SIGNED_IN if texts_of(route)])
def test_half_a_character_is_refused(sender: Sender, route: str):
    for field in texts_of(route):
        body = json.dumps(sender.body(route) | {field: "HALF"}).encode().replace(b'"HALF"', HALF_CHARACTER)
        answer = sender.send(route, content=body, headers=JSON)
        assert 400 <= answer.status_code < 500, f"{field}: {answer.text}"
        assert answer.json()["title"]
