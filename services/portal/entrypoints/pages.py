"""The three apps: pages with a nonce, and the files that they load."""

import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, RedirectResponse, Response

from services.portal.entrypoints.headers import policy
from shared.chassis.http import problem

APPS = ("console", "regulator", "field")
NONCE = "__NONCE__"
# A service worker keeps the policy of its own file: it fetches from here and runs nothing else.
_RUNS_NOTHING_ELSE = "default-src 'none'; connect-src 'self'; script-src 'self'; frame-ancestors 'none'"
_FILE = {"Content-Security-Policy": _RUNS_NOTHING_ELSE}
_FOREVER = _FILE | {"Cache-Control": "public, max-age=31536000, immutable"}
_ASK_AGAIN = _FILE | {"Cache-Control": "no-cache"}
_TYPES = {".webmanifest": "application/manifest+json", ".js": "text/javascript"}


def _file(folder: Path, name: str, headers: dict[str, str]) -> FileResponse:
    """Return a file of a folder, or of a folder below it; never one outside."""
    try:
        found = (folder / name).resolve()
        there = found.is_relative_to(folder.resolve()) and found.is_file()
    except (OSError, ValueError):  # a name that no file can have
        there = False
    if not there:
        raise problem(404, "not-found", "There is nothing here.")
    return FileResponse(found, headers=headers, media_type=_TYPES.get(found.suffix))


def router(folder: Path, tiles: str, app_of: Callable[[Request], Awaitable[str]]) -> APIRouter:
    """Return the routes of what `npm run build` made in `folder`; `app_of` says where a caller works."""
    routes = APIRouter(include_in_schema=False)
    parts = urlsplit(tiles)
    tile_origin = f"{parts.scheme}://{parts.netloc}".replace("{s}", "*") if parts.netloc else ""
    pages = {name: (folder / name / "index.html") for name in APPS}

    @routes.get("/")
    async def front_door(request: Request) -> Response:
        return RedirectResponse(f"/{await app_of(request)}/", 303)

    @routes.get("/assets/{name:path}")
    async def asset(name: str) -> Response:
        return _file(folder / "assets", name, _FOREVER)

    @routes.get("/static/{name:path}")
    async def static(name: str) -> Response:
        return _file(folder / "static", name, _ASK_AGAIN)

    @routes.get("/{app}")
    async def without_slash(app: str) -> Response:
        if app not in APPS:
            raise problem(404, "not-found", "There is nothing here.")
        return RedirectResponse(f"/{app}/", 308)

    @routes.get("/{app}/{path:path}")
    async def page(app: str, path: str) -> Response:
        if app not in APPS or not pages[app].is_file():
            raise problem(404, "not-found", "There is nothing here.")
        if "." in path.rpartition("/")[2]:
            return _file(folder / app, path, _ASK_AGAIN)
        nonce = secrets.token_urlsafe(16)
        headers = {
            "Content-Security-Policy": policy(nonce, tile_origin),
            "Cache-Control": "no-store",
        }
        return HTMLResponse(pages[app].read_text().replace(NONCE, nonce), headers=headers)

    return routes
