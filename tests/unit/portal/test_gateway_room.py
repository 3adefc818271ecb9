"""However many files are asked for: who closes a valve does not wait for them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx

from services.portal.entrypoints.gateway import Behind, open_clients
from shared.chassis.principal import Principal, PrincipalKey

WHO = Principal("wu", frozenset({"watch"}), operator_id="op-a")
CSV = httpx.QueryParams({"format": "csv"})
MANY, LIMIT_S = 150, 20
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def service(asked: asyncio.Semaphore) -> AsyncIterator[str]:
    """Run a service that answers at once, but never begins to send a file."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if b"format=csv" in head.split(b"\r\n")[0]:
            asked.release()
            await reader.read()
        else:
            writer.write(ANSWER)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_files_that_are_slow_keep_nobody_from_acting() -> None:
    asked = asyncio.Semaphore(0)
    async with service(asked) as url, open_clients() as (client, files):
        behind = Behind(client, {"registry": url}, PrincipalKey(bytes(range(32))), files)
        slow = [asyncio.create_task(behind.file(WHO, "sites", CSV)) for _ in range(MANY)]
        async with asyncio.timeout(LIMIT_S):
            await asked.acquire()
            answer = await behind.ask(WHO, "GET", "sites/x")
        assert answer.status_code == 200
        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
