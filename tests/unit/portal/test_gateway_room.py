"""However many files are asked for, and whichever service hangs: who closes a valve does not wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.portal.entrypoints import openapi
from services.portal.entrypoints.gateway import CONNECTIONS_MAX, Behind, open_clients
from shared.chassis.principal import Principal, PrincipalKey

KEY = PrincipalKey(bytes(range(32)))
WHO = Principal("wu", frozenset({"watch"}), operator_id="op-a")
CSV = httpx.QueryParams({"format": "csv"})
MANY, LIMIT_S = 150, 20
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def service(asked: asyncio.Semaphore, *, hangs: bool = False) -> AsyncIterator[str]:
    """Run a service that answers at once, but never begins to send a file; or that answers nothing."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if hangs or b"format=csv" in head.split(b"\r\n")[0]:
            asked.release()
            await reader.read()
        else:
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def waiting(*askers: "asyncio.Task[object]") -> AsyncIterator[None]:
    """Let them wait meanwhile."""
    try:
        yield
    finally:
        for task in askers:
            task.cancel()
        await asyncio.gather(*askers, return_exceptions=True)


async def test_files_that_are_slow_keep_nobody_from_acting() -> None:
    asked = asyncio.Semaphore(0)
    async with service(asked) as url, open_clients([url]) as (client, files):
        behind = Behind(client, {"registry": url}, KEY, files)
        async with (
            waiting(*(asyncio.create_task(behind.file(WHO, "sites", CSV)) for _ in range(MANY))),
            asyncio.timeout(LIMIT_S),
        ):
            await asked.acquire()
            answer = await behind.ask(WHO, "GET", "sites/x")
        assert answer.status_code == 200


async def test_a_service_that_hangs_keeps_nobody_from_another() -> None:
    asked = asyncio.Semaphore(0)
    async with (
        service(asked, hangs=True) as deaf,
        service(asked) as well,
        open_clients([deaf, well]) as (client, files),
    ):
        behind = Behind(client, {"history": deaf, "alerting": well}, KEY, files)
        async with (
            waiting(*(asyncio.create_task(behind.ask(WHO, "GET", "readings")) for _ in range(MANY))),
            asyncio.timeout(LIMIT_S),
        ):
            for _ in range(CONNECTIONS_MAX):
                await asked.acquire()
            answer = await behind.ask(WHO, "POST", "valves/x:close")
        assert answer.status_code == 200


async def test_the_document_is_asked_for_once_and_no_service_is_waited_for_long(monkeypatch) -> None:
    monkeypatch.setattr(openapi, "ANSWER_LIMIT_S", 0.2)
    asked: list[str] = []

    async def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        if request.url.host == "history":
            await asyncio.Event().wait()
        return httpx.Response(200, json={"paths": {"/api/v1/alerts": {}}})

    async with httpx.AsyncClient(transport=httpx.MockTransport(handle)) as client, asyncio.timeout(LIMIT_S):
        upstreams = {name: f"http://{name}" for name in ("history", "alerting")}
        document = openapi.Document(client, upstreams, lambda: {"paths": {}})
        said = await asyncio.gather(*(document.text() for _ in range(MANY)))
    assert set(said) == {b'{"paths":{"/api/v1/alerts":{}},"components":{"schemas":{}}}'}
    assert sorted(asked) == ["alerting", "history"]
