"""`/api/v1/settings`: what the apps are told of this installation."""

from typing import Any

from fastapi import APIRouter

from services.portal.entrypoints import shapes
from services.portal.entrypoints.sessions import Who
from shared.chassis.openapi import answers


def router(tile_url: str, *, tiles_gcj02: bool) -> APIRouter:
    """Return the route; without a tile address the maps show borders only."""
    routes = APIRouter(prefix="/api/v1", tags=["settings"])

    @routes.get("/settings", responses=answers(shapes.Settings))
    async def settings(_asking: Who) -> dict[str, Any]:
        return {"tiles": {"url": tile_url, "gcj02": tiles_gcj02} if tile_url else None}

    return routes
