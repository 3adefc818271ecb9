"""What a service believes of the connection a request comes by."""

import asyncio
import contextlib
import socket

import httpx
from fastapi import FastAPI, Request

from shared.chassis.serving import serve

HOST, LIMIT_S = "127.0.0.1", 20


async def test_nobody_says_in_a_header_where_a_request_comes_from() -> None:
    app = FastAPI()

    @app.get("/whence")
    async def whence(request: Request) -> list[str]:
        return [request.client.host if request.client else "", request.url.scheme]

    with socket.socket() as found:
        found.bind((HOST, 0))
        port = found.getsockname()[1]
    serving = asyncio.create_task(serve(app, HOST, port))
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Forwarded": "for=203.0.113.9"}
    async with asyncio.timeout(LIMIT_S), httpx.AsyncClient(trust_env=False) as client:
        while True:
            with contextlib.suppress(httpx.ConnectError):
                answer = await client.get(f"http://{HOST}:{port}/whence", headers=forged)
                break
            await asyncio.sleep(0.01)
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)
    assert answer.json() == [HOST, "http"]
