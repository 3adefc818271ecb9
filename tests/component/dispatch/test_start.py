"""What is missing at start is said in one sentence, with an exit code, and nothing is half-started."""

import asyncio
import socket
from pathlib import Path

import pytest

from deploy.timescaledb.provision import Database
from tests.component.dispatch.support import Service, environment, key_file
from tests.conftest import DatabaseFactory

pytestmark = pytest.mark.engines
SERVICES = ("dispatch", "notification")


async def ends(service: Service) -> tuple[int, str]:
    """Return exit code and last line of a service that cannot start."""
    process = await asyncio.create_subprocess_exec(
        *service.command, cwd=service.folder, env=service.environment, stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(40):
        _, said = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode().splitlines()[-1]


@pytest.fixture
async def made(database: DatabaseFactory) -> Database:
    return await database(*SERVICES)


@pytest.mark.parametrize("name", SERVICES)
async def test_what_is_missing_is_said(
    name: str, kafka_bootstrap: str, topic_prefix: str, made: Database, tmp_path: Path
) -> None:
    good = environment(name, kafka_bootstrap, topic_prefix, made, key_file(tmp_path))

    async def with_(**more: str) -> tuple[int, str]:
        return await ends(Service(name, good | more, tmp_path))

    code, line = await with_(GW_DATABASE_WORKER_DSN="postgresql://nobody@127.0.0.1:1/none")
    assert (code, "PostgreSQL does not answer" in line) == (1, True), line
    code, line = await with_(GW_KAFKA_BOOTSTRAP="127.0.0.1:1")
    assert (code, "Kafka does not answer at 127.0.0.1:1" in line) == (1, True), line
    code, line = await with_(GW_PRINCIPAL_KEY_FILE=str(tmp_path / "none"))
    assert (code, "GW_PRINCIPAL_KEY_FILE" in line) == (1, True), line
    (tmp_path / "weak").write_text("00" * 32)
    code, line = await with_(GW_PRINCIPAL_KEY_FILE=str(tmp_path / "weak"))
    assert (code, "random bytes" in line) == (1, True), line
    less = {key: value for key, value in good.items() if key != "GW_KAFKA_BOOTSTRAP"}
    code, line = await ends(Service(name, less, tmp_path))
    assert (code, "GW_KAFKA_BOOTSTRAP" in line) == (2, True), line
    service = Service(name, good, tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", service.port))
        taken.listen()
        code, line = await ends(service)
    assert (code, f"port {service.port} on 127.0.0.1 is taken" in line) == (1, True), line
    if name == "notification":
        code, line = await with_(GW_CHANNELS='{"x": "webhook:file:///etc"}')
        assert (code, "GW_CHANNELS" in line) == (1, True), line
        code, line = await with_(GW_CHANNELS='{"x": "nosuchthing://a"}')
        assert (code, "channel x" in line) == (1, True), line
