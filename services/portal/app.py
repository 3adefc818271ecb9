"""Wires the portal."""

from typing import Any

import httpx
import msgspec
from fastapi import FastAPI

from services.portal.adapters.postgres import PostgresPeople
from services.portal.adapters.totp import Totp
from services.portal.entrypoints import gateway, people, sessions, streams
from services.portal.handlers import Sessions
from services.portal.settings import Settings
from shared.chassis import logs, service
from shared.chassis.clock import SystemClock
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app, serve
from shared.chassis.principal import PrincipalKey
from shared.chassis.settings import load, secret
from shared.contracts import topic_names
from shared.contracts.events import AlertChanged, OrderChanged
from shared.contracts.resources import resource

_ALERT = msgspec.json.Decoder(AlertChanged)
_ORDER = msgspec.json.Decoder(OrderChanged)


def show_alert(value: bytes) -> streams.Seen | None:
    """Return an alert as GET gives it; canaries never reach people."""
    alert = _ALERT.decode(value).alert
    if alert.reserved:
        return None
    return alert.operator_id, alert.area_code, msgspec.json.encode(resource(alert)), None


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
    store: PostgresPeople,
    client: httpx.AsyncClient,
    live: dict[str, streams.Stream],
    health: Health,
) -> FastAPI:
    """Return the portal's app."""
    app = create_app("portal", health=health, key=key)
    signing_in = Sessions(store, Totp())
    app.state.sessions = signing_in
    app.state.origin = settings.public_origin

    @app.get("/api/openapi.json", include_in_schema=False)
    async def document() -> dict[str, Any]:
        return await gateway.openapi(client, settings.upstreams, app.openapi())

    app.include_router(sessions.router(signing_in, secure=settings.tls_key is not None))
    app.include_router(people.router(store))
    app.include_router(streams.router(live, store.session_lives))
    app.include_router(gateway.router(client, settings.upstreams, key, signing_in))
    return app


async def run() -> None:
    """Run the portal until it is told to stop."""
    settings = load(Settings)
    logs.configure("portal", settings.log_level)
    health = Health()
    key = PrincipalKey.load(settings.principal_key_file)
    pool = await open_pool(
        secret(settings.database_api_dsn, "GW_DATABASE_API_DSN"), application_name="portal"
    )
    live = _streams(settings, health)
    async with httpx.AsyncClient(timeout=gateway.TIME_LIMIT_S, trust_env=False) as client:
        app = build(settings, key, PostgresPeople(pool), client, live, health)
        await service.run(
            serve(app, settings.http_host, settings.http_port),
            *(stream.run() for stream in live.values()),
            on_stop=pool.close,
        )
