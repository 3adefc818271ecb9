"""The composition root of alerting."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from services.alerting.adapters import alarm_figures, alert_queries, arming, command_queries, rule_store
from services.alerting.adapters.canaries import PostgresTraces
from services.alerting.adapters.letters import KafkaLetters
from services.alerting.adapters.load_figures import PostgresFigures
from services.alerting.adapters.postgres import PostgresStore, PostgresUnit
from services.alerting.adapters.registry import KafkaRegistry
from services.alerting.adapters.signing import KeyFolderError, SigningKeys
from services.alerting.entrypoints import api, orders
from services.alerting.entrypoints.cleaning import clean_forever
from services.alerting.entrypoints.consumer import Telemetry
from services.alerting.entrypoints.deps import Deps
from services.alerting.entrypoints.load import Load
from services.alerting.entrypoints.rules import Rules
from services.alerting.entrypoints.stores import Stores
from services.alerting.entrypoints.timers import Timers
from services.alerting.handlers import Deciding
from services.alerting.settings import Settings
from shared.chassis import logs, service
from shared.chassis.clock import SystemClock
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
from shared.contracts.access import may


async def run() -> None:
    """Wire alerting together and run it until it is told to stop."""
    settings = load(Settings)
    logs.configure("alerting", settings.log_level)
    health, clock = Health(), SystemClock()
    key = PrincipalKey.load(settings.principal_key_file)
    keys = _signing_keys(settings.command_keys_dir, clock.now_ms())
    worker_dsn = secret(settings.database_worker_dsn, "GW_DATABASE_WORKER_DSN")
    api_dsn = secret(settings.database_api_dsn, "GW_DATABASE_API_DSN")
    worker = await open_pool(worker_dsn, application_name="alerting-worker")
    people = await open_pool(api_dsn, application_name="alerting-api")
    producer = Producer(settings.kafka_bootstrap, prefix=settings.topic_prefix, client_id="alerting")
    await producer.start()
    store = PostgresStore(worker, keys)
    registry = KafkaRegistry(
        settings.kafka_bootstrap, clock.now_ms, settings.telemetry_partitions, prefix=settings.topic_prefix
    )
    rules = Rules(store.set_points, registry.use, clock, health)
    await rules.once()
    # Sites first: a device's set-points depend on its site's kind.
    await registry.sites.load()
    await registry.devices.load()
    deciding = Deciding(store, registry, uuid7)
    telemetry = Telemetry(
        settings.kafka_bootstrap,
        store,
        registry,
        deciding,
        KafkaLetters(producer, clock),
        clock,
        health,
        prefix=settings.topic_prefix,
        instance=settings.instance,
    )
    relay = Relay(worker_dsn, producer, schema="alerting", health=health)

    @asynccontextmanager
    async def unit() -> AsyncIterator[PostgresUnit]:
        async with store.unit() as begun:
            yield begun

    def woken() -> None:
        timers.wake()

    stores = Stores(alert_queries, command_queries, arming, rule_store, alarm_figures)
    deps = Deps(people, unit, registry, stores, keys.jwks, woken, rules.changed)
    timers = Timers(worker, deps, health=health)
    deciding.on_commit(timers.wake)
    app = create_app("alerting", health=health, key=key, may=may)
    api.include(app, deps)

    async def stop() -> None:
        await producer.stop()
        await worker.close()
        await people.close()

    await service.run(
        registry.sites.run(),
        registry.devices.run(),
        telemetry.run(),
        ConsumerLoop(
            settings.kafka_bootstrap,
            orders.GROUP,
            orders.TOPICS,
            orders.Orders(deciding).handle,
            dead_letters=producer,
            health=health,
            prefix=settings.topic_prefix,
        ).run(),
        rules.run(),
        Load(PostgresFigures(worker), lambda: registry.points, deciding, clock).run(),
        timers.run(),
        clean_forever(PostgresTraces(worker)),
        relay.run(),
        serve(app, settings.http_host, settings.http_port),
        on_stop=stop,
    )


def _signing_keys(folder: Path, now_ms: int) -> SigningKeys:
    """Load the signing keys and publish their public part beside them, for the registry's credentials."""
    try:
        keys = SigningKeys.load(folder, now_ms)
    except KeyFolderError as error:
        raise service.StartError(str(error)) from error
    part = folder / f"jwks.{os.getpid()}"
    part.write_bytes(msgspec.json.encode(keys.jwks()))
    part.replace(folder / "jwks.json")
    return keys
