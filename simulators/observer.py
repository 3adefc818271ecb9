"""What was seen, and when: alerts and orders live, messages at a webhook, devices' own words."""

import asyncio
import contextlib
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import httpx
import orjson

from simulators.api import Api, ApiError
from simulators.stories import Expectation
from simulators.world import World

POLL_S = 0.2
REQUEST_BYTES_MAX = 1_000_000
KEPT_MAX = 20_000  # far more than a story has
MANNED = frozenset({"assigned", "accepted", "en_route", "on_site"})


@dataclass(frozen=True)
class Seen:
    """One thing: when it was seen, and when it happened by its own stamp (seconds, monotonic)."""

    at: float
    see: str
    site: str
    facts: dict[str, Any] = field(default_factory=dict)
    happened_at: float = 0.0


class Observer:
    """Collects what is seen; `wait` returns as soon as an expectation is met."""

    def __init__(self, world: World, tell: Callable[[Seen], None] = lambda _seen: None) -> None:
        self.seen: deque[Seen] = deque(maxlen=KEPT_MAX)
        self._world = world
        self._tell = tell
        self._news = asyncio.Condition()
        self._first_seen: dict[str, float] = {}
        world.listen(self._said)

    # --- sources ---

    def note(self, see: str, site: str, facts: dict[str, Any]) -> None:
        """Note that something was seen now."""
        now = time.monotonic()
        seen = Seen(now, see, site, facts, _happened_at(facts, now))
        if see == "alert":
            self._first_seen.setdefault(facts["alert_id"], now)
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
        while True:
            with contextlib.suppress(ApiError, httpx.HTTPError):
                async for found in api.stream(name):
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

    def find(self, wanted: Expectation, since: float, began: float, about: str | None = None) -> Seen | None:
        """Return what meets an expectation that counts from `since`, in a story that began at `began`.

        An order that stood already at `since`, live and manned, was there at once; so was a message about
        something that we saw after it, for the two come on different ways. The one of several (`nth`) that
        makes the number full counts, however early the others came.
        """
        if wanted.see == "order" and (standing := self._standing(wanted, since, began, about)) is not None:
            return standing
        nth = wanted.where.get("nth", 1)
        distinct: set[str] = set()
        told = wanted.see == "message" and wanted.after == wanted.of != ""
        earliest = since if nth == 1 and not told else began
        for seen in self.seen:
            if seen.at < earliest or not self._meets(seen, wanted, began, about):
                continue
            distinct.add(str(seen.facts.get("alert_id") or seen.facts.get("device_id") or len(distinct)))
            if len(distinct) >= nth:
                return replace(seen, at=max(seen.at, since)) if told else seen
        return None

    def _meets(self, seen: Seen, wanted: Expectation, began: float, about: str | None) -> bool:
        if seen.see != wanted.see or seen.site not in {wanted.site, ""}:
            return False
        where = {name: value for name, value in wanted.where.items() if name != "nth"}
        if any(seen.facts.get(name) != value for name, value in where.items()):
            return False
        if seen.see == "alert":
            return bool(seen.facts["active"]) and self._first_seen[seen.facts["alert_id"]] >= began
        if seen.see == "order":
            return _manned(seen.facts) and (about is None or about in seen.facts["alert_ids"])
        if seen.see == "message" and about is not None:
            return str(seen.facts.get("subject", "")).endswith(f":{about}")
        return True

    def _standing(self, wanted: Expectation, since: float, began: float, about: str | None) -> Seen | None:
        """Return the order that meets the expectation as it was at `since`."""
        last = {
            seen.facts["order_id"]: seen
            for seen in self.seen
            if seen.see == "order" and seen.site == wanted.site and began <= seen.at <= since
        }
        met = [seen for seen in last.values() if self._meets(seen, wanted, began, about)]
        return replace(met[0], at=since) if met else None

    def orders_of(self, site: str, since: float) -> set[str]:
        """Return the ids of all response orders of a site that were first seen since then."""
        told = [seen for seen in self.seen if seen.see == "order" and seen.site == site]
        before = {seen.facts["order_id"] for seen in told if seen.at < since}
        return {seen.facts["order_id"] for seen in told} - before

    def most_messages(self, wanted: Expectation, since: float) -> int:
        """Return how many messages of a kind the person got who got most on one channel."""
        found = [
            seen.facts for seen in self.seen if seen.at >= since and self._meets(seen, wanted, since, None)
        ]
        return max(Counter((one["recipient"], one["channel"]) for one in found).values(), default=0)

    async def wait(
        self,
        wanted: Expectation,
        since: float,
        began: float,
        until: float,
        api: Api,
        about: str | None = None,
    ) -> Seen | None:
        """Return what meets the expectation, or None when `until` has passed."""
        while time.monotonic() < until:
            if wanted.see == "timeline" and about is not None:
                await self._timeline(wanted, api, about)
            if wanted.see == "all_receipted" and self._receipted(wanted.site):
                self.note("all_receipted", wanted.site, {})
            found = self.find(wanted, since, began, about)
            if found is not None:
                return found
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(POLL_S), self._news:
                    await self._news.wait()
        return None

    def _receipted(self, site: str) -> bool:
        """Return whether all that a cut had made a site's clients keep, readings too, was accepted."""
        clients = self._world.clients_of_site(site)
        return bool(clients) and all(client.caught_up for client in clients)

    async def _timeline(self, wanted: Expectation, api: Api, alert_id: str) -> None:
        with contextlib.suppress(ApiError, httpx.HTTPError):
            for item in (await api.get(f"alerts/{alert_id}/timeline"))["items"]:
                if item["kind"] == wanted.where.get("kind"):
                    self.note("timeline", wanted.site, item | {"alert_id": alert_id})
                    return


def _manned(order: dict[str, Any]) -> bool:
    """Return whether a response order is some crew's now."""
    return order["kind"] == "response" and order["state"] in MANNED and order["crew_id"] is not None


def _happened_at(facts: dict[str, Any], seen_at: float) -> float:
    """Return when something happened by its own stamp: it is seen a little later."""
    stamp = facts.get("updated_at")
    if stamp is None:
        return seen_at
    return min(seen_at, datetime.fromisoformat(stamp).timestamp() - time.time() + time.monotonic())
