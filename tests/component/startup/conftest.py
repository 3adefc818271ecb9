"""Every service with the settings that `make demo` gives it, and what it says when it cannot start."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy.native import ports
from deploy.native.engines import EngineAddresses
from deploy.native.places import PROJECT
from deploy.native.stack import MQTT_CLIENTS, Stack
from shared.chassis.principal import PrincipalKey
from tests.conftest import Broker, DatabaseFactory

LIMIT_S = 15.0
# A machine that runs other tests beside this one starts Python slowly; what a service waits for it does not.
SLOW_MACHINE_S = 10.0
WITH_DATABASE = ("alerting", "dispatch", "history", "notification", "portal", "registry")


@dataclass(frozen=True)
class End:
    """How a service ended: exit code, what it said that is no log line, its last line, seconds."""

    code: int
    sentences: list[str]
    last: str
    seconds: float

    def in_one_sentence(self) -> str:
        """Return the one sentence; fail when there is none or more than one, or it ended well or late."""
        assert len(self.sentences) == 1, self.sentences
        (sentence,) = self.sentences
        assert sentence == self.last, f"after {sentence!r} came {self.last!r}"
        assert sentence.endswith("."), sentence
        assert sentence.count(". ") == 0, sentence
        assert "Traceback" not in sentence
        assert self.code in {1, 2}
        assert self.seconds < LIMIT_S + SLOW_MACHINE_S
        return sentence


def is_log(line: str) -> bool:
    """Return whether a line is a JSON object, as logs are."""
    with suppress(ValueError):
        return isinstance(json.loads(line), dict)
    return False


async def process(name: str, environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start a service as the leader of a process group of its own."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"services.{name}", cwd=PROJECT, env=environment, start_new_session=True,
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


def kill_group(pid: int) -> bool:
    """Kill what is left of a process group; return whether anything was."""
    with suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
        return True
    return False


async def end(name: str, environment: Mapping[str, str]) -> End:
    """Start a service that cannot start, and wait for its end; nothing of it may be left running."""
    began = time.monotonic()
    started = await process(name, environment)
    try:
        async with asyncio.timeout(LIMIT_S + SLOW_MACHINE_S):
            _, said = await started.communicate()
    finally:
        left = kill_group(started.pid)
        await started.wait()
    assert not left, "something of it went on running"
    assert started.returncode is not None
    lines = said.decode().splitlines() or [""]
    sentences = [line for line in lines if not is_log(line)]
    return End(started.returncode, sentences, lines[-1], time.monotonic() - began)


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Return a broker for these tests: a service that signs in pushes its namesake out."""
    own = Broker(tmp_path_factory.mktemp("broker"))
    own.process.start()
    yield own
    own.process.stop()


Environment = Callable[[str], Awaitable[dict[str, str]]]


@pytest.fixture
async def environment(
    engines: EngineAddresses, database: DatabaseFactory, broker: Broker, topic_prefix: str, tmp_path: Path
) -> AsyncIterator[Environment]:
    """Return `await environment("alerting")`: settings with which this service would start."""

    async def make(name: str) -> dict[str, str]:
        stack = Stack(engines, tmp_path)
        stack.ports[name] = ports.pick()
        secrets = tmp_path / "secrets"
        (secrets / "command-keys").mkdir(parents=True, mode=0o700)
        PrincipalKey.create(secrets / "principal.key")
        stack.database = await database(*([name] if name in WITH_DATABASE else []))
        (tmp_path / "logs").mkdir(exist_ok=True)
        found = stack.environment(name) | {"PATH": os.environ["PATH"], "GW_TOPIC_PREFIX": topic_prefix}
        if name in MQTT_CLIENTS:
            client = "watchdog" if name == "watchdog" else f"platform.{name}"
            certificate, key = broker.authority.sign_leaf(client, server=False)
            (secrets / "client.crt").write_bytes(certificate)
            (secrets / "client.key").write_bytes(key)
            found |= {
                "GW_MQTT_PORT": str(broker.port),
                "GW_MQTT_CA_FILE": str(broker.ca_file),
                "GW_MQTT_CERT_FILE": str(secrets / "client.crt"),
                "GW_MQTT_KEY_FILE": str(secrets / "client.key"),
            }
        return found

    yield make  # noqa: PT022 - the fixtures it needs end after it
