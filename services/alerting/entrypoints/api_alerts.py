"""Alerts: read them, and act on them under the lock of their site."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response

from services.alerting.domain.acts import SHELVE_MS_MAX, Act, Asked, Refusal, do, in_condition
from services.alerting.domain.site import Alert, SiteState
from services.alerting.entrypoints import inputs, shapes, shown
from services.alerting.entrypoints.deps import ActingUnit, Deps, acting, as_uuid, one_site, place_of_cursor
from shared.chassis.database import transaction
from shared.chassis.http import (
    Asking,
    Limit,
    check_if_match,
    decode_cursor,
    etag,
    field_problem,
    not_found,
    page,
    problem,
    query_problem,
)
from shared.chassis.idempotency import once
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.contracts.events import Priority, Rule

_SAID = {
    Refusal.CLOSED: "The alert is closed: it returned to normal and was acknowledged.",
    Refusal.ALREADY_ACKNOWLEDGED: "Somebody acknowledged it before.",
    Refusal.ALREADY_CONFIRMED: "Somebody confirmed it before.",
    Refusal.ALREADY_SILENCED: "It is silent already.",
    Refusal.NOT_SHELVED: "It is not shelved.",
    Refusal.P1_IS_NOT_SHELVED: "A P1 alert cannot be shelved.",
    Refusal.NOT_LATCHED: "Only an active, latched alert is reset.",
    Refusal.CREW_NOT_ARRIVED: "No crew is at the site: an order's crew is there from its arrival until the"
    " order is closed. When it is closed already, open a new one.",
    Refusal.ANOTHER_CREW: "The crew at the site is another one than yours.",
    Refusal.ANOTHER_ORDER: "The crew at the site came with another order than this one.",
    Refusal.GAS_ABOVE_CLEAR_POINT: "The gas has not stayed below the clear point for the off-delay yet.",
}


def router(deps: Deps) -> APIRouter:
    """Return the routes below `/api/v1/alerts`."""
    routes = APIRouter(prefix="/api/v1/alerts")
    _reads(routes, deps)
    _verbs(routes, deps)
    return routes


def _reads(routes: APIRouter, deps: Deps) -> None:
    @routes.get("", responses=answers(shapes.AlertPage))
    async def alerts(
        asking: Asking,
        alert_id: UUID | None = None,
        rule: Annotated[list[Rule] | None, Query()] = None,
        priority: Annotated[list[Priority] | None, Query()] = None,
        site_id: str | None = None,
        zone: str | None = None,
        device_ids: str | None = None,
        device_id: str | None = None,
        operator_id: str | None = None,
        area: str | None = None,
        area_code: str | None = None,
        active: bool | None = None,
        acknowledged: bool | None = None,
        suppressed: bool | None = None,
        test: bool | None = None,
        order_id: str | None = None,
        assigned_to: str | None = None,
        open: bool | None = None,  # noqa: A002 - the word of the API
        cursor: str | None = None,
        limit: Limit = 50,
    ) -> dict[str, Any]:
        wanted = {
            "alert_id": str(alert_id) if alert_id else None,
            "rule": rule,
            "priority": priority,
            "site_id": site_id,
            "zone": zone,
            "device_ids": device_ids or device_id,
            "operator_id": operator_id,
            "area": area or area_code,
            "active": active,
            "acknowledged": acknowledged,
            "suppressed": suppressed,
            "test": test,
            "order_id": order_id,
            "assigned_to": assigned_to,
            "open": open,
        }
        filters = {name: value for name, value in wanted.items() if value is not None}
        after = place_of_cursor(cursor)
        async with transaction(deps.api_pool, asking) as connection:
            found = await deps.stores.alerts.page(connection, filters, after, limit)
        last = (found[-1].opened_at_ms, found[-1].alert_id) if found else None
        return page([shown.alert(alert) for alert in found], limit, last)

    @routes.get("/{alert_id}", responses=answers(shapes.Alert))
    async def alert(alert_id: str, asking: Asking, response: Response) -> dict[str, Any]:
        found = await _visible(deps, asking, alert_id)
        response.headers["ETag"] = etag(found.revision)
        return shown.alert(found)

    @routes.get("/{alert_id}/timeline", responses=answers(shapes.TimelineItemPage))
    async def timeline(
        alert_id: str, asking: Asking, cursor: str | None = None, limit: Limit = 50
    ) -> dict[str, Any]:
        after = decode_cursor(cursor, 1)[0] if cursor else None
        if not isinstance(after, int | None):
            raise query_problem("cursor", "not a cursor of this list")
        seen = await _visible(deps, asking, alert_id)
        async with transaction(deps.api_pool, asking) as connection:
            lines = await deps.stores.alerts.timeline(connection, seen.alert_id, after, limit)
        return page([line for _, line in lines], limit, (lines[-1][0],) if lines else None)


def _verbs(routes: APIRouter, deps: Deps) -> None:
    changed = answers(shapes.Alert)

    @routes.post("/{alert_id}:acknowledge", responses=changed)
    async def acknowledge(
        alert_id: str, body: inputs.Acknowledge, request: Request, asking: Asking
    ) -> Response:
        return await _act(deps, request, asking, alert_id, Act.ACKNOWLEDGE, body.note)

    @routes.post("/{alert_id}:confirm", responses=changed)
    async def confirm(alert_id: str, body: inputs.Confirm, request: Request, asking: Asking) -> Response:
        return await _act(deps, request, asking, alert_id, Act.CONFIRM, body.finding)

    @routes.post("/{alert_id}:shelve", responses=changed)
    async def shelve(alert_id: str, body: inputs.Shelve, request: Request, asking: Asking) -> Response:
        """Take it out of the list until then; shelving what is shelved sets a new end, sooner or later."""
        until_ms = int(body.until.timestamp() * 1000)
        return await _act(deps, request, asking, alert_id, Act.SHELVE, body.reason, until_ms=until_ms)

    @routes.post("/{alert_id}:unshelve", responses=changed)
    async def unshelve(
        alert_id: str, request: Request, asking: Asking, _body: inputs.Nothing | None = None
    ) -> Response:
        return await _act(deps, request, asking, alert_id, Act.UNSHELVE)

    @routes.post("/{alert_id}:silence", responses=changed)
    async def silence(
        alert_id: str, request: Request, asking: Asking, _body: inputs.Nothing | None = None
    ) -> Response:
        return await _act(deps, request, asking, alert_id, Act.SILENCE)

    @routes.post("/{alert_id}:assign", responses=changed)
    async def assign(alert_id: str, body: inputs.Assign, request: Request, asking: Asking) -> Response:
        return await _act(deps, request, asking, alert_id, Act.ASSIGN, body.person)

    @routes.post("/{alert_id}:reset", responses=changed)
    async def reset(alert_id: str, body: inputs.Reset, request: Request, asking: Asking) -> Response:
        return await _act(deps, request, asking, alert_id, Act.RESET, body.finding, order_id=body.order_id)


async def _visible(deps: Deps, asking: Principal, alert_id: str) -> Alert:
    number = as_uuid(alert_id)
    if number is None:
        raise not_found("alert")
    async with transaction(deps.api_pool, asking) as connection:
        found = await deps.stores.alerts.get(connection, number)
    if found is None:
        raise not_found("alert")
    return found


async def _act(
    deps: Deps,
    request: Request,
    asking: Principal,
    alert_id: str,
    act: Act,
    text: str = "",
    **more: Any,
) -> Response:
    """Do one act in a transaction: its Idempotency-Key, the site's lock, the alert, timeline and event."""
    seen = await _visible(deps, asking, alert_id)
    async with acting(deps) as unit:

        async def work() -> tuple[int, dict[str, Any]]:
            asked = Asked(act, asking.subject, unit.now_ms, text, **more)
            return 200, shown.alert(await _change(unit, deps, asking, seen, asked, request))

        answer = await once(request, asking, unit.connection, work)
    deps.woken()
    return answer


