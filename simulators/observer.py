"""What was seen, and when: alerts and orders live, messages at a webhook, devices' own words."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson

from simulators.api import Api, ApiError
from simulators.stories import Expectation
from simulators.world import World

POLL_S = 0.2
REQUEST_BYTES_MAX = 1_000_000


@dataclass(frozen=True)
class Seen:
    """One thing at one moment (seconds, monotonic)."""

    at: float
    see: str
    site: str
    facts: dict[str, Any] = field(default_factory=dict)


class Observer:
    """Collects what is seen; `wait` returns as soon as an expectation is met."""

    def __init__(self, world: World, tell: Callable[[Seen], None] = lambda _seen: None) -> None:
        self.seen: list[Seen] = []
        self._world = world
        self._tell = tell
        self._news = asyncio.Condition()
        self._alerts: dict[str, dict[str, Any]] = {}
        self._orders: dict[str, dict[str, Any]] = {}
        world.listen(self._said)

    # --- sources ---

    def note(self, see: str, site: str, facts: dict[str, Any]) -> None:
        """Note that something was seen now."""
        seen = Seen(time.monotonic(), see, site, facts)
        self.seen.append(seen)
        self._tell(seen)
        task = asyncio.get_running_loop().create_task(self._wake())
        task.add_done_callback(lambda _task: None)

    async def _wake(self) -> None:
        async with self._news:
            self._news.notify_all()

    def _said(self, message: dict[str, Any]) -> None:
        site = self._world.site_of(message["device_id"])
        type_ = message.get("type")
        if type_ is None or type_ == "boot":
            return
        facts = {"device_id": message["device_id"], "type": type_, **message["data"]}
        if type_ == "alarm_raised":
            self.note("device_alarm", site, facts)
        elif type_ == "command_result":
            self.note("command_result", site, facts)
        elif type_ == "position_changed" and message["data"]["position"] == "closed":
            self.note("limit_switch", site, facts)
        else:
            self.note("event", site, facts)

    async def follow(self, api: Api, name: str, see: str) -> None:
        """Follow a live stream until cancelled; a lost one is opened again."""
        known = self._alerts if see == "alert" else self._orders
        while True:
            with contextlib.suppress(ApiError, httpx.HTTPError):
                async for found in api.stream(name):
                    known[found[f"{see}_id"]] = found
                    self.note(see, found["site_id"], found)
            await asyncio.sleep(POLL_S)

    async def webhook(self, port: int) -> None:
        """Serve the address at which messages to people arrive."""
        server = await asyncio.start_server(self._request, "127.0.0.1", port)
        async with server:
            await server.serve_forever()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, ValueError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = [line.split(":", 1) for line in head.split("\r\n")[1:] if ":" in line]
            headers = {name.strip().lower(): value.strip() for name, value in lines}
            size = min(int(headers.get("content-length", "0")), REQUEST_BYTES_MAX)
            body = await reader.readexactly(size)
            writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
            await writer.drain()
            message = orjson.loads(body)
            self.note("message", str(message.get("site_id", "")), message)
        writer.close()

    # --- expectations ---

    def find(self, wanted: Expectation, since: float) -> Seen | None:
        """Return what meets an expectation, counted from `since`."""
        where = {name: value for name, value in wanted.where.items() if not name.startswith("nth")}
        nth = wanted.where.get("nth", 1)
        distinct: set[str] = set()
        for seen in self.seen:
            if seen.at < since or seen.see != wanted.see or seen.site not in {wanted.site, ""}:
                continue
            if any(seen.facts.get(name) != value for name, value in where.items()):
                continue
            distinct.add(str(seen.facts.get("alert_id") or seen.facts.get("device_id") or len(distinct)))
            if len(distinct) >= nth:
                return seen
        return None

    def orders_of(self, site: str, since: float) -> set[str]:
        """Return the ids of all response orders of a site that were first seen since then."""
        told = [seen for seen in self.seen if seen.see == "order" and seen.site == site]
        before = {seen.facts["order_id"] for seen in told if seen.at < since}
        return {seen.facts["order_id"] for seen in told} - before

    def alerts_of(self, site: str) -> list[str]:
        """Return the ids of a site's active alerts; those of an earlier round were reset."""
        found = [one for one in self._alerts.values() if one["site_id"] == site and one["active"]]
        return [one["alert_id"] for one in found]

    async def wait(self, wanted: Expectation, since: float, until: float, api: Api) -> Seen | None:
        """Return what meets the expectation, or None when `until` has passed."""
        while time.monotonic() < until:
            if wanted.see == "timeline":
                await self._timeline(wanted, api)
            if wanted.see == "all_receipted" and self._receipted(wanted.site):
                self.note("all_receipted", wanted.site, {})
            found = self.find(wanted, since)
            if found is not None:
                return found
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S), self._news:
                    await self._news.wait()
        return None

    def _receipted(self, site: str) -> bool:
        clients = self._world.clients_of_site(site)
        return not any(kept.is_event for client in clients for kept in client.buffer.kept.values())

    async def _timeline(self, wanted: Expectation, api: Api) -> None:
        for alert_id in self.alerts_of(wanted.site):
            with contextlib.suppress(ApiError, httpx.HTTPError):
                for item in (await api.get(f"alerts/{alert_id}/timeline"))["items"]:
                    if item["kind"] == wanted.where.get("kind"):
                        self.note("timeline", wanted.site, item | {"alert_id": alert_id})
                        return
