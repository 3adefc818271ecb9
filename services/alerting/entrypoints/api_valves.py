"""Closing a valve by hand: arm with the second factor and the reason, then close within 60 s."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.alerting.domain import loops
from services.alerting.domain.acts import GAS_FAMILIES
from services.alerting.domain.site import SiteState
from services.alerting.domain.valve import Reason, Step
from services.alerting.domain.valve_loop import on_manual_close
from services.alerting.entrypoints import shapes
from services.alerting.entrypoints.deps import ActingUnit, Deps, acting, one_site, place_of_cursor
from services.alerting.entrypoints.inputs import Arm, Close
from shared.chassis.database import transaction
from shared.chassis.http import Asking, Limit, not_found, page, problem
from shared.chassis.idempotency import once
from shared.chassis.ids import uuid7
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.chassis.times import rfc3339
from shared.contracts.objects import Device


def router(deps: Deps) -> APIRouter:
    """Return the routes below `/api/v1/valves` and the public keys."""
    routes = APIRouter(prefix="/api/v1")

    @routes.post("/valves/{valve_id}:arm", responses=answers(shapes.Arming))
    async def arm(valve_id: str, body: Arm, request: Request, asking: Asking) -> Response:
        if not asking.second_factor:
            if body.otp is None:
                raise problem(
                    403, "second-factor-required", "Closing a valve needs `otp`, your one-time code."
                )
            # Wrong and used are not told apart: who guesses learns nothing.
            raise problem(403, "second-factor-wrong", "This one-time code is wrong or already used.")
        device = await _valve(deps, asking, valve_id)
        async with acting(deps) as unit:

            async def act() -> tuple[int, dict[str, Any]]:
                token, expires_at_ms = await deps.stores.arming.arm(
                    unit.connection,
                    valve_id,
                    device.operator_id,
                    device.area_code,
                    asking.subject,
                    body.reason,
                )
                state = await one_site(unit, deps.registry, device.site_id)
                return 200, {
                    "arm_token": token,
                    "expires_at": rfc3339(expires_at_ms),
                    "affected": _affected(deps, device, state),
                }

            return await once(request, asking, unit.connection, act, secret=frozenset({"arm_token"}))

    @routes.post(
        "/valves/{valve_id}:close", status_code=202, responses=answers(shapes.IssuedCommand, status=202)
    )
    async def close(valve_id: str, body: Close, request: Request, asking: Asking) -> Response:
        device = await _valve(deps, asking, valve_id)
        async with acting(deps) as unit:

            async def act() -> tuple[int, dict[str, Any]]:
                reason = await deps.stores.arming.use(
                    unit.connection, body.arm_token, valve_id, asking.subject
                )
                if reason is None:
                    raise problem(
                        409, "not-armed", "The arm token is unknown, used or older than 60 s: arm again."
                    )
                return await _close(unit, deps, device, asking, reason)

            answer = await once(request, asking, unit.connection, act)
        deps.woken()
        return answer

    @routes.get("/valves/{valve_id}/commands", responses=answers(shapes.ValveCommandPage))
    async def commands(
        valve_id: str, asking: Asking, cursor: Annotated[str | None, Query()] = None, limit: Limit = 50
    ) -> dict[str, Any]:
        after = place_of_cursor(cursor)
        await _valve(deps, asking, valve_id)
        async with transaction(deps.api_pool, asking) as connection:
            items = await deps.stores.commands.page(connection, valve_id, after, limit)
        last = (items[-1]["seq"], items[-1]["command_id"]) if items else None
        return page(items, limit, last)

    @routes.get("/command-keys", responses=answers(shapes.CommandKeys))
    async def command_keys() -> dict[str, Any]:
        return deps.jwks()

    return routes


async def _valve(deps: Deps, asking: Principal, valve_id: str) -> Device:
    """Return a valve that the person may see; 404 otherwise."""
    device = deps.registry.device(valve_id)
    if device is not None and device.kind == "valve":
        async with transaction(deps.api_pool, asking) as connection:
            if await deps.stores.alerts.visible(connection, device.operator_id, device.area_code):
                return device
    raise not_found("valve")


def _affected(deps: Deps, device: Device, state: SiteState) -> dict[str, Any]:
    site = deps.registry.site(device.site_id)
    valve = loops.valve_of(state, device.device_id)
    return {
        "valve_id": device.device_id,
        "site_id": device.site_id,
        "site_name": site.name if site else "",
        "kind": site.kind if site else "",
        "zone": device.zone,
        "position": valve.position,
        "alert_ids": [alert.alert_id for alert in state.in_zone(device.zone) if alert.active],
    }


async def _close(
    unit: ActingUnit, deps: Deps, device: Device, asking: Principal, reason: str
) -> tuple[int, dict[str, Any]]:
    state = await one_site(unit, deps.registry, device.site_id)
    valve = loops.valve_of(state, device.device_id)
    at = loops.moment(state, device.device_id, unit.now_ms, uuid7)
    near = [a for a in state.in_zone(device.zone) if a.active and a.family in GAS_FAMILIES]
    step = on_manual_close(valve, asking.subject, reason, tuple(a.alert_id for a in near), at)
    if step.reason is not Reason.COMMANDED or step.valve.command is None:
        raise _conflict(step)
    loops.apply(state, step, unit.now_ms, uuid7)
    await unit.save([state])
    command = step.valve.command
    return 202, {
        "command_id": command.command_id,
        "valve_id": device.device_id,
        "action": "close",
        "seq": command.seq,
        "issued_at": rfc3339(command.issued_ms),
        "expires_at": rfc3339(command.expires_ms),
        "actors": list(command.actors),
        "reason": command.reason,
    }


_SAID = {
    Reason.LIVE_COMMAND: "Somebody else's command is on its way.",
    Reason.ALREADY_CLOSED: "The valve's limit switch says closed.",
    Reason.UNDER_MAINTENANCE: "The valve is under maintenance: nothing is closed from afar.",
}


def _conflict(step: Step) -> Exception:
    command = step.valve.command if step.reason is Reason.LIVE_COMMAND else None
    more: dict[str, Any] = {}
    if command is not None:
        more = {"by": list(command.actors), "command_id": command.command_id}
    return problem(
        409, step.reason.value.replace("_", "-"), _SAID[step.reason], reason=step.reason.value, **more
    )
