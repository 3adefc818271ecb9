"""`/api/v1/push-key`, `/api/v1/push-subscriptions`: ringing somebody whose app is closed."""

from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request, Response
from pydantic import Field

from services.notification.domain.model import Language
from services.notification.entrypoints.inputs import Input
from services.notification.entrypoints.shapes import PushKey, PushSubscription
from services.notification.ports import Browsers
from shared.chassis.database import Pool, transaction
from shared.chassis.http import Asking, field_problem, not_found, problem
from shared.chassis.idempotency import once
from shared.chassis.ids import uuid7
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal

NOWHERE = "000000"  # of an operator's people the operator says where they are
Key = Annotated[str, Field(min_length=1, max_length=200)]


class Keys(Input):
    """What a browser gave for encrypting."""

    p256dh: Key
    auth: Key


class NewSubscription(Input):
    """What `PushSubscription.toJSON()` says."""

    endpoint: Annotated[str, Field(min_length=1, max_length=1000)]
    keys: Keys
    language: Language = "zh-CN"


class Ended(Input):
    """The sessions of who asks that have ended."""

    session_ids: Annotated[list[Key], Field(max_length=1000)]


def _person(asking: Principal, language: str | None = None) -> dict[str, Any]:
    """Return whom the contact names; without a language it keeps the one that was asked for."""
    return {
        "person": asking.subject,
        "operator_id": asking.operator_id,
        "area_code": asking.area_code or NOWHERE,
        "crew_id": asking.crew_id,
        "role": next(iter(asking.roles)),
        "language": language,
    }


def add(app: FastAPI, pool: Pool, browsers: Browsers | None) -> None:
    """Add the routes; without a key of ours there is no push."""
    routes = APIRouter(prefix="/api/v1", tags=["push"])
    _subscribing(routes, pool, browsers)
    _ending(routes, pool, browsers)
    app.include_router(routes)


def _there(browsers: Browsers | None) -> Browsers:
    if browsers is None:
        raise problem(404, "not-found", "This installation rings nobody by push.")
    return browsers


def _subscribing(routes: APIRouter, pool: Pool, browsers: Browsers | None) -> None:
    @routes.get("/push-key", responses=answers(PushKey))
    async def key(_asking: Asking) -> dict[str, Any]:
        """Return the key that a browser subscribes with (`applicationServerKey`, base64url)."""
        return {"key": _there(browsers).public_key}

    @routes.post("/push-subscriptions", status_code=201, responses=answers(PushSubscription, status=201))
    async def subscribe(request: Request, asking: Asking, given: NewSubscription) -> Response:
        """Ring this browser for what its owner is told of; five browsers a person."""
        found = _there(browsers)
        if fault := found.fault(given.endpoint, given.keys.p256dh, given.keys.auth):
            raise field_problem(*fault)
        person = _person(asking, given.language)
        values = person | {
            "subscription_id": str(uuid7()),
            "endpoint": given.endpoint,
            "p256dh": given.keys.p256dh,
            "auth": given.keys.auth,
            "session_id": asking.session_id,
        }
        async with transaction(pool, asking) as connection:

            async def doing() -> tuple[int, dict[str, Any]]:
                made = await found.add(connection, values)
                await found.ring(connection, person)
                return 201, {"subscription_id": made}

            return await once(request, asking, connection, doing)


def _ending(routes: APIRouter, pool: Pool, browsers: Browsers | None) -> None:
    @routes.delete("/push-subscriptions", status_code=204)
    async def forget(asking: Asking, person: str) -> None:
        """Ring no browser of somebody any more, whose account ended or changed."""
        if browsers is not None:
            async with transaction(pool, asking) as connection:
                await browsers.forget(connection, person)

    @routes.post("/push-subscriptions:silence", status_code=204)
    async def silence(asking: Asking, given: Ended) -> None:
        """Ring no browser of these sessions of one's own any more: a lost phone tells nothing."""
        if browsers is not None:
            async with transaction(pool, asking) as connection:
                await browsers.silence(connection, asking.subject, given.session_ids)
                await browsers.ring(connection, _person(asking))

    @routes.delete("/push-subscriptions/{subscription_id}", status_code=204)
    async def unsubscribe(asking: Asking, subscription_id: str) -> None:
        """Ring this browser no more."""
        found = _there(browsers)
        async with transaction(pool, asking) as connection:
            if not await found.remove(connection, subscription_id):
                raise not_found("subscription")
            await found.ring(connection, _person(asking))
