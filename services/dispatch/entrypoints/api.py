"""`/api/v1/orders`: open, and every action of an order's life."""

from collections.abc import Awaitable, Callable
from typing import Literal, get_args

from fastapi import APIRouter, FastAPI, Request, Response

from services.dispatch.domain.lifecycle import Action
from services.dispatch.domain.model import Decision, Order, Outcome
from services.dispatch.domain.steps import STEPS, Step
from services.dispatch.entrypoints import crews_api, reads, shapes, shifts_api
from services.dispatch.entrypoints.access import owns
from services.dispatch.entrypoints.inputs import NewOrder, NewStep, Reassignment, Word, unix_ms
from services.dispatch.entrypoints.requests import Answer, Orders, refuse, shown
from services.dispatch.handlers.use_cases import Dispatching
from services.dispatch.ports import CrewRows, OpenOrderExistsError
from shared.chassis.database import transaction
from shared.chassis.http import Asking, field_problem, not_found
from shared.chassis.idempotency import once
from shared.chassis.ids import uuid7
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal
from shared.contracts.access import CREW

CrewAction = Literal["accept", "depart", "arrive"]
_CHANGED = answers(shapes.Order)


def add(app: FastAPI, orders: Orders, crews: CrewRows) -> None:
    """Add all routes of dispatch to `app`."""
    router = APIRouter(prefix="/api/v1/orders", tags=["orders"])
    reads.add(router, orders)
    _opens(router, orders)
    _crew_acts(router, orders)
    _directs(router, orders)
    app.include_router(router)
    app.include_router(crews_api.router(orders.pool, crews))
    app.include_router(shifts_api.router(orders.pool, crews))


def _opens(router: APIRouter, orders: Orders) -> None:
    @router.post("", status_code=201, responses=answers(shapes.Order, status=201))
    async def open_order(request: Request, asking: Asking, body: NewOrder) -> Response:
        """Open an order; 409 when the site has an open response order already."""
        async with transaction(orders.pool, asking) as connection:

            async def doing() -> Answer:
                place = orders.places.get(body.site_id)
                if place is None or not owns(asking, place):
                    raise not_found("site")
                order = Order(
                    order_id=uuid7(),
                    site_id=place.site_id,
                    operator_id=place.operator_id,
                    area_code=place.area_code,
                    kind=body.kind,
                    priority=body.priority,
                    text=body.text,
                    alert_ids=tuple(dict.fromkeys(body.alert_ids)),
                    opened_at_ms=0,
                    updated_at_ms=0,
                )
                try:
                    decision = await orders.dispatching(connection).open(order, place, asking.subject)
                except OpenOrderExistsError:  # one that this person does not see: the site changed hands
                    decision = Decision(outcome=Outcome.SITE_HAS_OPEN_ORDER)
                if decision is None or decision.order is None:
                    refuse(decision or Decision(outcome=Outcome.SITE_HAS_OPEN_ORDER))
                    raise not_found("site")
                return 201, shown(decision.order)

            return await once(request, asking, connection, doing)


def _crew_acts(router: APIRouter, orders: Orders) -> None:
    def add_action(action: CrewAction) -> None:
        @router.post(f"/{{order_id}}:{action}", name=f"{action}_order", responses=_CHANGED)
        async def act(request: Request, asking: Asking, order_id: str, body: Word | None = None) -> Response:
            """Move the order on, on the word of the crew that holds it."""
            return await orders.act(request, asking, order_id, _own_action(asking, action, body or Word()))

    actions: tuple[CrewAction, ...] = get_args(CrewAction)
    for action in actions:
        add_action(action)

    @router.post("/{order_id}:step", responses=_CHANGED)
    async def report_step(request: Request, asking: Asking, order_id: str, body: NewStep) -> Response:
        """Report a step of the work; a late one is merged by the phone's time."""
        if body.step not in STEPS:
            raise field_problem("step", f"must be one of {', '.join(STEPS)}")
        step = Step(
            step_id=uuid7(),
            order_id=order_id,
            step=body.step,
            person=asking.subject,
            crew_id=asking.crew_id,
            device_time_ms=unix_ms(body.device_time),
            longitude=body.position.longitude if body.position else None,
            latitude=body.position.latitude if body.position else None,
            readings=tuple(body.readings),
            attachment_ids=tuple(body.attachment_ids),
            note=body.note,
            corrects_ms=unix_ms(body.corrects) if body.corrects else None,
        )
        return await orders.act(request, asking, order_id, lambda use, order: use.report(order, step))


def _own_action(
    asking: Principal, action: Action, body: Word
) -> Callable[[Dispatching, Order], Awaitable[Decision | None]]:
    """Return an action that only the crew which holds the order now may take."""

    async def doing(use: Dispatching, order: Order) -> Decision | None:
        at = None if body.device_time is None else unix_ms(body.device_time)
        return await use.act(
            order,
            action,
            asking.subject,
            crew_id=asking.crew_id,
            reason=body.reason,
            device_time_ms=at,
        )

    return doing


def _directs(router: APIRouter, orders: Orders) -> None:
    @router.post("/{order_id}:close", responses=_CHANGED)
    async def close(request: Request, asking: Asking, order_id: str, body: Word | None = None) -> Response:
        """Close an order on site: by the crew's lead, or by whoever directs the crews."""
        word = body or Word()
        if asking.has(CREW):
            return await orders.act(request, asking, order_id, _own_action(asking, "close", word))
        return await orders.act(
            request,
            asking,
            order_id,
            lambda use, order: use.act(order, "close", asking.subject, reason=word.reason),
        )

    @router.post("/{order_id}:cancel", responses=_CHANGED)
    async def cancel(request: Request, asking: Asking, order_id: str, body: Word | None = None) -> Response:
        """Cancel an order that nobody has reached yet; its crew is free again."""
        word = body or Word()
        return await orders.act(
            request,
            asking,
            order_id,
            lambda use, order: use.act(order, "cancel", asking.subject, reason=word.reason),
        )

    @router.post("/{order_id}:reassign", responses=_CHANGED)
    async def reassign(
        request: Request, asking: Asking, order_id: str, body: Reassignment | None = None
    ) -> Response:
        """Give the order to another crew, or to a first one."""
        word = body or Reassignment()
        return await orders.act(
            request,
            asking,
            order_id,
            lambda use, order: use.reassign(order, word.crew_id, asking.subject, word.reason or ""),
        )
