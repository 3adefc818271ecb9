"""What a service believes of a connection, and how long it waits for one that nobody reads."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

from shared.chassis.serving import serve

HOST, LIMIT_S = "127.0.0.1", 20


@contextlib.asynccontextmanager
async def served(app: FastAPI, unread_s_max: int = 60) -> AsyncIterator[int]:
    """Give the port at which an app answers."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port = found.getsockname()[1]
    serving = asyncio.create_task(serve(app, HOST, port, unread_s_max=unread_s_max))
    try:
        async with asyncio.timeout(LIMIT_S):
            yield port
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


async def answered(ask: Callable[[], object]) -> None:
    """Wait until somebody listens."""
    while True:
        with contextlib.suppress(OSError):
            ask()
            return
        await asyncio.sleep(0.01)


async def test_nobody_says_in_a_header_where_a_request_comes_from() -> None:
    app = FastAPI()

    @app.get("/whence")
    async def whence(request: Request) -> list[str]:
        return [request.client.host if request.client else "", request.url.scheme]

    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.9"}
    async with served(app) as port, httpx.AsyncClient(trust_env=False) as client:
        await answered(lambda: socket.create_connection((HOST, port)).close())
        answer = await client.get(f"http://{HOST}:{port}/whence", headers=forged)
    assert answer.json() == [HOST, "http"]


async def test_an_answer_that_nobody_reads_ends() -> None:
    app = FastAPI()
    ended = asyncio.Event()

    async def without_end() -> AsyncIterator[bytes]:
        try:
            while True:
                yield bytes(1 << 16)
                await asyncio.sleep(0)
        finally:
            ended.set()

    @app.get("/file")
    async def file() -> StreamingResponse:
        return StreamingResponse(without_end())

    async with served(app, unread_s_max=1) as port:
        await answered(lambda: socket.create_connection((HOST, port)).close())
        with socket.create_connection((HOST, port)) as mute:
            mute.sendall(b"GET /file HTTP/1.1\r\nHost: x\r\n\r\n")
            await ended.wait()
