"""Problems of every service alike: their types, and what a 422 says."""

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
from fastapi import Request
from pydantic import BaseModel, Field

from shared.chassis.health import Health
from shared.chassis.http import Limit, check_if_match, create_app, field_problem


class Note(BaseModel):
    text: Annotated[str, Field(max_length=5)]
    count: int = 0


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app = create_app("test", health=Health(), key=None)

    @app.post("/things")
    async def add(body: Note) -> None:
        raise field_problem("text", "is taken")

    @app.get("/things")
    async def things(limit: Limit = 50) -> int:
        return limit

    @app.post("/things/{id_}:turn")
    async def turn(id_: str, request: Request) -> None:
        check_if_match(request, 3)

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as found:
        yield found


@pytest.mark.parametrize(
    ("method", "path", "status", "type_"),
    [
        ("GET", "/", 404, "not-found"),
        ("GET", "/nothing", 404, "not-found"),
        ("POST", "/things/1:explode", 404, "not-found"),
        ("DELETE", "/things", 405, "method-not-allowed"),
    ],
)
async def test_what_is_not_there_is_called_the_same_everywhere(
    client: httpx.AsyncClient, method: str, path: str, status: int, type_: str
) -> None:
    answer = await client.request(method, path)
    assert (answer.status_code, answer.json()["type"]) == (status, type_)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    ("body", "field"),
    [({"text": "too long a text"}, "text"), ({}, "text"), ({"text": "x", "count": "many"}, "count")],
)
async def test_a_422_names_the_first_field_and_why(
    client: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = (await client.post("/things", json=body)).json()
    assert answer["type"] == "request-validation-failed"
    assert answer["detail"].startswith(f"{field}: ")
    assert answer["detail"] == f"{field}: {answer['errors'][0]['msg']}"
    assert "too long a text" not in str(answer)


async def test_every_422_is_alike(client: httpx.AsyncClient) -> None:
    ours = (await client.post("/things", json={"text": "x"})).json()
    query = (await client.get("/things", params={"limit": "0"})).json()
    no_json = (
        await client.post("/things", content=b"{", headers={"Content-Type": "application/json"})
    ).json()
    assert ours["detail"] == "text: is taken"
    assert query["detail"].startswith("limit: ")
    assert no_json["detail"].startswith("body: ")
    assert {one["type"] for one in (ours, query, no_json)} == {"request-validation-failed"}


@pytest.mark.parametrize(
    ("given", "status"), [(None, 200), ('"3"', 200), ('W/"3"', 200), ("*", 200), ('"2"', 412), ("x", 412)]
)
async def test_a_verb_heeds_if_match_when_it_is_given(
    client: httpx.AsyncClient, given: str | None, status: int
) -> None:
    headers = {"If-Match": given} if given else {}
    assert (await client.post("/things/1:turn", headers=headers)).status_code == status
