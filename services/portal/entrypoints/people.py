"""`/api/v1/people`: who may sign in (administrators), and who am I."""

from typing import Any

from fastapi import APIRouter

from services.portal.entrypoints.sessions import Who
from services.portal.ports import People
from shared.chassis.http import page, require


def router(store: People) -> APIRouter:
    """Return the routes of people."""
    routes = APIRouter(prefix="/api/v1")

    @routes.get("/people")
    async def everybody(asking: Who) -> dict[str, Any]:
        require(asking[1], frozenset({"administrator"}))
        return page(await store.everybody(), 500, None)

    @routes.get("/people/me")
    async def me(asking: Who) -> dict[str, Any]:
        account = asking[0]
        return {
            "username": account.username,
            "name": account.name,
            "role": account.role,
            "operator_id": account.operator_id,
            "area_code": account.area_code,
            "crew_id": account.crew_id,
        }

    return routes
