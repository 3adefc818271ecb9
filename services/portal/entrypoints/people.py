"""`/api/v1/people`: accounts (administrators), and one's own: who am I, password, second factor."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.portal.domain.people import Account
from services.portal.entrypoints import inputs, shapes
from services.portal.entrypoints.acting import Acting
from services.portal.entrypoints.sessions import Guarded, Silence, Who
from services.portal.handlers.accounts import Accounts, PasswordFaultError, WrongPasswordError
from services.portal.ports import People
from shared.chassis.database import Connection
from shared.chassis.http import (
    LIMIT_DEFAULT,
    Limit,
    decode_cursor,
    etag,
    field_problem,
    if_match,
    not_found,
    page,
    problem,
    stale,
)
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal

Do = Callable[[Account], Awaitable[str | None]]
StopRinging = Callable[[Principal, str], Awaitable[None]]
SHOWN_ONCE = frozenset({"password", "totp_secret", "totp_uri", "totp_picture"})
_NOBODY = Account("", "", "", "", None, None, None, None, 0, disabled=False)


def router(
    store: People, accounts: Accounts, acting: Acting, stop_ringing: StopRinging, silence: Silence
) -> APIRouter:
    """Return the routes of people; whose sessions an administrator ends, their browsers ring no more."""
    routes = APIRouter(prefix="/api/v1", tags=["people"], route_class=Guarded)
    _own(routes, accounts, acting, silence)
    _second_factor(routes, accounts, acting)
    _reads(routes, store)
    _writes(routes, store, accounts, acting, stop_ringing)
    _verbs(routes, store, accounts, acting, stop_ringing)
    return routes


def _own(routes: APIRouter, accounts: Accounts, acting: Acting, silence: Silence) -> None:
    @routes.get("/people/me", responses=answers(shapes.Me))
    async def me(asking: Who) -> dict[str, Any]:
        return shapes.me(asking[0])

    @routes.post("/people/me:password", responses=answers(shapes.PasswordChanged))
    async def change_password(request: Request, asking: Who, given: inputs.NewPassword) -> Response:
        """Take a new password; all other sessions of its owner end."""
        account, principal = asking
        ended: list[str] = []

        async def act(_unit: Connection) -> tuple[int, dict[str, Any]]:
            try:
                ended[:] = await accounts.change_password(
                    account, principal.session_id, given.password, given.new_password
                )
            except WrongPasswordError as error:
                raise field_problem(
                    "password", "is not your present password", code="password-wrong"
                ) from error
            except PasswordFaultError as error:
                raise field_problem("new_password", str(error), code=error.fault.value) from error
            return 200, {"changed": True}

        answer = await acting(request, principal, given, act)
        if ended:
            await silence(principal, ended)
        return answer


def _second_factor(routes: APIRouter, accounts: Accounts, acting: Acting) -> None:
    @routes.post("/people/me:second-factor", responses=answers(shapes.SecondFactorState))
    async def second_factor(request: Request, asking: Who, given: inputs.SecondFactor) -> Response:
        """Make a secret for an authenticator app (no `otp`), then take it into use with a code of it."""
        account, principal = asking
        if account.totp_secret is not None:
            raise problem(409, "second-factor-there", "An administrator takes the present one away first.")

        async def act(_unit: Connection) -> tuple[int, dict[str, Any]]:
            if given.otp is None:
                return 200, await accounts.begin_second_factor(account) | {"second_factor": False}
            if not await accounts.finish_second_factor(account, given.otp):
                raise field_problem("otp", "is not a code of the new secret", code="code-wrong")
            return 200, {"second_factor": True}

        return await acting(request, principal, given, act, secret=SHOWN_ONCE)


def _reads(routes: APIRouter, store: People) -> None:
    @routes.get("/people", responses=answers(shapes.PersonPage))
    async def everybody(
        _asking: Who, cursor: str | None = None, limit: Limit = LIMIT_DEFAULT
    ) -> dict[str, Any]:
        after = str(decode_cursor(cursor, 1)[0]) if cursor else ""
        rows = await store.everybody(after, limit)
        return page(rows, limit, [rows[-1]["username"]] if rows else None)

    @routes.get("/people/{username}", responses=answers(shapes.Person))
    async def one(_asking: Who, username: str) -> Response:
        return _answer(await _person(store, username))


def _answer(person: dict[str, Any], status: int = 200) -> Response:
    return JSONResponse(person, status, headers={"ETag": etag(person["revision"])})


async def _person(store: People, username: str) -> dict[str, Any]:
    found = await store.person(username)
    if found is None:
        raise not_found("person")
    return found


def _writes(
    routes: APIRouter, store: People, accounts: Accounts, acting: Acting, stop_ringing: StopRinging
) -> None:
    @routes.post("/people", status_code=201, responses=answers(shapes.PersonWithPassword, status=201))
    async def create(request: Request, asking: Who, given: inputs.NewPerson) -> Response:
        """Create an account; the answer holds its first password, this once."""

        async def act(_unit: Connection) -> tuple[int, dict[str, Any]]:
            password = await accounts.create(replace(_NOBODY, **given.model_dump()))
            if password is None:
                raise problem(409, "id-taken", "There is a person with this user name.")
            return 201, await _person(store, given.username) | {"password": password}

        return await acting(request, asking[1], given, act, secret=SHOWN_ONCE)

    @routes.patch("/people/{username}", responses=answers(shapes.Person))
    async def change(request: Request, asking: Who, username: str, given: inputs.PersonChange) -> Response:
        """Change a person's name, or role and scope; a change of role ends the sessions."""
        before, revision = await _person(store, username), if_match(request)

        async def act(_unit: Connection) -> tuple[int, dict[str, Any]]:
            fields = inputs.SCOPED if given.role else given.model_fields_set
            values = {name: getattr(given, name) for name in fields if name != "name" or given.name}
            if not await store.change(username, revision, values):
                raise stale()
            if given.role:
                await store.end_sessions(username)
            return 200, await _person(store, username)

        answer = await acting(request, asking[1], given, act, before=before)
        if given.role:
            await stop_ringing(asking[1], username)
        return answer


