"""`/api/v1/attachments`: photos of orders, sent apart from the steps that name them."""

import asyncio
import hashlib
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response, UploadFile

from services.portal.entrypoints import shapes
from services.portal.entrypoints.acting import Acting
from services.portal.entrypoints.gateway import Behind
from services.portal.entrypoints.sessions import Guarded, Who
from services.portal.ports import Desk, Photo
from shared.chassis.database import Connection, Pool, transaction
from shared.chassis.http import field_problem, not_found, problem
from shared.chassis.ids import uuid7
from shared.chassis.openapi import answers, plain
from shared.chassis.principal import Principal

PHOTO_BYTES_MAX = 10 * 1024 * 1024
AT_ONCE = 2  # each takes up to 150 MB while it is decoded
_AS_IT_IS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": 'inline; filename="photo.jpg"',
    "Cache-Control": "private, max-age=86400, immutable",
}


def router(
    pool: Pool,
    reading: Pool,
    behind: Behind,
    acting: Acting,
    desk: Desk,
    read_photo: Callable[[bytes], Photo | None],
) -> APIRouter:
    """Return the routes of attachments; what they show comes through `reading`."""
    routes = APIRouter(prefix="/api/v1/attachments", tags=["attachments"], route_class=Guarded)
    at_once = asyncio.Semaphore(AT_ONCE)  # all others wait on disk, where their forms were read to

    @routes.post("", status_code=201, responses=answers(shapes.Attachment, status=201))
    async def add(
        request: Request,
        asking: Who,
        file: UploadFile,
        order_id: Annotated[str | None, Form(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None,
    ) -> Response:
        """Add a photo (JPEG, PNG or WebP, 10 MiB at most) of an order that its sender may see."""
        principal = asking[1]
        owner = await _owner(behind, principal, order_id)

        async def act(unit: Connection) -> tuple[int, dict[str, Any]]:
            return 201, await desk.add_attachment(unit, values)

        async with at_once:
            photo, digest = await _photo(file, read_photo)
            # What the Idempotency-Key stands for: the form was read, and is another text each time.
            request._body = digest + (order_id or "").encode()  # noqa: SLF001
            values = owner | {
                "attachment_id": str(uuid7()),
                "order_id": order_id,
                "name": (file.filename or "photo")[:200].replace("\x00", ""),
                "media_type": photo.media_type,
                "width": photo.width,
                "height": photo.height,
                "sha256": photo.sha256,
                "content": photo.content,
                "created_by": principal.subject,
            }
            return await acting(request, principal, None, act, before=owner)

    @routes.get("/{attachment_id}", responses=answers(shapes.Attachment))
    async def one(asking: Who, attachment_id: str) -> dict[str, Any]:
        return await _seen(pool, behind, desk, asking[1], attachment_id)

    @routes.get("/{attachment_id}/content", response_class=Response, responses=plain("image/jpeg"))
    async def content(asking: Who, attachment_id: str) -> Response:
        await _seen(pool, behind, desk, asking[1], attachment_id)
        async with transaction(reading, asking[1]) as unit:
            found = await desk.attachment_content(unit, attachment_id)
        if found is None:
            raise not_found("attachment")
        return Response(found[1], media_type=found[0], headers=_AS_IT_IS)

    return routes


async def _photo(file: UploadFile, read_photo: Callable[[bytes], Photo | None]) -> tuple[Photo, bytes]:
    """Return a photo that was sent, and the digest of what was sent: 413 or 415 when it is none."""
    data = await file.read(PHOTO_BYTES_MAX + 1)
    if len(data) > PHOTO_BYTES_MAX:
        raise problem(413, "too-large", "A photo may have 10 MiB at most.")
    photo = await asyncio.to_thread(read_photo, data)
    if photo is None:
        raise problem(415, "unsupported-media-type", "This is no photo: JPEG, PNG or WebP are taken.")
    return photo, hashlib.sha256(data).digest()


async def _seen(
    pool: Pool, behind: Behind, desk: Desk, principal: Principal, attachment_id: str
) -> dict[str, Any]:
    """Return a photo that is somebody's to see: a crew sees its own, and those of its own orders."""
    async with transaction(pool, principal) as unit:
        found = await desk.attachment(unit, attachment_id)
    if found is None:
        raise not_found("attachment")
    if principal.crew_id is not None and found["created_by"] != principal.subject:
        order_id = found["order_id"]
        answer = order_id and await behind.ask(principal, "GET", f"orders/{order_id}")
        if not answer or answer.status_code != 200:
            raise not_found("attachment")
    return found


async def _owner(behind: Behind, principal: Principal, order_id: str | None) -> dict[str, str | None]:
    """Return whose photo it is: the order's, else the sender's own operator's."""
    if order_id is None:
        if principal.operator_id is None:
            raise field_problem("order_id", "somebody without an operator names the order")
        return {"operator_id": principal.operator_id, "area_code": principal.area_code}
    answer = await behind.ask(principal, "GET", f"orders/{order_id}")
    if answer.status_code != 200:
        raise not_found("order")
    order = answer.json()
    return {"operator_id": order["operator_id"], "area_code": order["area_code"]}
