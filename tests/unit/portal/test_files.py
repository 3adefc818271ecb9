"""Files of the services behind pass through the portal as they come."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from fastapi.responses import StreamingResponse

from services.portal.entrypoints import gateway
from services.portal.entrypoints.gateway import FILE_LIMIT_S, Behind
from shared.chassis.principal import HEADER, Principal, PrincipalKey

KEY = PrincipalKey(bytes(range(32)))
WHO = Principal("wu", frozenset({"regulator_viewer"}), area_code="530600")
HEADERS = {"content-type": "text/csv", "content-disposition": "attachment", "x-inside": "secret"}


class Blocks(httpx.AsyncByteStream):
    def __init__(self, count: int, *, breaks: bool = False) -> None:
        self.count, self.breaks = count, breaks
        self.given, self.closed = 0, False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(self.count):
            self.given += 1
            yield b"x" * 1000
        if self.breaks:
            raise httpx.ReadError("gone")

    async def aclose(self) -> None:
        self.closed = True


def behind(answer: Any) -> Behind:
    def handle(request: httpx.Request) -> httpx.Response:
        assert KEY.verify(request.headers[HEADER], "registry").subject == "wu"
        assert request.extensions["timeout"]["read"] == FILE_LIMIT_S
        assert str(request.url) == "http://registry/api/v1/sites?format=csv&q=%E6%98%AD"
        if isinstance(answer, Exception):
            raise answer
        found: httpx.Response = answer
        return found

    client = httpx.AsyncClient(transport=httpx.MockTransport(handle))
    return Behind(client, {"registry": "http://registry"}, KEY)


async def asked(answer: Any) -> StreamingResponse:
    found = await behind(answer).file(WHO, "sites", httpx.QueryParams({"format": "csv", "q": "昭"}))
    assert isinstance(found, StreamingResponse)
    return found


async def test_a_file_is_passed_on_block_by_block() -> None:
    blocks = Blocks(1000)
    answer = await asked(httpx.Response(200, headers=HEADERS, stream=blocks))
    assert (answer.status_code, answer.headers["content-disposition"]) == (200, "attachment")
    assert "x-inside" not in answer.headers
    assert blocks.given == 0
    size = 0
    async for block in answer.body_iterator:
        size += len(block)
        assert blocks.given * 1000 - size < 3000, "nothing is kept"
    assert (size, blocks.closed) == (1_000_000, True)


async def test_what_breaks_off_is_not_taken_for_whole() -> None:
    blocks = Blocks(2, breaks=True)
    answer = await asked(httpx.Response(200, headers=HEADERS, stream=blocks))
    with pytest.raises(httpx.ReadError):
        [block async for block in answer.body_iterator]
    assert blocks.closed


async def test_a_refusal_is_passed_on() -> None:
    headers = {"content-type": "application/problem+json"}
    answer = await asked(httpx.Response(422, headers=headers, stream=Blocks(1)))
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")
    assert len([block async for block in answer.body_iterator]) == 1


@pytest.mark.parametrize(("error", "status"), [(httpx.ConnectError("x"), 503), (httpx.ReadTimeout("x"), 504)])
async def test_a_service_that_is_away_is_a_problem(error: Exception, status: int) -> None:
    with pytest.raises(Exception, match="service") as found:
        await asked(error)
    assert getattr(found.value, "status", None) == status


async def test_a_path_that_nobody_answers() -> None:
    with pytest.raises(Exception, match="nothing") as found:
        await behind(None).file(WHO, "nothing", None)
    assert getattr(found.value, "status", None) == 404


async def test_a_file_that_nobody_reads_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "FILE_WHOLE_S", 0.1)
    blocks = Blocks(1000)
    answer = await asked(httpx.Response(200, headers=HEADERS, stream=blocks))

    async def receive() -> Any:
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async with asyncio.timeout(20):
        await answer({"type": "http", "path": "/api/v1/sites"}, receive, send)
    assert (blocks.given, blocks.closed) == (1, True)


async def test_nobody_is_sent_on_to_where_a_service_stands() -> None:
    async def handle(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": "http://127.0.0.1:9001/api/v1/sites"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client:
        services = Behind(client, {"registry": "http://registry"}, KEY)
        for asking in (services.ask(WHO, "GET", "sites/"), services.file(WHO, "sites/", None)):
            with pytest.raises(Exception, match="nothing") as found:
                await asking
            assert getattr(found.value, "status", None) == 404
