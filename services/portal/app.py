"""Wires the portal."""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import httpx
import msgspec
from fastapi import FastAPI, Response

from services.portal.adapters import desk, photos
from services.portal.adapters.audit import PostgresAudit
from services.portal.adapters.heads import HeadKey
from services.portal.adapters.postgres import PostgresPeople
from services.portal.adapters.totp import Totp
from services.portal.entrypoints import (
    attachments,
    audit,
    gateway,
    handovers,
    openapi,
    pages,
    people,
    screens,
    sessions,
    settings_api,
    streams,
)
from services.portal.entrypoints.acting import Acting
from services.portal.entrypoints.closes import GROUP, Closes
from services.portal.entrypoints.headers import SecurityHeaders
from services.portal.handlers.accounts import Accounts
from services.portal.handlers.auditing import Acts, sign_heads
from services.portal.handlers.later import Later
from services.portal.handlers.signing_in import Sessions
from services.portal.settings import Settings
from shared.chassis import logs, service
from shared.chassis.clock import SystemClock
from shared.chassis.consumer import ConsumerLoop
from shared.chassis.database import Pool, open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.kafka import Producer
from shared.chassis.principal import PrincipalKey
from shared.chassis.service import StartError
from shared.chassis.serving import serve
from shared.chassis.settings import load, secret
from shared.contracts import topic_names
from shared.contracts.events import AlertChanged, OrderChanged
from shared.contracts.resources import resource


@dataclass(frozen=True, slots=True)
class Pools:
    """`api` shows what row-level security lets through; `worker` adds to the audit chain, reads it whole.

    An act holds a connection of `acts` while it uses others: so they never wait for one another. What takes
    long or much to show, the audit and photos, goes through `reading`: nobody's session waits for it.
    """

    api: Pool
    acts: Pool
    worker: Pool
    reading: Pool

    @classmethod
    async def open(cls, settings: Settings) -> "Pools":
        """Open all."""
        api = secret(settings.database_api_dsn, "GW_DATABASE_API_DSN")
        worker = secret(settings.database_worker_dsn, "GW_DATABASE_WORKER_DSN")
        return cls(
            await open_pool(api, application_name="portal"),
            await open_pool(api, application_name="portal acts", max_size=4),
            await open_pool(worker, application_name="portal audit", max_size=3),
            await open_pool(api, application_name="portal reading", max_size=2),
        )

    async def close(self) -> None:
        """Close all."""
        await self.api.close()
        await self.acts.close()
        await self.worker.close()
        await self.reading.close()


_ALERT = msgspec.json.Decoder(AlertChanged)
_ORDER = msgspec.json.Decoder(OrderChanged)


def show_alert(value: bytes) -> streams.Seen | None:
    """Return an alert as GET gives it; canaries never reach people."""
    alert = _ALERT.decode(value).alert
    if alert.reserved:
        return None
    shown = resource(alert)
    del shown["reserved"]
    return alert.operator_id, alert.area_code, msgspec.json.encode(shown), None


def show_order(value: bytes) -> streams.Seen | None:
    """Return an order as GET gives it, with its crew and the one that this change took it from."""
    changed = _ORDER.decode(value)
    order = changed.order
    if order.reserved:
        return None
    crews = frozenset(
        id_ for id_ in (order.crew_id, changed.item.former_crew_id, changed.item.crew_id) if id_
    )
    return order.operator_id, order.area_code, msgspec.json.encode(resource(order)), crews


def _streams(settings: Settings, health: Health) -> dict[str, streams.Stream]:
    def make(name: str, topic: str, shown: streams.Shown) -> streams.Stream:
        return streams.Stream(
            name,
            settings.topic_prefix + topic,
            shown,
            bootstrap=settings.kafka_bootstrap,
            clock=SystemClock(),
            health=health,
        )

    return {
        "alerts": make("alert", topic_names.ALERT, show_alert),
        "orders": make("order", topic_names.ORDER, show_order),
    }


def build(
    settings: Settings,
    key: PrincipalKey,
    pools: Pools,
    client: httpx.AsyncClient,
    live: dict[str, streams.Stream],
    health: Health,
    files: httpx.AsyncClient | None = None,
) -> FastAPI:
    """Return the portal's app."""
    app = create_app("portal", health=health, key=key)
    store, chain = PostgresPeople(pools.api), PostgresAudit(pools.worker, pools.reading)
    signing_in = Sessions(store, Totp())
    acts, later = Acts(chain, SystemClock()), Later()
    acting = Acting(pools.acts, acts)
    app.state.sessions = signing_in
    app.state.origin = settings.public_origin
    app.state.later = later

    described = openapi.Document(client, settings.upstreams, app.openapi)

    @app.get("/api/openapi.json", include_in_schema=False)
    async def document() -> Response:
        return Response(await described.text(), media_type="application/json")

    behind = gateway.Behind(client, settings.upstreams, key, files)
    secure = settings.tls_key is not None
    app.include_router(sessions.router(signing_in, store, acts, later, behind.silence, secure=secure))
    accounts = Accounts(store, Totp(), signing_in)
    app.include_router(screens.router(signing_in, acting, secure=secure))
    app.include_router(people.router(store, accounts, acting, behind.stop_ringing, behind.silence))
    app.include_router(audit.router(chain))
    app.include_router(streams.router(live))
    app.include_router(settings_api.router(settings.tile_url, tiles_gcj02=settings.tiles_gcj02))
    app.include_router(handovers.router(pools.api, behind, acting, desk))
    app.include_router(attachments.router(pools.api, pools.reading, behind, acting, desk, photos.read))
    app.include_router(gateway.router(behind, signing_in, acts))
    app.include_router(pages.router(settings.ui_folder, settings.tile_url, sessions.app_of))
    app.add_middleware(SecurityHeaders, secure=secure)
    return app


def _tls(settings: Settings) -> tuple[Path, Path] | None:
    """Return certificate and key; without them the portal serves this machine only."""
    if settings.tls_certificate and settings.tls_key:
        return settings.tls_certificate, settings.tls_key
    if not ip_address(settings.http_host).is_loopback:
        raise StartError(
            f"The portal serves {settings.http_host} with TLS only: set GW_TLS_CERTIFICATE and GW_TLS_KEY."
        )
    return None


async def run() -> None:
    """Run the portal until it is told to stop."""
    settings = load(Settings)
    logs.configure("portal", settings.log_level)
    health = Health()
    key = PrincipalKey.load(settings.principal_key_file)
    heads = HeadKey.load(settings.audit_key_file, settings.audit_heads_file)
    pools = await Pools.open(settings)
    chain = PostgresAudit(pools.worker, pools.reading)
    live = _streams(settings, health)
    letters = Producer(settings.kafka_bootstrap, prefix=settings.topic_prefix, client_id="portal")
    closes = ConsumerLoop(
        settings.kafka_bootstrap, GROUP, [topic_names.VALVE_COMMAND], Closes(chain),
        dead_letters=letters, health=health, prefix=settings.topic_prefix,
    )  # fmt: skip

    tls = _tls(settings)
    async with gateway.open_clients(settings.upstreams.values()) as (client, files):
        app = build(settings, key, pools, client, live, health, files)

        async def stop() -> None:
            await app.state.later.ended()
            await letters.stop()
            await pools.close()

        await letters.start()
        await service.run(
            serve(app, settings.http_host, settings.http_port, tls),
            *(stream.run() for stream in live.values()),
            streams.end_with_sessions(live.values(), PostgresPeople(pools.api).living),
            closes.run(),
            sign_heads(chain, heads, SystemClock()),
            on_stop=stop,
        )
