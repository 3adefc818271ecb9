"""`/api/v1/contacts`, `/api/v1/routes`, `/api/v1/deliveries`."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import JSONResponse

from services.notification.domain.model import OWN_CONTACTS, Priority, State, Topic
from services.notification.entrypoints import shapes
from services.notification.entrypoints.inputs import (
    ContactChange,
    NewAddress,
    NewContact,
    NewRoute,
    RouteChange,
)
from services.notification.ports import Channels, Rows, TakenError
from shared.chassis.database import Pool, transaction
from shared.chassis.http import (
    Asking,
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
from shared.chassis.idempotency import once
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal

Answer = tuple[int, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the routes share."""

    pool: Pool
    rows: Rows
    channels: Channels

    async def page(
        self,
        asking: Principal,
        table: str,
        filters: Mapping[str, str | None],
        limit: int,
        cursor: str | None,
    ) -> dict[str, Any]:
        """Return a page of a table."""
        after = None if cursor is None else decode_cursor(cursor, 1)
        async with transaction(self.pool, asking) as connection:
            found = await self.rows.many(connection, table, filters, after, limit)
        return page(found, limit, [found[-1][f"{table}_id"]] if found else None)

    async def one(self, asking: Principal, table: str, id_: str) -> Response:
        """Return one row with its ETag."""
        async with transaction(self.pool, asking) as connection:
            row = await self.rows.one(connection, table, id_)
        if row is None:
            raise not_found(table)
        return JSONResponse(row, headers={"ETag": etag(row["revision"])} if "revision" in row else None)

    async def add(self, request: Request, asking: Principal, table: str, values: dict[str, Any]) -> Response:
        """Add a row; its operator is the asker's own unless an administrator names another or none."""
        operator_id = values["operator_id"] or asking.operator_id
        if asking.operator_id not in {None, operator_id}:
            raise not_found("operator")
        values = values | {"operator_id": operator_id}
        async with transaction(self.pool, asking) as connection:

            async def doing() -> Answer:
                try:
                    await self.rows.add(connection, table, values)
                except TakenError as error:
                    raise problem(409, "id-taken", f"There is a {table} with this id.") from error
                return 201, await self.rows.one(connection, table, values[f"{table}_id"]) or {}

            return await once(request, asking, connection, doing)

    async def change(
        self, request: Request, asking: Principal, table: str, id_: str, values: dict[str, Any]
    ) -> Response:
        """Change a row of the revision that was read."""
        async with transaction(self.pool, asking) as connection:
            if await self.rows.one(connection, table, id_) is None:
                raise not_found(table)
            if not await self.rows.change(connection, table, id_, if_match(request), values):
                raise stale()
            row = await self.rows.one(connection, table, id_) or {}
        return JSONResponse(row, headers={"ETag": etag(row["revision"])})

    def check(self, addresses: list[NewAddress]) -> None:
        """Refuse addresses that nothing can or may be sent to."""
        for address in addresses:
            try:
                self.channels.check(address.channel, address.address)
            except ValueError as error:
                raise field_problem("addresses", str(error)) from error


def add(app: FastAPI, desk: Desk) -> None:
    """Add all routes of notification to `app`."""
    router = APIRouter(prefix="/api/v1")
    _contacts(router, desk)
    _routes(router, desk)
    _deliveries(router, desk)
    app.include_router(router)


