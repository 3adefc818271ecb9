"""What people do in the portal itself goes through the audit chain as what they do behind it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Request, Response
from pydantic import BaseModel

from services.portal.entrypoints.sessions import address_of
from services.portal.handlers.auditing import Acts
from shared.chassis.database import Connection, Pool, transaction
from shared.chassis.idempotency import once
from shared.chassis.principal import Principal
from shared.contracts.access import route_of

API = "/api/v1/"
Act = Callable[[Connection], Awaitable[tuple[int, dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Acting:
    """Runs acts: the intent before, the act once per Idempotency-Key in one transaction, the result after."""

    pool: Pool
    acts: Acts

    async def __call__(
        self,
        request: Request,
        asking: Principal,
        given: BaseModel | None,
        act: Act,
        *,
        before: Any = None,
        secret: frozenset[str] = frozenset(),
    ) -> Response:
        """Do it and answer; fields named in `secret` are answered once and kept nowhere."""
        path = request.url.path.removeprefix(API)
        body = given.model_dump(mode="json", exclude_unset=True) if given else None
        intent = await self.acts.intend(
            asking, route_of(request.method, path), path, address_of(request), body=body, before=before
        )
        try:
            async with transaction(self.pool, asking) as connection:

                async def doing() -> tuple[int, dict[str, Any]]:
                    status, answer = await act(connection)
                    return status, orjson.loads(orjson.dumps(answer))

                if request.method == "POST":
                    response = await once(request, asking, connection, doing, secret=secret)
                else:
                    status, answer = await doing()
                    headers = {"ETag": f'"{answer["revision"]}"'} if "revision" in answer else None
                    response = Response(orjson.dumps(answer), status, headers, "application/json")
        except Exception as error:
            await self.acts.done(intent, getattr(error, "status", 500), None)
            raise
        await self.acts.done(intent, response.status_code, orjson.loads(response.body))
        return response
