"""Whoever searches or shows much keeps nobody from being known; where nobody can be, they are told soon."""

import asyncio

import asyncpg
import pyotp

from services.portal.adapters import postgres
from services.portal.adapters.audit import PostgresAudit
from tests.integration.portal.rig import PEOPLE, bearer, sign_in

ADMIN = next(one["totp_secret"] for one in PEOPLE if one["username"] == "admin")
MANY = 12
# Shorter than a statement may take: whoever waited for a search would be too late.
SOON_S = 10


async def test_searches_of_the_audit_that_last_keep_nobody_waiting(portal, monkeypatch):
    admin = bearer(await sign_in(portal, "admin", pyotp.TOTP(ADMIN).now()))
    member = bearer(await sign_in(portal))
    begun, page = asyncio.Semaphore(0), PostgresAudit.page

    async def noted(*asked):
        begun.release()
        return await page(*asked)

    monkeypatch.setattr(PostgresAudit, "page", noted)
    owner = await asyncpg.connect(portal.owner)
    await owner.execute("BEGIN; LOCK TABLE audit IN ACCESS EXCLUSIVE MODE")
    url = "/api/v1/audit?text=x"
    searches = [asyncio.create_task(portal.get(url, headers=admin)) for _ in range(MANY)]
    try:
        async with asyncio.timeout(SOON_S):
            for _ in range(MANY):
                await begun.acquire()
            known = await portal.get("/api/v1/people/me", headers=member)
    finally:
        await owner.close()
        for task in searches:
            task.cancel()
        await asyncio.gather(*searches, return_exceptions=True)
    assert known.json()["username"] == "member"


async def test_who_cannot_be_known_in_time_is_told(portal, monkeypatch):
    member = bearer(await sign_in(portal))
    monkeypatch.setattr(postgres, "CONNECT_LIMIT_S", 0.2)
    taken = [await portal.pool.acquire() for _ in range(portal.pool.get_max_size())]
    try:
        async with asyncio.timeout(SOON_S):
            answer = await portal.get("/api/v1/people/me", headers=member)
    finally:
        for connection in taken:
            await portal.pool.release(connection)
    assert (answer.status_code, answer.json()["type"]) == (503, "unavailable")
