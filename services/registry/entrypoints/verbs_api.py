"""What is done to devices and licences: credentials, maintenance, tests, retirement; steps of a licence."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from services.registry.domain.kinds import DEVICE, LICENCE
from services.registry.domain.licences import VERBS, Verb
from services.registry.entrypoints import models, shapes
from services.registry.entrypoints.problems import answered
from services.registry.entrypoints.resources import columns, present
from services.registry.handlers import devices, licences
from services.registry.handlers.registering import Context
from services.registry.ports import CertificateAuthority, CommandKeys, Issued, Store, Takeover, Unit
from shared.chassis.http import Asking
from shared.chassis.idempotency import once
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.contracts.access import LICENSERS

Act = Callable[[Unit, Context], Awaitable[dict[str, Any]]]
_SHOWN_ONCE = frozenset({"key", "items"})


@dataclass(frozen=True, slots=True)
class Doing:
    """What every verb needs: rights, a transaction, and the answer given once per Idempotency-Key."""

    store: Store

    async def __call__(
        self,
        request: Request,
        asking: Principal,
        act: Act,
        status: int = 200,
        secret: frozenset[str] = frozenset(),
    ) -> Response:
        """Act and answer."""
        async with answered(), self.store.unit(asking) as unit:
            licenses = asking.has(LICENSERS)
            context = Context(self.store.areas, await unit.moment(), asking.subject, licenses=licenses)

            async def body() -> tuple[int, dict[str, Any]]:
                return status, await act(unit, context)

            return await once(request, asking, unit.connection, body, secret=secret)


def verbs_router(
    store: Store,
    authority: CertificateAuthority,
    keys: CommandKeys,
    after_revoking: Callable[[], Awaitable[None]],
    takeover: Takeover | None = None,
) -> APIRouter:
    """Return the routes of all verbs."""
    router = APIRouter(prefix="/api/v1")
    do = Doing(store)
    _credentials(router, do, authority, keys, takeover)
    _revoking(router, do, after_revoking)
    _devices(router, do, after_revoking)
    for verb in VERBS:
        _licence(router, do, verb)
    return router


def _shown(one: Issued) -> dict[str, str]:
    return {"device_id": one.device_id, "certificate": one.certificate, "key": one.key}


def _credentials(
    router: APIRouter,
    do: Doing,
    authority: CertificateAuthority,
    keys: CommandKeys,
    takeover: Takeover | None,
) -> None:
    @router.post(
        "/devices/{id_}/credentials",
        status_code=201,
        tags=["devices"],
        responses=answers(shapes.Credentials, status=201),
    )
    async def credentials(id_: str, request: Request, asking: Asking) -> Response:
        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            issued = await devices.issue(unit, [id_], authority, context, takeover)
            return {**_shown(issued[0]), "ca": authority.certificate, "command_keys": keys.jwks()}

        return await do(request, asking, act, 201, _SHOWN_ONCE)

    @router.post(
        "/devices:credentials",
        status_code=201,
        tags=["devices"],
        responses=answers(shapes.CredentialsOfMany, status=201),
    )
    async def many(given: models.DeviceIds, request: Request, asking: Asking) -> Response:
        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            issued = await devices.issue(unit, sorted(set(given.device_ids)), authority, context, takeover)
            items = [_shown(one) for one in issued]
            return {"items": items, "ca": authority.certificate, "command_keys": keys.jwks()}

        return await do(request, asking, act, 201, _SHOWN_ONCE)


def _revoking(router: APIRouter, do: Doing, after_revoking: Callable[[], Awaitable[None]]) -> None:
    @router.post("/devices/{id_}:revoke-credentials", tags=["devices"], responses=answers(shapes.Device))
    async def revoke(id_: str, request: Request, asking: Asking) -> Response:
        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            return present(DEVICE, await devices.revoke(unit, id_, context), context.moment)

        response = await do(request, asking, act)
        await after_revoking()
        return response


def _devices(router: APIRouter, do: Doing, after_revoking: Callable[[], Awaitable[None]]) -> None:
    @router.post("/devices/{id_}:maintain", tags=["devices"], responses=answers(shapes.Device))
    async def maintain(id_: str, given: models.Maintain, request: Request, asking: Asking) -> Response:
        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            row = await devices.maintain(unit, id_, given.reason, given.until, context)
            return present(DEVICE, row, context.moment)

        return await do(request, asking, act)

    @router.post(
        "/devices/{id_}:record-test",
        status_code=201,
        tags=["devices"],
        responses=answers(shapes.DeviceTest, status=201),
    )
    async def record_test(id_: str, given: models.Test, request: Request, asking: Asking) -> Response:
        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            test = {"kind": given.kind, "done_on": given.done_on.isoformat(), "passed": given.passed}
            row = await devices.record_test(unit, id_, test, context)
            return {**columns(given), "device_id": id_, "passed": row["passed"]}

        return await do(request, asking, act, 201)

    @router.post("/devices/{id_}:retire", tags=["devices"], responses=answers(shapes.Device))
    async def retire(id_: str, request: Request, asking: Asking) -> Response:
        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            return present(DEVICE, await devices.retire(unit, id_, context), context.moment)

        response = await do(request, asking, act)
        await after_revoking()
        return response


def _licence(router: APIRouter, do: Doing, verb: Verb) -> None:
    @router.post(
        f"/licences/{{id_}}:{verb}",
        name=f"{verb} licence",
        tags=["licences"],
        responses=answers(shapes.Licence),
    )
    async def step(id_: str, request: Request, asking: Asking, given: models.Step | None = None) -> Response:
        taken = given or models.Step()

        async def act(unit: Unit, context: Context) -> dict[str, Any]:
            what = licences.Step(verb, taken.on, taken.reason, taken.valid_to)
            return present(LICENCE, await licences.take(unit, id_, what, context), context.moment)

        return await do(request, asking, act)
