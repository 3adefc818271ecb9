"""How long a request's body may be: nobody fills a service's memory, signed in or not."""

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_BYTES_MAX = 1024 * 1024
# Files say for themselves how large they may be; this leaves room for the form around them.
FILE_BYTES_MAX = 33 * 1024 * 1024
FILE_VERBS = (":import", "/attachments")


class BodyLimit:
    """Middleware: 413 as soon as a body, announced or read, is longer than its path allows."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a `receive` that counts."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = FILE_BYTES_MAX if scope["path"].endswith(FILE_VERBS) else BODY_BYTES_MAX
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise HTTPException(413, f"A request may have {limit // 1024 // 1024} MiB at most.")
            return message

        await self._app(scope, counted, send)
