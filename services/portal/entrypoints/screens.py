"""Screens on the wall: each reads under a session of its own, which whoever hung it up can end."""

from typing import Any

from fastapi import APIRouter, Request, Response

from services.portal.domain.people import SCREEN_LIFE
from services.portal.entrypoints import shapes
from services.portal.entrypoints.acting import Acting
from services.portal.entrypoints.inputs import NewScreen, ScreenToken
from services.portal.entrypoints.sessions import Who, address_of, keep
from services.portal.handlers.signing_in import Sessions
from shared.chassis.database import Connection
from shared.chassis.http import problem
from shared.chassis.openapi import answers


def router(sessions: Sessions, acting: Acting, *, secure: bool) -> APIRouter:
    """Return the routes of screens; they are listed and ended among their owner's sessions."""
    routes = APIRouter(prefix="/api/v1", tags=["sessions"])

    @routes.post("/sessions:screen", status_code=201, responses=answers(shapes.Screen, status=201))
    async def hang_up(request: Request, asking: Who, given: NewScreen) -> Response:
        """Make a session for a screen; its token, good for a year of reading alerts, is told this once."""
        account, principal = asking

        async def act(_unit: Connection) -> tuple[int, dict[str, Any]]:
            made = await sessions.hang_up(account, given.name, address_of(request))
            if made is None:
                raise problem(409, "too-many-screens", "End the session of a screen that hangs no more.")
            session_id, token = made
            return 201, {"session_id": session_id, "screen": given.name, "token": token}

        return await acting(request, principal, given, act, secret=frozenset({"token"}))

    @routes.post("/session:screen", responses=answers(shapes.Me))
    async def show(given: ScreenToken, response: Response) -> dict[str, Any]:
        """Have this browser be the screen whose token it is."""
        found = await sessions.who(given.token)
        if found is None or found[0].screen is None:
            raise problem(401, "unauthorised", "This is no screen's token, or its session was ended.")
        keep(response, given.token, SCREEN_LIFE, secure=secure)
        return shapes.me(found[0])

    return routes
