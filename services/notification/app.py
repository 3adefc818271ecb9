"""The composition root of notification."""

import asyncio
from collections.abc import Iterable

import httpx
import msgspec
from pydantic import SecretStr

from services.notification.adapters import rows
from services.notification.adapters.channels import PREFIX, ConfiguredChannels
from services.notification.adapters.postgres import PostgresLedger
from services.notification.adapters.push import PushKey, WebPush
from services.notification.adapters.subscriptions import Browsers, Subscriptions
from services.notification.adapters.webhook import Webhook
from services.notification.domain.targets import Origin, RefusedError, origin_of
from services.notification.entrypoints import api, push_api
from services.notification.entrypoints.consumer import TOPICS, Consumer
from services.notification.entrypoints.loops import Deliverer, escalate
from services.notification.handlers import Notifying
from services.notification.settings import Settings
from shared.chassis import logs, service
from shared.chassis.consumer import ConsumerLoop
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.kafka import Producer
from shared.chassis.outbox import Relay
from shared.chassis.principal import PrincipalKey
from shared.chassis.service import StartError
from shared.chassis.serving import serve
from shared.chassis.settings import load, secret
from shared.chassis.table import Table
from shared.contracts import topic_names as names
from shared.contracts.access import may
from shared.contracts.objects import Site


def _origins(urls: Iterable[str], setting: str) -> set[Origin]:
    try:
        return {origin_of(url) for url in urls}
    except RefusedError as error:
        raise StartError(f"{setting} holds a bad origin ({error}).") from error


def push_of(settings: Settings, client: httpx.AsyncClient, found: Subscriptions) -> WebPush | None:
    """Return the way to browsers, or None without a key."""
    if settings.push_key_file is None:
        return None
    key = PushKey.load(settings.push_key_file, settings.push_contact)
    webhook = Webhook(client, _origins(settings.push_allow, "GW_PUSH_ALLOW"))
    return WebPush(key, webhook, found.find, found.forget)


def channels_of(
    settings: Settings, client: httpx.AsyncClient, push: WebPush | None = None
) -> ConfiguredChannels:
    """Return the channels; StartError names the setting that cannot be."""
    urls = {name: url.get_secret_value() for name, url in settings.channels.items()}
    fixed = [url.removeprefix(PREFIX) for url in urls.values() if url.startswith(PREFIX)]
    allowed = _origins((*settings.webhook_allow, *fixed), "GW_WEBHOOK_ALLOW or GW_CHANNELS")
    try:
        return ConfiguredChannels(urls, Webhook(client, allowed), push)
    except ValueError as error:
        raise StartError(f"GW_CHANNELS is wrong: {error}.") from error


def _dsn(value: SecretStr | None, name: str) -> str:
    return secret(value, f"GW_DATABASE_{name}_DSN")


async def run() -> None:
    """Check what it was told, then open what it needs and run it until it is told to stop."""
    settings = load(Settings)
    logs.configure("notification", settings.log_level)
    key = PrincipalKey.load(settings.principal_key_file)
    # No proxies of the environment: the address that was checked is the one that is called.
    async with httpx.AsyncClient(trust_env=False) as client:
        channels_of(settings, client)  # what is wrong with them is said before anything is opened
        await _run(settings, key, client)


async def _run(settings: Settings, key: PrincipalKey, client: httpx.AsyncClient) -> None:
    """Wire the parts together."""
    worker_dsn = _dsn(settings.database_worker_dsn, "WORKER")
    worker = await open_pool(worker_dsn, application_name="notification-worker")
    push = push_of(settings, client, Subscriptions(worker))
    channels = channels_of(settings, client, push)
    people = await open_pool(_dsn(settings.database_api_dsn, "API"), application_name="notification-api")
    producer = Producer(settings.kafka_bootstrap, prefix=settings.topic_prefix, client_id="notification")
    await producer.start()
    sites = Table(
        settings.kafka_bootstrap, names.SITE, msgspec.json.Decoder(Site).decode, prefix=settings.topic_prefix
    )
    await sites.load()
    health = Health()
    ledger = PostgresLedger(worker, channels.lane)
    notifying = Notifying(ledger, channels, settings.escalate_after_s)
    woken = asyncio.Event()
    consumer = ConsumerLoop(
        settings.kafka_bootstrap,
        "notification",
        TOPICS,
        Consumer(notifying, sites, woken).handle,
        dead_letters=producer,
        health=health,
        prefix=settings.topic_prefix,
        concurrent=True,
    )
    deliverer = Deliverer(
        notifying,
        ledger,
        channels,
        health,
        woken=woken,
        senders=settings.senders,
        poll_s=settings.timer_poll_s,
    )
    app = create_app("notification", health=health, key=key, may=may)
    api.add(app, api.Desk(people, rows, channels))
    push_api.add(app, people, Browsers(push) if push else None)
    relay = Relay(worker_dsn, producer, schema="notification", health=health)
    await service.run(
        sites.run(),
        consumer.run(),
        deliverer.run(),
        escalate(notifying, health, woken, settings.timer_poll_s),
        relay.run(),
        serve(app, settings.http_host, settings.http_port),
        on_stop=producer.stop,
    )
