"""A running demo: accounts, the registered city, its devices and crews, what is seen, and `run.json`."""

import asyncio
import json
import random
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import httpx
import segno
from joserfc.jwk import KeySet, KeySetSerialization

from deploy.native.errors import SetupError
from deploy.native.pki import write_private
from deploy.native.places import PROJECT
from deploy.native.stack import Stack
from simulators import people, seed
from simulators.api import Api, ApiError
from simulators.city import City, build, load
from simulators.client import Broker
from simulators.crew import Crew
from simulators.observer import Observer
from simulators.performance import perform
from simulators.stories import Story
from simulators.telling import Teller
from simulators.world import World

SEED = 530600
FIRST_READING_LIMIT_S = 60.0
PID_CHECK_S = 0.5
PAUSE_BETWEEN_STORIES_S = 45.0
CLEAN_LIMIT_S = 400.0
CLEAN_POLL_S = 2.0
OVER = frozenset({"closed", "cancelled"})


class Live:
    """Everything between "the services are ready" and the end of the demo."""

    def __init__(self, stack: Stack, teller: Teller, run_file: Path) -> None:
        self._stack = stack
        self._teller = teller
        self._run_file = run_file
        self._accounts = people.make()
        self._programs = people.programs()
        self._tasks: list[asyncio.Task[Any]] = []
        self._apis: list[Api] = []
        self.world: World
        self.observer: Observer
        self.watch: Api

    async def __aenter__(self) -> Self:
        """Make accounts, register the city, connect its devices; return when the first reading is stored."""
        try:
            await self._begin()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop everything that was started here."""
        await self._end()

    async def _begin(self) -> None:
        await asyncio.to_thread(self._add_accounts)
        city = build(load())
        administrator = self.api(people.REGISTERS)
        await seed.register(administrator, city)
        certificates = Path(self._stack.engines.mqtt.certs_dir)
        keys = await seed.certify(administrator, city.clients(), certificates)
        await seed.man(administrator, self._accounts)
        trusted = KeySet.import_key_set(cast("KeySetSerialization", keys))
        self.world = World(city, self._broker(certificates), trusted, SEED)
        self.observer = Observer(self.world, self._teller.live)
        self.watch = self.api(people.WATCHES)
        self._spawn(self.observer.webhook(self._stack.ports["webhook"]))
        await seed.contacts(administrator, self._accounts)
        self._spawn(self.observer.follow(self.watch, "alerts", "alert"))
        self._spawn(self.observer.follow(self.watch, "orders", "order"))
        self._spawn(self.world.run())
        self._crews()
        self._write_run_file()
        self._spawn(self._keep_run_file())
        await self._first_reading(city)

    def api(self, username: str) -> Api:
        """Return a new session of somebody."""
        api = Api(
            self._stack.url("portal"),
            people.credentials(self._accounts + self._programs, username),
            self._stack.trusting(),
        )
        self._apis.append(api)
        return api

    def _spawn(self, coroutine: Any) -> None:
        self._tasks.append(asyncio.create_task(coroutine))

    def _add_accounts(self) -> None:
        file = self._stack.folder / "secrets" / "accounts.json"
        write_private(file, json.dumps(self._accounts + self._programs).encode())
        done = subprocess.run(
            [sys.executable, "-m", "services.portal", "add-accounts", str(file)],
            env=self._stack.environment("portal"), cwd=PROJECT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        file.unlink()
        if done.returncode:
            raise SetupError(f"The accounts could not be made: {done.stderr.strip()[-300:]}")

    def _broker(self, certificates: Path) -> Broker:
        mqtt = self._stack.engines.mqtt

        def context(client: str) -> ssl.SSLContext:
            found = ssl.create_default_context(cafile=mqtt.ca_file)
            found.load_cert_chain(certificates / f"{client}.crt", certificates / f"{client}.key")
            return found

        return Broker(mqtt.host, mqtt.port_tls, context)

    def _crews(self) -> None:
        rng = random.Random(SEED)
        for crew_id, members in people.crews(self._accounts).items():
            if crew_id == people.CREW_BY_HAND:
                continue
            lead = self.api(members[0]["username"])
            self._spawn(Crew(lead, crew_id, self.world, random.Random(rng.random())).run())

    async def _first_reading(self, city: City) -> None:
        device_id = next(row["device_id"] for row in city.devices if row["site_id"] == "site-yunling")
        now = datetime.now(UTC)
        span = {
            "from": (now - timedelta(minutes=5)).isoformat(),
            "to": (now + timedelta(minutes=5)).isoformat(),
            "device_id": device_id,
        }
        async with asyncio.timeout(FIRST_READING_LIMIT_S):
            while not (await self.watch.get("readings", **span))["items"]:
                await asyncio.sleep(0.2)

    # --- run.json (WIRE section 4) ---

    def _write_run_file(self) -> None:
        engines, stack = self._stack.engines, self._stack
        if stack.database is None:
            raise RuntimeError("prepare first")
        content = {
            "portal": stack.url("portal"),
            "mqtt": {
                "host": engines.mqtt.host,
                "port_tls": engines.mqtt.port_tls,
                "ca_file": engines.mqtt.ca_file,
                "certs_dir": engines.mqtt.certs_dir,
            },
            "kafka": {"bootstrap": engines.kafka.bootstrap},
            "postgres": {"dsn": stack.database.reader},
            "services": {name: {"url": stack.url(name), "pid": stack.pid(name)} for name in stack.names},
            "accounts": [
                {name: one[name] for name in ("username", "password", "role", "totp_secret")}
                for one in self._accounts
            ],
        }
        fresh = self._run_file.with_suffix(".new")
        write_private(fresh, (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode())
        fresh.replace(self._run_file)

    async def _keep_run_file(self) -> None:
        """Write new pids down when the supervisor has started a service again."""
        known = {name: self._stack.pid(name) for name in self._stack.names}
        while True:
            await asyncio.sleep(PID_CHECK_S)
            now = {name: self._stack.pid(name) for name in self._stack.names}
            if now != known and all(now.values()):
                for name in [name for name in now if now[name] != known[name]]:
                    self._teller.say(f"{'服务已重启 service restarted':<28} {name} pid {now[name]}")
                known = now
                self._write_run_file()

    # --- for the demo ---

    def introduce(self) -> None:
        """Print where to look and how to sign in."""
        url = self._stack.url("portal")
        self._teller.heading(f"打开 Open  {url}/   ·   API {url}/api/openapi.json   ·   {self._run_file}")
        if self._stack.lan:
            segno.make(url).terminal(compact=True)
            ca = self._stack.engines.mqtt.ca_file
            print(f"  A phone opens this address once it trusts the demo's certificate authority: {ca}")
        self._teller.heading("Sign-ins, valid until this demo ends (one-time codes: `make otp`):")
        for one in self._accounts:
            scope = one["operator_id"] or one["area_code"] or "platform"
            second = " + code" if one["totp_secret"] else ""
            print(f"  {one['role']:<20} {one['username']:<22} {one['password']}{second:<8} {scope}")

    async def perform(self, story: Story) -> list[str]:
        """Play a story once and return what was missed or late."""
        return await perform(story, self.world, self.observer, self.watch, self._teller)

    async def show(self, chosen: list[Story]) -> None:
        """Play the stories again and again until cancelled (Ctrl-C)."""
        self._teller.heading("Press Ctrl-C to end the demo.")
        while True:
            for story in chosen:
                await self._be_clean(story)
                await self.perform(story)
                await asyncio.sleep(PAUSE_BETWEEN_STORIES_S)

    async def _be_clean(self, story: Story) -> None:
        """Wait until the crews have left a story's sites as they were before it; say so if they have not."""
        sites = {action.site for action in story.actions}
        try:
            async with asyncio.timeout(CLEAN_LIMIT_S):
                while not all([await self._clean(site) for site in sites]):
                    await asyncio.sleep(CLEAN_POLL_S)
        except TimeoutError:
            self._teller.say(f"not as before after {CLEAN_LIMIT_S:.0f} s: {', '.join(sorted(sites))}")

    async def _clean(self, site_id: str) -> bool:
        """Return whether a site has no active alarm, no crew, and its gas."""
        try:
            alerts = (await self.watch.get("alerts", site_id=site_id, active="true"))["items"]
            orders = (await self.watch.get("orders", site_id=site_id))["items"]
        except (ApiError, httpx.HTTPError):
            return False
        alarmed = any(one["latched"] or one["priority"] == "P1" for one in alerts)
        manned = any(one["kind"] == "response" and one["state"] not in OVER for one in orders)
        return not alarmed and not manned and self.world.supplied(site_id)

    async def _end(self) -> None:
        for task in self._tasks:
            if task.done() and not task.cancelled() and task.exception() is not None:
                self._teller.say(f"a part of the demo failed: {task.exception()!r}")
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for api in self._apis:
            await api.close()
