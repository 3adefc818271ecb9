"""`/api/v1/session`: signing in, staying, leaving; and the dependency that tells who asks."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.portal.domain.people import Account, Locked, Refusal
from services.portal.handlers import Sessions
from shared.chassis.http import problem
from shared.chassis.principal import Principal

COOKIE = "gaswatch_session"
_UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class SignIn(BaseModel):
    """What somebody gives to sign in."""

    model_config = ConfigDict(extra="forbid")
    username: str = Field(min_length=1, max_length=64, pattern=r"^[^\x00]+$")
    password: str = Field(min_length=1, max_length=200)
    otp: str | None = Field(default=None, pattern=r"^\d{6}$")


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


async def who(request: Request) -> tuple[Account, Principal]:
    """Return who asks; 401 when the token does not live."""
    sessions: Sessions = request.app.state.sessions
    found = await sessions.who(token_of(request))
    if found is None:
        raise problem(401, "unauthorised", "Sign in first.", "The session has ended.")
    return found


Who = Annotated[tuple[Account, Principal], Depends(who)]


def router(sessions: Sessions, *, secure: bool) -> APIRouter:
    """Return the routes of sessions."""
    routes = APIRouter(prefix="/api/v1")

    def give(response: Response, token: str, expires_at: Any) -> dict[str, str]:
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure, path="/")
        return {"token": token, "expires_at": expires_at.isoformat().replace("+00:00", "Z")}

    @routes.post("/session")
    async def sign_in(body: SignIn, request: Request, response: Response) -> dict[str, str]:
        address = request.client.host if request.client else ""
        found = await sessions.sign_in(body.username, body.password, body.otp, address)
        if isinstance(found, Locked):
            title = f"Too many failed sign-ins to this account from here; wait {found.seconds} s."
            raise problem(429, "throttled", title, headers={"Retry-After": str(found.seconds)})
        if found is Refusal.CODE_USED:
            raise problem(401, "code-used", "This one-time code was used before; wait for the next one.")
        if found is Refusal.SECOND_FACTOR_NEEDED:
            raise problem(401, "second-factor-needed", "Give the one-time code, too.")
        if isinstance(found, Refusal):
            raise problem(401, "unauthorised", "User name, password or one-time code is wrong.")
        return give(response, *found)

    @routes.post("/session:refresh")
    async def refresh(request: Request, response: Response) -> dict[str, str]:
        found = await sessions.refresh(token_of(request))
        if found is None:
            raise problem(401, "unauthorised", "Sign in first.", "The session has ended.")
        return give(response, *found)

    @routes.delete("/session", status_code=204)
    async def sign_out(request: Request, response: Response) -> None:
        await sessions.sign_out(token_of(request))
        response.delete_cookie(COOKIE, path="/")

    return routes
