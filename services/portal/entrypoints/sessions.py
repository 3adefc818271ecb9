"""`/api/v1/session`: signing in, staying, leaving; and the dependency that tells who asks."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute

from services.portal.domain.people import SESSION_LIFE, Account, Locked, Owed, Refusal, owed
from services.portal.entrypoints import shapes
from services.portal.entrypoints.inputs import SignIn
from services.portal.handlers.auditing import Acts
from services.portal.handlers.later import Later
from services.portal.handlers.signing_in import Sessions, principal_of
from services.portal.ports import People
from shared.chassis.http import not_found, page, problem
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.contracts.access import AUTHORITY, CREW, MAY, SCREEN_MAY, may, methods_of, route_of

COOKIE = "gaswatch_session"
USER = "gaswatch-user"  # in whose name an act was kept that is sent only now
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_WHILE_OWING = frozenset({"GET people/me", "POST people/me:password", "POST people/me:second-factor"})
_OWED = {
    Owed.PASSWORD: "Replace the first password by one of your own: POST people/me:password.",
    Owed.SECOND_FACTOR: "Your role needs a second factor: POST people/me:second-factor.",
}


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def token_of(request: Request) -> str:
    """Return the caller's token; a cookie on an unsafe method counts only with our own Origin."""
    bearer = request.headers.get("authorization", "")
    if bearer.lower().startswith("bearer "):
        return bearer[7:].strip()
    cookie = request.cookies.get(COOKIE)
    if cookie is None:
        raise problem(401, "unauthorised", "Sign in first.")
    if request.method in _UNSAFE and request.headers.get("origin") != request.app.state.origin:
        raise problem(403, "wrong-origin", "This request does not come from Gaswatch's own pages.")
    return cookie


def _for_a_wall(request: Request) -> bool:
    """Return whether a screen shows this: it takes no file away."""
    return request.query_params.get("format", "json") == "json"


async def who(request: Request) -> tuple[Account, Principal]:
    """Return who asks, if the role may do this: 401 when the token does not live, else 403.

    Who still owes a password or a second factor may do nothing but bring it.
    """
    known: tuple[Account, Principal] | None = getattr(request.state, "asking", None)
    if known is not None:
        return known
    sessions: Sessions = request.app.state.sessions
    found = await sessions.who(token_of(request))
    if found is None:
        raise problem(401, "unauthorised", "Sign in first.", "The session has ended.")
    account, principal = found
    meant = request.headers.get(USER)
    if meant is not None and meant != account.username:
        raise problem(409, "another-person", "This was meant as somebody else's act.")
    path = request.url.path.removeprefix("/api/v1/")
    route = route_of(request.method, path)
    if route not in MAY:
        if allowed := methods_of(path):
            raise problem(
                405,
                "method-not-allowed",
                "This cannot be asked in this way.",
                headers={"Allow": ", ".join(allowed)},
            )
        raise problem(404, "not-found", "There is nothing here.")
    debt = owed(account)
    if debt is not None and route not in _WHILE_OWING:
        raise problem(403, f"{debt.value.replace('_', '-')}-owed", _OWED[debt])
    if account.screen is not None and (route not in SCREEN_MAY or not _for_a_wall(request)):
        raise problem(403, "screen-only-reads", "A screen on the wall reads alerts and does nothing.")
    if not may(principal.roles, request.method, path):
        raise problem(403, "forbidden", "Your role does not allow this.")
    request.state.asking = found
    return found


async def app_of(request: Request) -> str:
    """Return the app that the caller works in; the console signs in whoever is nobody yet."""
    sessions: Sessions = request.app.state.sessions
    found = await sessions.who(request.cookies.get(COOKIE, ""))
    role = found[0].role if found else ""
    if role in CREW:
        return "field"
    return "regulator" if role in AUTHORITY else "console"


Who = Annotated[tuple[Account, Principal], Depends(who)]