def _contacts(router: APIRouter, desk: Desk) -> None:
    @router.get("/contacts", tags=["contacts"], responses=answers(shapes.ContactPage))
    async def list_contacts(
        asking: Asking,
        limit: Limit = 50,
        cursor: str | None = None,
        contact_id: str | None = None,
        operator_id: str | None = None,
        role: str | None = None,
        person: str | None = None,
        crew_id: str | None = None,
    ) -> dict[str, Any]:
        """Return contacts by id."""
        filters = {
            "contact_id": contact_id,
            "operator_id": operator_id,
            "role": role,
            "person": person,
            "crew_id": crew_id,
        }
        return await desk.page(asking, "contact", filters, limit, cursor)

    @router.post(
        "/contacts", status_code=201, tags=["contacts"], responses=answers(shapes.Contact, status=201)
    )
    async def add_contact(request: Request, asking: Asking, body: NewContact) -> Response:
        """Add a contact; an address that nothing may be sent to is refused."""
        if body.contact_id.startswith(OWN_CONTACTS):
            raise field_problem("contact_id", f"{OWN_CONTACTS} is for contacts that people's browsers have")
        desk.check(body.addresses)
        return await desk.add(request, asking, "contact", body.model_dump())

    @router.get("/contacts/{contact_id}", tags=["contacts"], responses=answers(shapes.Contact))
    async def get_contact(asking: Asking, contact_id: str) -> Response:
        """Return one contact."""
        return await desk.one(asking, "contact", contact_id)

    @router.patch("/contacts/{contact_id}", tags=["contacts"], responses=answers(shapes.Contact))
    async def change_contact(
        request: Request, asking: Asking, contact_id: str, body: ContactChange
    ) -> Response:
        """Change a contact of the revision that was read."""
        desk.check(body.addresses or [])
        return await desk.change(request, asking, "contact", contact_id, body.model_dump(exclude_none=True))


def _routes(router: APIRouter, desk: Desk) -> None:
    @router.get("/routes", tags=["routes"], responses=answers(shapes.RoutePage))
    async def list_routes(
        asking: Asking,
        limit: Limit = 50,
        cursor: str | None = None,
        route_id: str | None = None,
        operator_id: str | None = None,
        topic: Topic | None = None,
    ) -> dict[str, Any]:
        """Return routes by id; where none matches a notice, the defaults of the service do."""
        filters = {"route_id": route_id, "operator_id": operator_id, "topic": topic}
        return await desk.page(asking, "route", filters, limit, cursor)

    @router.post("/routes", status_code=201, tags=["routes"], responses=answers(shapes.Route, status=201))
    async def add_route(request: Request, asking: Asking, body: NewRoute) -> Response:
        """Add a route."""
        return await desk.add(request, asking, "route", body.model_dump())

    @router.get("/routes/{route_id}", tags=["routes"], responses=answers(shapes.Route))
    async def get_route(asking: Asking, route_id: str) -> Response:
        """Return one route."""
        return await desk.one(asking, "route", route_id)

    @router.patch("/routes/{route_id}", tags=["routes"], responses=answers(shapes.Route))
    async def change_route(request: Request, asking: Asking, route_id: str, body: RouteChange) -> Response:
        """Change a route of the revision that was read."""
        return await desk.change(request, asking, "route", route_id, body.model_dump(exclude_none=True))


def _deliveries(router: APIRouter, desk: Desk) -> None:
    @router.get("/deliveries", tags=["deliveries"], responses=answers(shapes.DeliveryPage))
    async def list_deliveries(
        asking: Asking,
        limit: Limit = 50,
        cursor: str | None = None,
        delivery_id: str | None = None,
        idempotency_key: str | None = None,
        subject: str | None = None,
        site_id: str | None = None,
        operator_id: str | None = None,
        recipient: str | None = None,
        channel: str | None = None,
        state: State | None = None,
        priority: Priority | None = None,
    ) -> dict[str, Any]:
        """Return deliveries, the newest first."""
        filters = {
            "delivery_id": delivery_id,
            "idempotency_key": idempotency_key,
            "subject": subject,
            "site_id": site_id,
            "operator_id": operator_id,
            "recipient": recipient,
            "channel": channel,
            "state": state,
            "priority": priority,
        }
        return await desk.page(asking, "delivery", filters, limit, cursor)

    @router.get("/deliveries/{delivery_id}", tags=["deliveries"], responses=answers(shapes.Delivery))
    async def get_delivery(asking: Asking, delivery_id: str) -> Response:
        """Return one delivery."""
        return await desk.one(asking, "delivery", delivery_id)
