"""The registry's parts, put together."""

import asyncpg
from fastapi import FastAPI

from services.registry.adapters.authority import AuthorityError, FileAuthority
from services.registry.adapters.broker import RevocationList
from services.registry.adapters.keys import KeyFile
from services.registry.adapters.store import PostgresStore
from services.registry.adapters.takeover import Takeover
from services.registry.entrypoints.consumer import HeardConsumer
from services.registry.entrypoints.exports import Files
from services.registry.entrypoints.imports_api import imports_router
from services.registry.entrypoints.objects_api import objects_router
from services.registry.entrypoints.oversight_api import oversight_router
from services.registry.entrypoints.resources import RESOURCES
from services.registry.entrypoints.timers import run_timers
from services.registry.entrypoints.verbs_api import verbs_router
from services.registry.settings import Settings
from shared.chassis import logs, service
from shared.chassis.consumer import ConsumerLoop
from shared.chassis.database import open_pool
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.kafka import Producer
from shared.chassis.outbox import Relay
from shared.chassis.principal import PrincipalKey
from shared.chassis.serving import serve
from shared.chassis.settings import secret
from shared.contracts import topic_names
from shared.contracts.access import may


def web(
    store: PostgresStore,
    authority: FileAuthority,
    keys: KeyFile,
    listed: RevocationList,
    health: Health,
    key: PrincipalKey,
    takeover: Takeover | None = None,
) -> FastAPI:
    """Return the API; verbs come first, because an id would match them otherwise."""
    app = create_app("registry", health=health, key=key, may=may)
    app.include_router(verbs_router(store, authority, keys, listed.settle, takeover))
    app.include_router(imports_router(store))
    files = Files(store.areas)
    app.include_router(oversight_router(store, files))
    for resource in RESOURCES:
        app.include_router(objects_router(store, resource, files))
    return app


async def run(settings: Settings) -> None:
    """Run the service until it is asked to stop."""
    logs.configure("registry", settings.log_level)
    health = Health()
    key = PrincipalKey.load(settings.principal_key_file)
    try:
        authority = FileAuthority(settings.ca_file, settings.ca_key_file)
    except AuthorityError as error:
        raise service.StartError(str(error)) from error
    worker_dsn = secret(settings.database_worker_dsn, "GW_DATABASE_WORKER_DSN")
    api = await open_pool(
        secret(settings.database_api_dsn, "GW_DATABASE_API_DSN"), application_name="registry api"
    )
    worker = await open_pool(worker_dsn, application_name="registry worker", max_size=4)
    producer = Producer(settings.kafka_bootstrap, prefix=settings.topic_prefix, client_id="registry")
    await producer.start()
    try:
        store = await PostgresStore.open(api, worker)
    except asyncpg.UndefinedTableError as error:
        raise service.StartError("the schema `registry` is not migrated; run `make engines`.") from error
    listed = RevocationList(worker, authority, settings.crl_file, settings.broker_pid_file, health)
    takeover = Takeover(settings.mqtt_host, settings.mqtt_port, settings.ca_file)
    app = web(
        store,
        authority,
        KeyFile(settings.command_keys_file),
        listed,
        health,
        key,
        takeover if settings.mqtt_host else None,
    )

    heard = ConsumerLoop(
        settings.kafka_bootstrap,
        "registry-heard",
        [topic_names.dead_letters(topic_names.TELEMETRY)],
        HeardConsumer(store).handle,
        dead_letters=producer,
        health=health,
        prefix=settings.topic_prefix,
    )

    async def stop() -> None:
        await producer.stop()
        await api.close()
        await worker.close()

    await service.run(
        serve(app, settings.http_host, settings.http_port),
        Relay(worker_dsn, producer, schema="registry", health=health).run(),
        listed.run(),
        run_timers(store, health),
        heard.run(),
        on_stop=stop,
    )
