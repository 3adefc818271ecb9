"""The composition root of dispatch."""

import msgspec

from services.dispatch.adapters import crews, queries
from services.dispatch.adapters.places import SitePlaces
from services.dispatch.adapters.postgres import PostgresOrders
from services.dispatch.domain.model import Limits
from services.dispatch.entrypoints import api, timers
from services.dispatch.entrypoints.consumer import TOPICS, Consumer
from services.dispatch.entrypoints.requests import Orders
from services.dispatch.handlers.use_cases import Dispatching
from services.dispatch.settings import Settings
from shared.chassis import logs, service
from shared.chassis.consumer import ConsumerLoop
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.ids import uuid7
from shared.chassis.kafka import Producer
from shared.chassis.outbox import Relay
from shared.chassis.principal import PrincipalKey
from shared.chassis.serving import serve
from shared.chassis.settings import load, secret
from shared.chassis.table import Table
from shared.contracts import topic_names as names
from shared.contracts.access import may
from shared.contracts.objects import Site


async def run() -> None:
    """Wire dispatch together and run it until it is told to stop."""
    settings = load(Settings)
    logs.configure("dispatch", settings.log_level)
    key = PrincipalKey.load(settings.principal_key_file)
    health = Health()
    worker_dsn = secret(settings.database_worker_dsn, "GW_DATABASE_WORKER_DSN")
    api_dsn = secret(settings.database_api_dsn, "GW_DATABASE_API_DSN")
    worker = await open_pool(worker_dsn, application_name="dispatch-worker")
    people = await open_pool(api_dsn, application_name="dispatch-api")
    producer = Producer(settings.kafka_bootstrap, prefix=settings.topic_prefix, client_id="dispatch")
    await producer.start()
    sites = Table(
        settings.kafka_bootstrap,
        names.SITE,
        msgspec.json.Decoder(Site).decode,
        prefix=settings.topic_prefix,
    )
    await sites.load()
    limits = Limits(accept_s=settings.accept_s, retry_s=settings.retry_s, arrive_s=settings.arrive_s)
    places = SitePlaces(sites)
    dispatching = Dispatching(PostgresOrders(worker), places, limits, uuid7)
    consumer = ConsumerLoop(
        settings.kafka_bootstrap,
        "dispatch",
        TOPICS,
        Consumer(dispatching).handle,
        dead_letters=producer,
        health=health,
        prefix=settings.topic_prefix,
    )
    app = create_app("dispatch", health=health, key=key, may=may)
    orders = Orders(people, lambda connection: PostgresOrders(people, connection), queries, places, limits)
    api.add(app, orders, crews)
    await service.run(
        sites.run(),
        consumer.run(),
        timers.run(dispatching, health, settings.timer_poll_s),
        Relay(worker_dsn, producer, schema="dispatch", health=health).run(),
        serve(app, settings.http_host, settings.http_port),
        on_stop=producer.stop,
    )
