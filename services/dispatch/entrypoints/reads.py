"""`GET /api/v1/orders`: lists, one order, its timeline, who should go."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse

from services.dispatch.domain.model import Decision, Kind, Outcome, Priority, Situation, State
from services.dispatch.domain.recommend import Recommendation, recommend
from services.dispatch.entrypoints import shapes
from services.dispatch.entrypoints.access import is_crew_only
from services.dispatch.entrypoints.requests import Orders, shown
from shared.chassis.database import transaction
from shared.chassis.http import Asking, Limit, decode_cursor, etag, page, query_problem
from shared.chassis.openapi import answers


def add(router: APIRouter, orders: Orders) -> None:
    """Add the routes that read."""

    @router.get("", responses=answers(shapes.OrderPage))
    async def list_orders(
        asking: Asking,
        limit: Limit = 50,
        cursor: str | None = None,
        order_id: str | None = None,
        site_id: str | None = None,
        operator_id: str | None = None,
        area_code: Annotated[str | None, Query(pattern=r"^\d{2,6}$")] = None,
        kind: Kind | None = None,
        priority: Priority | None = None,
        state: State | None = None,
        crew_id: str | None = None,
        lead: str | None = None,
        alert_id: str | None = None,
        member: str | None = None,
        overdue: bool | None = None,
    ) -> dict[str, Any]:
        """Return orders, the newest first; a crew sees its own only.

        Overdue is an open order to which nobody came by its deadline, or which nobody accepted in time.
        """
        if is_crew_only(asking):
            crew_id = asking.crew_id if crew_id in {None, asking.crew_id} else ""
            crew_id = crew_id or ""
        filters = {
            "order_id": order_id,
            "site_id": site_id,
            "operator_id": operator_id,
            "area_code": area_code,
            "kind": kind,
            "priority": priority,
            "state": state,
            "crew_id": crew_id,
            "lead": lead,
            "alert_id": alert_id,
            "member": member,
            "overdue": None if overdue is None else (overdue, orders.limits.accept_s * 1000),
        }
        after = None if cursor is None else decode_cursor(cursor, 2)
        if after is not None and not (isinstance(after[0], int) and isinstance(after[1], str)):
            raise query_problem("cursor", "not a cursor of this list")
        async with transaction(orders.pool, asking) as connection:
            found = await orders.reads.orders(connection, filters, after, limit)
        last = (found[-1].opened_at_ms, found[-1].order_id) if found else None
        return page([shown(order) for order in found], limit, last)

    @router.get("/{order_id}/timeline", responses=answers(shapes.OrderItemPage))
    async def get_timeline(asking: Asking, order_id: str) -> dict[str, Any]:
        """Return the order's changes, and the steps of the crew in the order in which they were done."""
        async with transaction(orders.pool, asking) as connection:
            await orders.find(connection, order_id, asking)
            items = await orders.reads.timeline(connection, order_id)
            return {
                "items": items,
                "steps": await orders.reads.steps(connection, order_id),
                "next_cursor": None,
            }

    @router.get("/{order_id}/recommendation", responses=answers(shapes.RecommendationPage))
    async def get_recommendation(asking: Asking, order_id: str) -> dict[str, Any]:
        """Return all crews of the operator with scores and reasons, the best first."""
        async with transaction(orders.pool, asking) as connection:
            order = await orders.find(connection, order_id, asking)
            place = orders.dispatching(connection).place(order.site_id, order.operator_id, order.area_code)
            seen: list[Situation] = []

            def look(situation: Situation) -> Decision:
                seen.append(situation)
                return Decision(outcome=Outcome.NOTHING_DUE)

            await orders.store(connection).change(place, look)
        return {
            "items": [_advice(one) for one in recommend(order, place, seen[0].crews)],
            "next_cursor": None,
        }

    @router.get("/{order_id}", responses=answers(shapes.OrderDetail))
    async def get_order(asking: Asking, order_id: str) -> Response:
        """Return one order with its history; 404 when it is another tenant's or crew's."""
        async with transaction(orders.pool, asking) as connection:
            order = await orders.find(connection, order_id, asking)
            body = shown(order) | {
                "timeline": await orders.reads.timeline(connection, order_id),
                "steps": await orders.reads.steps(connection, order_id),
            }
        return JSONResponse(body, headers={"ETag": etag(order.revision)})


def _advice(one: Recommendation) -> dict[str, Any]:
    return {
        "crew_id": one.crew.crew_id,
        "name": one.crew.name,
        "available": one.available,
        "score": one.score,
        "reasons": [
            {"code": reason.code, "value": reason.value, "points": round(reason.points, 2)}
            for reason in one.reasons
        ],
    }
