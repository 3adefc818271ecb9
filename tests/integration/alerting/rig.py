"""Alerting's API and timers on a real PostgreSQL, with a registry that the test writes itself."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

from services.alerting.adapters import alarm_figures, alert_queries, arming, command_queries, rule_store
from services.alerting.adapters.postgres import PostgresStore
from services.alerting.adapters.signing import SigningKeys
from services.alerting.domain import loops
from services.alerting.domain.command import AlarmSignal
from services.alerting.domain.episodes import raise_alert
from services.alerting.domain.setpoints import SetPoint, SetPoints
from services.alerting.domain.signals import Sign, Signal
from services.alerting.domain.site import Alert, SiteFacts, SiteState
from services.alerting.domain.valve_loop import on_close_due, on_position, on_result
from services.alerting.entrypoints import api
from services.alerting.entrypoints.deps import Deps
from services.alerting.entrypoints.stores import Stores
from services.alerting.entrypoints.timers import Timers
from shared.chassis.clock import SystemClock
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.ids import uuid7
from shared.chassis.principal import HEADER, Principal, PrincipalKey
from shared.contracts.access import may
from shared.contracts.objects import Device, Maintenance, Site
from tests.answers import HOOKS

KEY = PrincipalKey(bytes(range(32)))
WATCH = Principal("li", frozenset({"watch"}), operator_id="op-1", second_factor=True)
OTHER_WATCH = Principal("wang", frozenset({"watch"}), operator_id="op-1", second_factor=True)
SUPERVISOR = Principal("zhao", frozenset({"watch_supervisor"}), operator_id="op-1", second_factor=True)
STRANGER = Principal("chen", frozenset({"watch_supervisor"}), operator_id="op-2", second_factor=True)
LEAD = Principal("sun", frozenset({"crew_lead"}), operator_id="op-1", crew_id="crew-1")
OTHER_LEAD = Principal("zhou", frozenset({"crew_lead"}), operator_id="op-1", crew_id="crew-2")
REGULATOR = Principal("wu", frozenset({"regulator_viewer"}), area_code="530600")
FAR_REGULATOR = Principal("zheng", frozenset({"regulator_viewer"}), area_code="530300")
ADMINISTRATOR = Principal("feng", frozenset({"administrator"}), second_factor=True)
OLDER = """
    UPDATE valve SET next_deadline = next_deadline - make_interval(secs => $1),
      state = state || jsonb_build_object(
        'command', state->'command'
          || jsonb_build_object('issued_ms', (state->'command'->>'issued_ms')::bigint - $1 * 1000)
          || jsonb_build_object('expires_ms', (state->'command'->>'expires_ms')::bigint - $1 * 1000),
        'want', state->'want'
          || jsonb_build_object('since_ms', (state->'want'->>'since_ms')::bigint - $1 * 1000)
          || CASE WHEN state->'want'->>'answered_ms' IS NULL THEN '{}' ELSE jsonb_build_object(
               'answered_ms', (state->'want'->>'answered_ms')::bigint - $1 * 1000) END)
"""


@dataclass
class Places:
    """The registry's view, held in memory by the test."""

    maintained: bool = False
    auto_close: bool = True
    known: set[str] = field(default_factory=lambda: {"site-1"})
    valves: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"kitchen": ("valve-1",)})

    def facts(self, site_id: str) -> SiteFacts:
        if site_id not in self.known:
            return SiteFacts(site_id)
        under = frozenset({"valve-1"}) if self.maintained else frozenset()
        return SiteFacts(
            site_id,
            "op-1",
            "530602",
            "restaurant",
            auto_close=self.auto_close,
            valves=self.valves,
            clients={"valve-1": "controller-1"},
            in_maintenance=under,
        )

    def site(self, site_id: str) -> Site | None:
        return Site(site_id, "op-1", "530602", "Noodles", "restaurant") if site_id in self.known else None

    def points_at(self, site_id: str) -> dict[str, SetPoint]:
        return SetPoints().at(SystemClock().now_ms(), site_id=site_id)

    def device(self, device_id: str) -> Device | None:
        if device_id not in {"valve-1", "detector-1"}:
            return None
        kind: Any = "valve" if device_id == "valve-1" else "detector"
        under = Maintenance("test", SystemClock().now_ms() + 60_000, "li") if self.maintained else None
        return Device(
            device_id,
            "site-1",
            "op-1",
            "530602",
            "kitchen",
            kind,
            "controller-1",
            maintenance=under,
        )


