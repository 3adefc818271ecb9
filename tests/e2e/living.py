"""A city that lives beside the tests: its loop turns in a thread of its own, so that any test can ask it."""

import asyncio
import json
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self, TypeVar

from deploy.native.live import Live
from deploy.native.stack import Stack
from simulators import stories
from simulators.telling import Teller

BEGIN_LIMIT_S = 120.0
END_LIMIT_S = 60.0
T = TypeVar("T")


class Living:
    """The demo's accounts, devices and crews on running services, between `with` and its end."""

    def __init__(self, stack: Stack, run_file: Path) -> None:
        self.stack = stack
        self._run_file = run_file
        self._ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, name="city", daemon=True)
        self.live: Live
        self.run: dict[str, Any]

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.result(BEGIN_LIMIT_S)
        self.run = json.loads(self._run_file.read_text())
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(END_LIMIT_S)
        assert not self._thread.is_alive(), "the city does not end"

    @property
    def portal(self) -> str:
        """Return the portal's origin."""
        return str(self.run["portal"])

    def account(self, username: str) -> dict[str, Any]:
        """Return somebody's `password`, `role` and `totp_secret`."""
        found: dict[str, Any] = next(one for one in self.run["accounts"] if one["username"] == username)
        return found

    def ask(self, what: Coroutine[Any, Any, T], limit_s: float) -> T:
        """Return what a coroutine in the city's loop gives: `city.ask(city.live.watch.get("alerts"), 5)`."""
        return self.begin(what).result(limit_s)

    def begin(self, what: Coroutine[Any, Any, T]) -> Future[T]:
        """Begin a coroutine in the city's loop: a story that a test watches while it is played."""
        return asyncio.run_coroutine_threadsafe(what, self._loop)

    def perform(self, name: str) -> "Future[list[str]]":
        """Begin a story of the scenario; the result is what was missed or late."""
        return self.begin(self.live.perform(stories.load(name)))

    def _live(self) -> None:
        try:
            asyncio.run(self._until_over())
        except BaseException as error:  # noqa: BLE001  it is raised again where it is waited for
            if not self._ready.done():
                self._ready.set_exception(error)

    async def _until_over(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        async with Live(self.stack, Teller(), self._run_file) as self.live:
            self._ready.set_result(None)
            await self._over.wait()
