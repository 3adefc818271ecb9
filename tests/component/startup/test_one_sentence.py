"""What a service lacks at start it says in one sentence; its exit code is not 0, and nothing is left."""

import asyncio
import json
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from deploy.native import ports
from deploy.native.stack import MQTT_CLIENTS, SERVICES
from tests.component.startup.conftest import (
    WITH_DATABASE,
    Environment,
    end,
    is_log,
    kill_group,
    process,
)

pytestmark = pytest.mark.engines
# The watchdog watches just these: it must start when they are away, and say so by its own voice.
NEEDS_KAFKA = [name for name in SERVICES if name != "watchdog"]
NEEDS_BROKER = [name for name in MQTT_CLIENTS if name != "watchdog"]
FILES = {
    "registry": ("GW_CA_FILE", "GW_CA_KEY_FILE"),
    "alerting": ("GW_COMMAND_KEYS_DIR",),
    **dict.fromkeys(MQTT_CLIENTS, ("GW_MQTT_CERT_FILE", "GW_MQTT_CA_FILE")),
}
# Who checks a principal: those with an API for people.
KEY_USERS = WITH_DATABASE


@pytest.mark.parametrize("name", SERVICES)
async def test_settings_missing(name: str, environment: Environment) -> None:
    good = await environment(name)
    none, one = await asyncio.gather(
        end(name, {"PATH": good["PATH"]}),
        end(name, {key: value for key, value in good.items() if key != "GW_HTTP_PORT"}),
    )
    assert "GW_KAFKA_BOOTSTRAP" in none.in_one_sentence()
    assert "GW_PRINCIPAL_KEY_FILE" in none.in_one_sentence()
    assert "GW_HTTP_PORT" in one.in_one_sentence()
    assert "GW_KAFKA_BOOTSTRAP" not in one.in_one_sentence()


async def test_common_settings_wrong(environment: Environment) -> None:
    good = await environment("actuation")
    port, level = await asyncio.gather(
        end("actuation", good | {"GW_HTTP_PORT": "99999"}), end("actuation", good | {"GW_LOG_LEVEL": "loud"})
    )
    assert "GW_HTTP_PORT" in port.in_one_sentence()
    assert "GW_LOG_LEVEL" in level.in_one_sentence()


@pytest.mark.parametrize("name", WITH_DATABASE)
async def test_database_settings_missing(name: str, environment: Environment) -> None:
    good = await environment(name)
    del good["GW_DATABASE_API_DSN"]
    assert "GW_DATABASE_API_DSN" in (await end(name, good)).in_one_sentence()


@pytest.mark.parametrize(
    ("name", "setting"),
    [*((name, each) for name in FILES for each in FILES[name]),
     *((name, "GW_PRINCIPAL_KEY_FILE") for name in KEY_USERS)],
)  # fmt: skip
async def test_a_file_that_is_not_there(
    name: str, setting: str, environment: Environment, tmp_path: Path
) -> None:
    good = await environment(name)
    (tmp_path / "a-file").touch()
    nowhere = str(tmp_path / "a-file" / "below")
    said = (await end(name, good | {setting: nowhere})).in_one_sentence()
    assert nowhere in said
    assert said.startswith(f"{name}: ")


@pytest.mark.parametrize("name", SERVICES)
async def test_port_taken(name: str, environment: Environment) -> None:
    good = await environment(name)
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(good["GW_HTTP_PORT"])))
        other.listen()
        said = (await end(name, good)).in_one_sentence()
    assert f"port {good['GW_HTTP_PORT']} on 127.0.0.1 is taken" in said
    assert "GW_HTTP_PORT" in said


@pytest.mark.parametrize("name", NEEDS_KAFKA)
async def test_kafka_away(name: str, environment: Environment) -> None:
    away = f"127.0.0.1:{ports.pick()}"
    said = (await end(name, await environment(name) | {"GW_KAFKA_BOOTSTRAP": away})).in_one_sentence()
    assert f"Kafka does not answer at {away}" in said


@pytest.mark.parametrize("name", WITH_DATABASE)
async def test_postgresql_away(name: str, environment: Environment) -> None:
    dsn = f"postgresql://nobody@127.0.0.1:{ports.pick()}/none"
    away = {"GW_DATABASE_API_DSN": dsn, "GW_DATABASE_WORKER_DSN": dsn}
    assert "PostgreSQL does not answer" in (await end(name, await environment(name) | away)).in_one_sentence()


@pytest.mark.parametrize("name", NEEDS_BROKER)
async def test_broker_away(name: str, environment: Environment) -> None:
    away = str(ports.pick())
    said = (await end(name, await environment(name) | {"GW_MQTT_PORT": away})).in_one_sentence()
    assert f"the MQTT broker at 127.0.0.1:{away}" in said


async def test_the_watchdog_starts_when_what_it_watches_is_away(environment: Environment) -> None:
    away = {"GW_KAFKA_BOOTSTRAP": f"127.0.0.1:{ports.pick()}", "GW_MQTT_PORT": str(ports.pick()),
            "GW_LATE_S": "1", "GW_PERIOD_S": "0.5"}  # fmt: skip
    good = await environment("watchdog") | away
    watchdog = await process("watchdog", good)
    try:
        assert watchdog.stderr is not None
        async with asyncio.timeout(30):
            while "late" not in (line := (await watchdog.stderr.readline()).decode()):
                assert is_log(line), line
        assert json.loads(line)
        assert await asyncio.to_thread(_ready, good["GW_HTTP_PORT"]) == 503
        assert watchdog.returncode is None
    finally:
        kill_group(watchdog.pid)
        await watchdog.communicate()


def _ready(port: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code
