"""However many photos are sent at once: only two are in memory, and none waits there for another service."""

import asyncio
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response
from starlette.datastructures import UploadFile

from services.portal.adapters import desk
from services.portal.domain.people import Account
from services.portal.entrypoints import attachments
from services.portal.handlers.signing_in import principal_of
from services.portal.ports import Photo

MANY, LIMIT_S = 6, 20
WHO = Account(
    "wu", "Wu", "", "crew_member", "op-a", None, "crew-1", None, 0, disabled=False, must_change=False
)
URL, HEADERS = "http://portal/api/v1/attachments", {"Authorization": "Bearer x"}


class Waits:
    """Stands for what lets nobody on until it is opened."""

    def __init__(self) -> None:
        self.there, self.open = asyncio.Semaphore(0), asyncio.Event()

    async def __call__(self) -> None:
        self.there.release()
        await self.open.wait()

    async def seen(self, count: int) -> None:
        for _ in range(count):
            await self.there.acquire()


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the sizes of what was read into memory."""
    found, reading = [], UploadFile.read

    async def noted(file: UploadFile, size: int = -1) -> bytes:
        data = await reading(file, size)
        found.append(len(data))
        return data

    monkeypatch.setattr(UploadFile, "read", noted)
    return found


async def test_only_two_photos_are_in_memory_and_only_when_their_orders_are_known(read: list[int]) -> None:
    dispatch, keeping, bodies = Waits(), Waits(), []

    async def ask(*_asked: Any) -> httpx.Response:
        await dispatch()
        return httpx.Response(200, json={"operator_id": "op-a", "area_code": "530602"})

    async def acting(request: Any, *_given: Any, **_more: Any) -> Response:
        bodies.append(await request.body())
        await keeping()
        return Response(status_code=201)

    async def who(_token: str) -> Any:
        return WHO, principal_of(WHO)

    app = FastAPI()
    app.state.sessions = SimpleNamespace(who=who)
    pool: Any = None
    behind: Any = SimpleNamespace(ask=ask)
    keep: Any = acting

    def photo(data: bytes) -> Photo:
        return Photo(data, "image/jpeg", 1, 1, b"")

    app.include_router(attachments.router(pool, pool, behind, keep, desk, photo))
    async with (
        asyncio.timeout(LIMIT_S),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), headers=HEADERS) as client,
    ):
        form: Any = {"files": {"file": ("a.png", b"x" * 100_000)}, "data": {"order_id": "o1"}}
        sent = [asyncio.create_task(client.post(URL, **form)) for _ in range(MANY)]
        await dispatch.seen(MANY)
        assert read == []
        dispatch.open.set()
        await keeping.seen(2)
        assert len(read) == 2
        keeping.open.set()
        assert [answer.status_code for answer in await asyncio.gather(*sent)] == [201] * MANY
    assert len(read) == MANY
    assert max(len(body) for body in bodies) < 100, "what the key stands for is no second copy"