def _verbs(
    routes: APIRouter, store: People, accounts: Accounts, acting: Acting, stop_ringing: StopRinging
) -> None:
    async def done(
        request: Request,
        asking: tuple[Account, Principal],
        username: str,
        do: Callable[[Account], Awaitable[Any]],
        *,
        ends: bool = True,
    ) -> Response:
        """Do something to somebody who is not the asker: nobody locks the own account out."""
        if username == asking[0].username:
            raise problem(409, "not-yourself", "This is done to you by another administrator.")
        before = await _person(store, username)

        async def act(_unit: Connection) -> tuple[int, dict[str, Any]]:
            password = await do(replace(_NOBODY, username=username))
            more = {"password": password} if password else {}
            return 200, await _person(store, username) | more

        answer = await acting(request, asking[1], None, act, before=before, secret=SHOWN_ONCE)
        if ends:
            await stop_ringing(asking[1], username)
        return answer

    @routes.post("/people/{username}:disable", responses=answers(shapes.Person))
    async def disable(
        request: Request, asking: Who, username: str, _body: inputs.Nothing | None = None
    ) -> Response:
        """Close an account; its sessions end."""
        return await done(request, asking, username, partial(accounts.disable, disabled=True))

    @routes.post("/people/{username}:enable", responses=answers(shapes.Person))
    async def enable(
        request: Request, asking: Who, username: str, _body: inputs.Nothing | None = None
    ) -> Response:
        """Open a closed account again."""
        again = partial(accounts.disable, disabled=False)
        return await done(request, asking, username, again, ends=False)

    @routes.post("/people/{username}:new-password", responses=answers(shapes.PersonWithPassword))
    async def new_password(
        request: Request, asking: Who, username: str, _body: inputs.Nothing | None = None
    ) -> Response:
        """Give a new first password, this once; the second factor is set up anew and all sessions end."""
        return await done(request, asking, username, accounts.new_password)
