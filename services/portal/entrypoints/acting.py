"""What people do in the portal itself goes through the audit chain as what they do behind it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic import BaseModel

from services.portal.entrypoints.sessions import address_of
from services.portal.handlers.auditing import Acts
from shared.chassis.principal import Principal
from shared.contracts.access import route_of

API = "/api/v1/"


@dataclass
class Said:
    """What an act leaves behind, for the chain."""

    after: Any = None


@dataclass(frozen=True, slots=True)
class Acting:
    """Gives the context manager of an act: the intent before its body, the result after."""

    acts: Acts

    @asynccontextmanager
    async def __call__(
        self, request: Request, asking: Principal, given: BaseModel | None, *, before: Any = None
    ) -> AsyncIterator[Said]:
        """Write the intent, run the body, write what came of it."""
        path = request.url.path.removeprefix(API)
        body = given.model_dump(exclude_unset=True) if given else None
        intent = await self.acts.intend(
            asking, route_of(request.method, path), path, address_of(request), body=body, before=before
        )
        said = Said()
        try:
            yield said
        except Exception as error:
            await self.acts.done(intent, getattr(error, "status", 500), None)
            raise
        await self.acts.done(intent, 200, said.after)
