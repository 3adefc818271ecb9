"""Where benchmarks play: engines of their own, all services under their supervisor, a registered fleet."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.fleet import OPERATOR, Fleet
from deploy.native import session
from deploy.native.engines import EngineAddresses, Engines
from deploy.native.errors import SetupError
from deploy.native.pki import write_private
from deploy.native.places import PROJECT
from deploy.native.stack import Stack
from simulators import people, seed
from simulators.api import Api

CHUNK = 5_000
WATCH = "watch-bench"


@contextmanager
def stage(say: Any = print, **options: Any) -> Iterator[Stack]:
    """Give a prepared stack on fresh engines, not started yet; everything is stopped and removed at the end.

    `options` are the stack's: which services there are, where the apps lie.

    PostgreSQL notes when each transaction was committed (`track_commit_timestamp`), for the alarms' latency.
    """
    with session.own(say) as engines:
        if not isinstance(engines, Engines):
            raise SetupError("Benchmarks read the processes' CPU, so they run on native engines only.")
        asyncio.run(_note_commits(engines.addresses()))
        engines.postgres.stop()
        engines.postgres.start()
        stack = Stack(engines.publish(), engines.state, **options)
        try:
            stack.prepare()
            yield stack
        finally:
            with session.undisturbed():
                stack.stop()


async def _note_commits(engines: EngineAddresses) -> None:
    connection = await asyncpg.connect(engines.postgres.dsn)
    try:
        await connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    finally:
        await connection.close()


def add_accounts(stack: Stack) -> list[dict[str, Any]]:
    """Make the demo's accounts, and one that watches the fleet; the administrator registers it."""
    accounts = people.make()
    watch = next(one for one in accounts if one["username"] == "watch")
    accounts.append(watch | {"username": WATCH, "operator_id": OPERATOR})
    file = stack.folder / "secrets" / "accounts.json"
    write_private(file, json.dumps(accounts).encode())
    try:
        subprocess.run(
            [sys.executable, "-m", "services.portal", "add-accounts", str(file)],
            env=stack.environment("portal"), cwd=PROJECT, capture_output=True, check=True,
        )  # fmt: skip
    finally:
        file.unlink()
    return accounts


@asynccontextmanager
async def administrator(stack: Stack, accounts: list[dict[str, Any]]) -> AsyncIterator[Api]:
    """Sign in."""
    api = Api(stack.url("portal"), people.credentials(accounts, "administrator"))
    try:
        yield api
    finally:
        await api.close()


async def register(api: Api, stack: Stack, fleet: Fleet) -> dict[str, Any]:
    """Register the fleet by CSV import and certify its controllers, all through the API; return the JWKS."""
    city = fleet.city()
    controllers = [row for row in city.devices if row["kind"] == "controller"]
    others = [row for row in city.devices if row["kind"] != "controller"]
    parts = [("operators", city.operators), ("licences", city.licences), ("sites", city.sites)]
    parts += [("devices", controllers)]
    parts += [("devices", others[at : at + CHUNK]) for at in range(0, len(others), CHUNK)]
    for name, rows in parts:
        await api.call(
            "POST", f"{name}:import", content=seed.to_csv(rows),
            headers={"Content-Type": "text/csv; charset=utf-8"},
        )  # fmt: skip
    return await seed.certify(api, fleet.clients(), Path(stack.engines.mqtt.certs_dir))
