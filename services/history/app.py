"""Wires history together; only this module and `__main__` read settings."""

import asyncio

from services.history.adapters.devices import Devices
from services.history.adapters.queries import Queries, open_query_pool
from services.history.adapters.rollups import Rollups
from services.history.adapters.writer import Writer
from services.history.entrypoints.api import add_routes
from services.history.entrypoints.devices import GROUP, device_handler
from services.history.entrypoints.telemetry import Telemetry
from services.history.entrypoints.timers import retain_forever, roll_forever
from services.history.handlers import Intake
from services.history.settings import Settings
from shared.chassis import logs
from shared.chassis.clock import SystemClock
from shared.chassis.consumer import ConsumerLoop
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.kafka import Producer
from shared.chassis.principal import PrincipalKey
from shared.chassis.service import run
from shared.chassis.serving import serve
from shared.chassis.settings import load, secret
from shared.contracts.access import may
from shared.contracts.topic_names import DEVICE


async def start() -> None:
    """Run the service until it is told to stop."""
    settings = load(Settings)
    logs.configure("history", settings.log_level)
    worker = secret(settings.database_worker_dsn, "GW_DATABASE_WORKER_DSN")
    key = PrincipalKey.load(settings.principal_key_file)
    health = Health()
    clock = SystemClock()
    pool = await open_query_pool(secret(settings.database_api_dsn, "GW_DATABASE_API_DSN"))
    letters = Producer(settings.kafka_bootstrap, prefix=settings.topic_prefix, client_id="history")
    await letters.start()
    keys, told = Devices(worker, health), Devices(worker, health)
    writer, rollups, retention = Writer(worker, health), Rollups(worker, health), Rollups(worker, health)
    telemetry = Telemetry(
        settings.kafka_bootstrap,
        Intake(keys, clock.now_ms),
        writer,
        letters,
        health,
        instance=settings.instance,
        prefix=settings.topic_prefix,
        batch_rows=settings.batch_rows,
    )
    devices = ConsumerLoop(
        settings.kafka_bootstrap,
        GROUP,
        [DEVICE],
        device_handler(told.tell),
        dead_letters=letters,
        health=health,
        prefix=settings.topic_prefix,
    )
    app = create_app("history", health=health, key=key, may=may)
    add_routes(app, Queries(pool), clock=clock, keep_readings_days=settings.keep_readings_days)

    async def close() -> None:
        for part in (keys, told, writer, rollups, retention):
            part.close()
        await letters.stop()
        await pool.close()

    days = {
        "readings": settings.keep_readings_days,
        "events": settings.keep_events_days,
        "rollups": settings.keep_rollups_days,
    }
    await run(
        telemetry.run(),
        devices.run(),
        roll_forever(rollups, clock, asyncio.sleep),
        retain_forever(retention, clock, **days),
        serve(app, settings.http_host, settings.http_port),
        on_stop=close,
    )
