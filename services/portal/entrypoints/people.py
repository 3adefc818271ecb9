"""`/api/v1/people`: accounts (administrators), and one's own: who am I, password, second factor."""

from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from services.portal.domain.people import Account, owed
from services.portal.entrypoints import inputs, shapes
from services.portal.entrypoints.acting import Acting
from services.portal.entrypoints.sessions import Who
from services.portal.handlers.accounts import Accounts, PasswordFaultError, WrongPasswordError
from services.portal.ports import People
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

_NOBODY = Account("", "", "", "", None, None, None, None, 0, disabled=False)


def router(store: People, accounts: Accounts, acting: Acting) -> APIRouter:
    """Return the routes of people."""
    routes = APIRouter(prefix="/api/v1", tags=["people"])
    _own(routes, accounts, acting)
    _reads(routes, store)
    _writes(routes, store, accounts, acting)
    _verbs(routes, store, accounts, acting)
    return routes


def shown(account: Account) -> dict[str, Any]:
    """Return what somebody is told about the own account; `owes` names what must be done first."""
    debt = owed(account)
    return {
        "username": account.username,
        "name": account.name,
        "role": account.role,
        "operator_id": account.operator_id,
        "area_code": account.area_code,
        "crew_id": account.crew_id,
        "second_factor": account.totp_secret is not None,
        "owes": debt.value if debt else None,
    }


def _own(routes: APIRouter, accounts: Accounts, acting: Acting) -> None:
    @routes.get("/people/me", responses=answers(shapes.Me))
    async def me(asking: Who) -> dict[str, Any]:
        return shown(asking[0])

    @routes.post("/people/me:password", status_code=204)
    async def change_password(request: Request, asking: Who, given: inputs.NewPassword) -> None:
        """Take a new password; all other sessions of its owner end."""
        account, principal = asking
        async with acting(request, principal, given):
            try:
                await accounts.change_password(
                    account, principal.session_id, given.password, given.new_password
                )
            except WrongPasswordError as error:
                raise field_problem("password", "is not your present password") from error
            except PasswordFaultError as error:
                raise field_problem("new_password", str(error)) from error

    @routes.post(
        "/people/me:second-factor", responses=answers(shapes.NewSecondFactor, shapes.SecondFactorTaken)
    )
    async def second_factor(request: Request, asking: Who, given: inputs.SecondFactor) -> dict[str, Any]:
        """Make a secret for an authenticator app (no `otp`), then take it into use with a code of it."""
        account, principal = asking
        if account.totp_secret is not None:
            raise problem(409, "second-factor-there", "An administrator takes the present one away first.")
        async with acting(request, principal, given):
            if given.otp is None:
                secret, address = await accounts.begin_second_factor(account)
                return {"totp_secret": secret, "totp_uri": address}
            if not await accounts.finish_second_factor(account, given.otp):
                raise field_problem("otp", "is not a code of the new secret")
            return {"second_factor": True}


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


def _writes(routes: APIRouter, store: People, accounts: Accounts, acting: Acting) -> None:
    @routes.post("/people", status_code=201, responses=answers(shapes.PersonWithPassword, status=201))
    async def create(request: Request, asking: Who, given: inputs.NewPerson) -> Response:
        """Create an account; the answer holds its first password, this once."""
        async with acting(request, asking[1], given) as said:
            password = await accounts.create(replace(_NOBODY, **given.model_dump()))
            if password is None:
                raise problem(409, "id-taken", "There is a person with this user name.")
            person = await _person(store, given.username)
            said.after = person
            return _answer(person | {"password": password}, 201)

    @routes.patch("/people/{username}", responses=answers(shapes.Person))
    async def change(request: Request, asking: Who, username: str, given: inputs.PersonChange) -> Response:
        """Change a person's name, or role and scope; a change of role ends the sessions."""
        before = await _person(store, username)
        async with acting(request, asking[1], given, before=before) as said:
            fields = inputs.SCOPED if given.role else given.model_fields_set
            values = {name: getattr(given, name) for name in fields if name != "name" or given.name}
            if values and not await store.change(username, if_match(request), values):
                raise stale()
            if given.role:
                await store.end_sessions(username)
            said.after = await _person(store, username)
            return _answer(said.after)


def _verbs(routes: APIRouter, store: People, accounts: Accounts, acting: Acting) -> None:
    async def other(asking: Account, username: str) -> tuple[Account, dict[str, Any]]:
        """Return somebody who is not the asker: nobody locks the own account out."""
        if username == asking.username:
            raise problem(409, "not-yourself", "This is done to you by another administrator.")
        return replace(_NOBODY, username=username), await _person(store, username)

    @routes.post("/people/{username}:disable", responses=answers(shapes.Person))
    async def disable(
        request: Request, asking: Who, username: str, given: inputs.Nothing | None = None
    ) -> Response:
        account, before = await other(asking[0], username)
        async with acting(request, asking[1], given, before=before) as said:
            await accounts.disable(account, disabled=True)
            said.after = await _person(store, username)
            return _answer(said.after)

    @routes.post("/people/{username}:enable", responses=answers(shapes.Person))
    async def enable(
        request: Request, asking: Who, username: str, given: inputs.Nothing | None = None
    ) -> Response:
        account, before = await other(asking[0], username)
        async with acting(request, asking[1], given, before=before) as said:
            await accounts.disable(account, disabled=False)
            said.after = await _person(store, username)
            return _answer(said.after)

    @routes.post("/people/{username}:new-password", responses=answers(shapes.PersonWithPassword))
    async def new_password(
        request: Request, asking: Who, username: str, given: inputs.Nothing | None = None
    ) -> Response:
        """Give a new first password, this once; the second factor is set up anew and all sessions end."""
        account, before = await other(asking[0], username)
        async with acting(request, asking[1], given, before=before) as said:
            password = await accounts.new_password(account)
            said.after = await _person(store, username)
            return _answer(said.after | {"password": password})