async def _change(
    unit: ActingUnit, deps: Deps, asking: Principal, seen: Alert, asked: Asked, request: Request
) -> Alert:
    _check_until(asked)
    state = await one_site(unit, deps.registry, seen.site_id, seen.alert_id)
    alert = state.alerts.get(seen.alert_id)
    if alert is None:
        raise _refused(Refusal.CLOSED)
    check_if_match(request, alert.revision)
    if asked.act is Act.RESET:
        crew_id = await deps.stores.alerts.holder_crew(unit.connection, seen.site_id, asked.order_id)
        if state.holder_order_id == asked.order_id and crew_id != asking.crew_id:
            raise _refused(Refusal.ANOTHER_CREW)
    found = do(state, alert, asked)
    if found is Refusal.GAS_ABOVE_CLEAR_POINT:
        raise _refused(found, off_delay_s=_off_delay_s(deps, state, alert))
    if isinstance(found, Refusal):
        raise _refused(found)
    await unit.save([state])
    return found


def _check_until(asked: Asked) -> None:
    if asked.act is not Act.SHELVE:
        return
    left_ms = (asked.until_ms or 0) - asked.at_ms
    if left_ms <= 0:
        raise field_problem("until", "lies in the past")
    if left_ms > SHELVE_MS_MAX:
        raise field_problem("until", "is more than 8 h away")


def _off_delay_s(deps: Deps, state: SiteState, alert: Alert) -> int:
    """Return for how long the gas must stay below the clear point; when that began, only the fold knows."""
    points = deps.registry.points_at(alert.site_id)
    rules = {one.rule for one in in_condition(state, alert)}
    return max((p.off_ms for p in points.values() if p.rule in rules), default=0) // 1000


def _refused(refusal: Refusal, **more: int) -> Exception:
    detail = f"It must stay below for {more['off_delay_s']} s." if more else ""
    return problem(409, refusal.value.replace("_", "-"), _SAID[refusal], detail, reason=refusal.value, **more)