class Rig:
    """The API with its store, and short cuts to act like the consumer."""

    def __init__(self, database: Any, folder: Path) -> None:
        self.dsns = database.services["alerting"]
        self.keys = SigningKeys.load(folder / "keys", SystemClock().now_ms())
        self.places = Places()
        self.woken = 0
        self.rules_changed = 0
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.api_pool = await open_pool(self.dsns.api, application_name="test-api")
        self._stack.push_async_callback(self.api_pool.close)
        self.worker_pool = await open_pool(self.dsns.worker, application_name="test-worker")
        self._stack.push_async_callback(self.worker_pool.close)
        self.store = PostgresStore(self.worker_pool, self.keys)
        stores = Stores(alert_queries, command_queries, arming, rule_store, alarm_figures)
        self.deps = Deps(
            self.api_pool,
            self.store.unit,
            self.places,
            stores,
            self.keys.jwks,
            self._wake,
            self._rules_changed,
        )
        self.timers = Timers(self.worker_pool, self.deps, health=Health())
        app = create_app("alerting", health=Health(), key=KEY, may=may)
        api.include(app, self.deps)
        self.app = app
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.client = await self._stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url="http://alerting", event_hooks=HOOKS)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _wake(self) -> None:
        self.woken += 1

    def _rules_changed(self) -> None:
        self.rules_changed += 1

    async def get(self, path: str, who: Principal | None = WATCH, **params: Any) -> httpx.Response:
        return await self.client.get(f"/api/v1/{path}", params=params, headers=self._headers(who))

    async def post(
        self,
        path: str,
        who: Principal | None = WATCH,
        body: Any = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        sent = self._headers(who) | {"Idempotency-Key": key or uuid7()} | (headers or {})
        return await self.client.post(f"/api/v1/{path}", json=body or {}, headers=sent)

    def _headers(self, who: Principal | None) -> dict[str, str]:
        return {HEADER: KEY.sign(who, "alerting")} if who else {}

    async def raised(self, rule: str = "G02", *, close: bool = False, **more: Any) -> Alert:
        """Raise an alert as the consumer does; `close` has the valve closed for it."""
        async with self.store.unit() as unit:
            state = (await unit.load([self.places.facts("site-1")]))["site-1"]
            gas = rule[0] == "G"
            said = Signal(
                Sign.RAISED,
                rule,
                {"G04": "zone"}.get(rule, "gas" if gas else "silence"),
                f"detector-{more.pop('number', 1)}",
                "site-1",
                unit.now_ms,
                zone="kitchen",
                device_ids=("detector-1",),
                priority=more.pop("priority", "P1" if gas else "P3"),
                latched=rule in {"G02", "G04"},
            )
            alert, _ = raise_alert(state, said, unit.now_ms, uuid7)
            if more:
                state.alerts[alert.alert_id] = alert = replace(alert, **more)
                state.change(alert, None)
            if close:
                self.close_due(state, alert, unit.now_ms)
            await unit.save([state])
        return alert

    def close_due(self, state: SiteState, alert: Alert, now_ms: int) -> None:
        """Have the valve closed for an alert."""
        signal = AlarmSignal(alert.alert_id, alert.rule, now_ms)
        at = loops.moment(state, "valve-1", now_ms, uuid7)
        loops.apply(state, on_close_due(loops.valve_of(state, "valve-1"), signal, at), now_ms, uuid7)

    async def changed(self, alert: Alert, **new: Any) -> None:
        """Change an alert as the consumer does."""
        async with self.store.unit() as unit:
            state = (await unit.load([self.places.facts("site-1")]))["site-1"]
            state.change(state.alerts[alert.alert_id], None, **new)
            await unit.save([state])

    async def answered(self, command_id: str, result: str, reason: str | None = None) -> None:
        """Let the valve answer a command."""
        async with self.store.unit() as unit:
            state = (await unit.load([self.places.facts("site-1")]))["site-1"]
            at = loops.moment(state, "valve-1", unit.now_ms, uuid7)
            step = on_result(loops.valve_of(state, "valve-1"), command_id, result, reason, at)
            loops.apply(state, step, unit.now_ms, uuid7)
            await unit.save([state])

    async def moved(self, position: str, seq: int) -> None:
        """Let the valve say where it stands."""
        async with self.store.unit() as unit:
            state = (await unit.load([self.places.facts("site-1")]))["site-1"]
            at = loops.moment(state, "valve-1", unit.now_ms, uuid7)
            step = on_position(loops.valve_of(state, "valve-1"), position, (1, seq), "command", at)
            loops.apply(state, step, unit.now_ms, uuid7)
            await unit.save([state])

    async def aged(self, seconds: float) -> None:
        """Let a valve's loop be older than it is: every time in it, and its deadline."""
        async with self.store.unit() as unit:
            await unit.connection.execute(OLDER, seconds)

    async def arrived(self, order_id: str | None = "order-1", crew_id: str = "crew-1") -> None:
        """Let a crew hold the site."""
        async with self.store.unit() as unit:
            await unit.load([self.places.facts("site-1")])
            await unit.hold("site-1", order_id, crew_id)

    async def outbox(self, type_: str = "cn.gas.valve-command.issued.v1") -> list[dict[str, Any]]:
        """Return the data of the events of a type that wait or went, in order."""
        async with self.worker_pool.acquire() as connection:
            rows = await connection.fetch("SELECT value FROM outbox WHERE type = $1 ORDER BY seq", type_)
        return [msgspec.json.decode(row["value"]) for row in rows]

    async def until(self, holds: Any, limit_s: float = 15.0) -> None:
        """Wait until an asynchronous condition holds."""
        async with asyncio.timeout(limit_s):
            while not await holds():
                await asyncio.sleep(0.05)

    async def arm(self, who: Principal = WATCH, reason: str = "smell of gas") -> httpx.Response:
        return await self.post("valves/valve-1:arm", who, {"reason": reason, "otp": "123456"})

    async def close(self, token: str, who: Principal = WATCH, key: str | None = None) -> httpx.Response:
        return await self.post("valves/valve-1:close", who, {"arm_token": token}, key=key)