class Guarded(APIRoute):
    """A route that asks who asks before it looks at the body: what a stranger sends is not even parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        answer = super().get_route_handler()
        guarded = any(one.call is who for one in self.dependant.dependencies)

        async def guard(request: Request) -> Response:
            try:
                if guarded:
                    await who(request)
            except Exception:
                # A browser that is cut off while it sends a photo would take the answer for a lost network.
                async for _ in request.stream():
                    pass
                raise
            return await answer(request)

        return guard


def _refused(found: Locked | Refusal) -> Exception:
    """Return the problem of a sign-in that failed; it says no more than its owner may know."""
    if isinstance(found, Locked):
        title = f"Too many failed sign-ins to this account from here; wait {found.seconds} s."
        headers = {"Retry-After": str(found.seconds)}
        return problem(429, "throttled", title, headers=headers, retry_after_s=found.seconds)
    if found is Refusal.CODE_USED:
        return problem(401, "code-used", "This one-time code was used before; wait for the next one.")
    if found is Refusal.SECOND_FACTOR_NEEDED:
        return problem(401, "second-factor-needed", "Give the one-time code, too.")
    return problem(401, "unauthorised", "User name, password or one-time code is wrong.")


async def _note(username: str, store: People, acts: Acts, address: str) -> None:
    """Write a wrong password or code down, for its owner; what is no user name may be a password itself."""
    account = await store.account(username)
    if account is not None:
        await acts.happened(principal_of(account), "POST session", "session", address, 401)


def keep(response: Response, token: str, life: timedelta, *, secure: bool) -> None:
    """Have the browser keep a token where no script sees it."""
    age_s = int(life.total_seconds())
    response.set_cookie(
        COOKIE, token, max_age=age_s, httponly=True, samesite="strict", secure=secure, path="/"
    )


Silence = Callable[[Principal, list[str]], Awaitable[None]]


def router(
    sessions: Sessions, store: People, acts: Acts, later: Later, silence: Silence, *, secure: bool
) -> APIRouter:
    """Return the routes of sessions; with a session that its owner ends, its browser rings no more."""
    routes = APIRouter(prefix="/api/v1", tags=["sessions"])
    _listed(routes, store, acts, silence)

    def give(response: Response, token: str, expires_at: Any) -> dict[str, str]:
        keep(response, token, SESSION_LIFE, secure=secure)
        return {"token": token, "expires_at": expires_at.isoformat().replace("+00:00", "Z")}

    @routes.post("/session", responses=answers(shapes.Token))
    async def sign_in(body: SignIn, request: Request, response: Response) -> dict[str, str]:
        found = await sessions.sign_in(
            body.username,
            body.password,
            body.otp,
            address_of(request),
            request.headers.get("user-agent", ""),
        )
        if isinstance(found, Locked | Refusal):
            if found is Refusal.WRONG:  # how long the answer takes does not say whether the name is one
                later.do(_note(body.username, store, acts, address_of(request)))
            raise _refused(found)
        holder = await sessions.who(found[0])
        if holder is not None:
            await acts.happened(holder[1], "POST session", "session", address_of(request), 200)
        return give(response, *found)

    @routes.post("/session:refresh", responses=answers(shapes.Token))
    async def refresh(request: Request, response: Response) -> dict[str, str]:
        found = await sessions.refresh(token_of(request))
        if found is None:
            raise problem(401, "unauthorised", "Sign in first.", "The session has ended.")
        return give(response, *found)

    @routes.delete("/session", status_code=204)
    async def sign_out(request: Request, response: Response) -> None:
        token = token_of(request)
        holder = await sessions.who(token)
        await sessions.sign_out(token)
        if holder is not None:
            await acts.happened(holder[1], "DELETE session", "session", address_of(request), 204)
            await silence(holder[1], [holder[1].session_id])
        response.delete_cookie(COOKIE, path="/")

    return routes


def _listed(routes: APIRouter, store: People, acts: Acts, silence: Silence) -> None:
    @routes.get("/sessions", responses=answers(shapes.SessionPage))
    async def listed(asking: Who) -> dict[str, Any]:
        """Return one's own live sessions; `current` is the one that asks."""
        rows = await store.sessions(asking[0].username)
        items = [row | {"current": row["session_id"] == asking[1].session_id} for row in rows]
        return page(items, len(items) + 1, None)

    @routes.delete("/sessions/{session_id}", status_code=204)
    async def revoke(request: Request, asking: Who, session_id: str) -> None:
        """End one of one's own sessions; its live streams end within a minute."""
        if not await store.end_one(asking[0].username, session_id):
            raise not_found("session")
        target, address = f"sessions/{session_id}", address_of(request)
        await acts.happened(asking[1], "DELETE sessions/{}", target, address, 204)
        await silence(asking[1], [session_id])
