"""Headers that every answer of the portal carries, whoever made it."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
}
# What is no page runs nothing and is shown in no frame.
_NO_PAGE = "default-src 'none'; frame-ancestors 'none'; sandbox"


def policy(nonce: str, tiles: str) -> str:
    """Return a page's Content-Security-Policy; `tiles` is the origin of the map's tiles, or empty.

    Scripts run by the page's nonce, and those that they load themselves. Styles: antd writes its own at run
    time, with the nonce; an attribute `style` set by script is no inline style to a browser.
    """
    return (
        "default-src 'none'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
        f"script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self' 'nonce-{nonce}'; "
        f"img-src 'self' data: blob: {tiles}".rstrip()
        + "; font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self'"
    )


class SecurityHeaders:
    """Middleware: adds what an answer does not say itself; answers of the API are kept nowhere."""

    def __init__(self, app: ASGIApp, *, secure: bool) -> None:
        self._app = app
        self._secure = secure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on with a `send` that adds the headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        api = scope["path"].startswith("/api/")

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _ALWAYS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", _NO_PAGE)
                if api:
                    headers.setdefault("Cache-Control", "no-store")
                if self._secure:
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            await send(message)

        await self._app(scope, receive, adding)
