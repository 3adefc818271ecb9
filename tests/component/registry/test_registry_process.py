"""The registry's own process on the real engines, without neighbours."""

import asyncio
import datetime as dt
import sys
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest

from deploy.native import ports
from deploy.native.pki import Authority
from deploy.timescaledb.provision import Database
from shared.chassis.kafka import Producer
from shared.chassis.principal import HEADER, PrincipalKey
from shared.chassis.table import Table
from shared.contracts import topic_names
from shared.contracts.objects import Device
from tests.answers import HOOKS
from tests.conftest import DatabaseFactory
from tests.integration.registry.harness import ADMIN, device, operator, site

START_LIMIT_S = 20.0


@dataclass
class Process:
    """A running registry and a client that signs as the portal would."""

    client: httpx.AsyncClient
    key: PrincipalKey
    process: asyncio.subprocess.Process
    killed: bool = False

    async def get(self, path: str) -> httpx.Response:
        headers = {HEADER: self.key.sign(ADMIN, "registry")}
        return await self.client.get(f"/api/v1/{path}", headers=headers)

    async def post(self, path: str, body: object, key: str) -> httpx.Response:
        headers = {HEADER: self.key.sign(ADMIN, "registry"), "Idempotency-Key": key}
        return await self.client.post(f"/api/v1/{path}", json=body, headers=headers)

    async def made(self, path: str, body: object) -> None:
        response = await self.post(path, body, uuid.uuid4().hex)
        assert response.status_code == 201, response.text


async def until(condition: Callable[[], Awaitable[bool]], limit_s: float, what: str) -> None:
    end = time.monotonic() + limit_s
    while not await condition():
        assert time.monotonic() < end, f"{what} did not happen within {limit_s} s"
        await asyncio.sleep(0.01)


def environment(database: Database, bootstrap: str, prefix: str, folder: Path) -> dict[str, str]:
    authority = Authority(folder / "pki")
    authority.create()
    key_file = folder / "principal.key"
    if not key_file.exists():
        PrincipalKey.create(key_file)
    dsns = database.services["registry"]
    return {
        "GW_KAFKA_BOOTSTRAP": bootstrap,
        "GW_TOPIC_PREFIX": prefix,
        "GW_DATABASE_API_DSN": dsns.api,
        "GW_DATABASE_WORKER_DSN": dsns.worker,
        "GW_HTTP_PORT": str(ports.pick()),
        "GW_PRINCIPAL_KEY_FILE": str(key_file),
        "GW_CA_FILE": str(authority.certificate_file),
        "GW_CA_KEY_FILE": str(authority.key_file),
        "GW_CRL_FILE": str(folder / "crl.pem"),
    }


@asynccontextmanager
async def started(env: dict[str, str]) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "services.registry", env=env)
    try:
        address = f"http://127.0.0.1:{env['GW_HTTP_PORT']}"
        async with httpx.AsyncClient(base_url=address, event_hooks=HOOKS) as client:

            async def ready() -> bool:
                assert process.returncode is None, "the service ended"
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await until(ready, START_LIMIT_S, "readiness")
            registry = Process(client, PrincipalKey.load(Path(env["GW_PRINCIPAL_KEY_FILE"])), process)
            yield registry
            if not registry.killed:
                begun = time.monotonic()
                process.terminate()
                assert await process.wait() == 0
                assert time.monotonic() - begun < 10
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.fixture
async def env(
    database: DatabaseFactory, kafka_bootstrap: str, topic_prefix: str, tmp_path: Path
) -> dict[str, str]:
    return environment(await database("registry"), kafka_bootstrap, topic_prefix, tmp_path)


async def test_a_registered_device_is_on_kafka_soon(env: dict[str, str]) -> None:
    decode = msgspec.json.Decoder(Device).decode
    table = Table(env["GW_KAFKA_BOOTSTRAP"], topic_names.DEVICE, decode, prefix=env["GW_TOPIC_PREFIX"])
    await table.load()
    following = asyncio.create_task(table.run())
    try:
        async with started(env) as registry:
            await registry.made("operators", operator())
            await registry.made("sites", site())
            await registry.made("devices", device("warm-up"))

            async def known(id_: str) -> bool:
                return table.get(id_) is not None

            await until(lambda: known("warm-up"), 5, "the first record")
            begun = time.monotonic()
            await registry.made("devices", device())
            await until(lambda: known("dev-1"), 1, "the record")
            assert time.monotonic() - begun < 1
            found = table.get("dev-1")
            assert found is not None
            assert (found.client_id, found.site_id, found.active) == ("dev-1", "site-1", True)
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_missing_settings_are_one_sentence(env: dict[str, str]) -> None:
    del env["GW_CA_FILE"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.registry", env=env, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    assert process.returncode == 2
    assert b"GW_CA_FILE" in stderr
    assert stderr.count(b"\n") == 1


async def test_an_unreadable_authority_is_one_sentence(env: dict[str, str]) -> None:
    await asyncio.to_thread(Path(env["GW_CA_KEY_FILE"]).write_text, "nothing")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.registry", env=env, stderr=asyncio.subprocess.PIPE
    )
    _, stderr = await process.communicate()
    assert process.returncode == 1
    assert stderr.decode().splitlines()[-1].startswith("registry: the certificate authority")


async def test_maintenance_ends_by_itself_and_strangers_are_listed(env: dict[str, str]) -> None:
    producer = Producer(env["GW_KAFKA_BOOTSTRAP"], prefix=env["GW_TOPIC_PREFIX"])
    await producer.start()
    try:
        async with started(env) as registry:
            await registry.made("operators", operator())
            await registry.made("sites", site())
            await registry.made("devices", device())
            until_ = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
            body = {"reason": "test", "until": until_.isoformat()}
            assert (await registry.post("devices/dev-1:maintain", body, "m")).status_code == 200

            async def ended() -> bool:
                return (await registry.get("devices/dev-1")).json()["maintenance"] is None

            assert not await ended()
            headers = {"reason": b"unknown_device", "client": b"dev-1"}
            letters = topic_names.dead_letters(topic_names.TELEMETRY)
            await producer.send(letters, b'{"device_id": "stranger"}', headers=headers)

            async def listed() -> bool:
                items = (await registry.get("devices:heard-unregistered")).json()["items"]
                return [item["device_id"] for item in items] == ["stranger"]

            await until(listed, 10, "the stranger")
            await until(ended, 6, "the end of the maintenance")
    finally:
        await producer.stop()


async def test_killed_between_commit_and_send_everything_is_published(env: dict[str, str]) -> None:
    decode = msgspec.json.Decoder(Device).decode
    async with started(env) as registry:
        await registry.made("operators", operator())
        await registry.made("sites", site())
        made = [registry.made("devices", device(f"dev-{n}")) for n in range(50)]
        await asyncio.gather(*made)
        registry.process.kill()
        await registry.process.wait()
        registry.killed = True
    async with started(env):
        table = Table(env["GW_KAFKA_BOOTSTRAP"], topic_names.DEVICE, decode, prefix=env["GW_TOPIC_PREFIX"])
        await table.load()
        following = asyncio.create_task(table.run())
        await asyncio.sleep(0)  # a task cancelled before it began would not stop its consumer

        async def whole() -> bool:
            return len(table) == 50

        try:
            await until(whole, 5, "the publication of what was committed")
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
