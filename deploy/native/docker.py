"""The same engines in Docker (ENGINES=docker), found by others in the same `engines.json`."""

import hashlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from deploy.native import kafka, mosquitto, pki, ports, postgres
from deploy.native.engines import (
    PORTS,
    EngineAddresses,
    Engines,
    KafkaAddress,
    MqttAddress,
    PostgresAddress,
)
from deploy.native.errors import SetupError
from deploy.native.places import PROJECT, locked

SERVICES = ("mosquitto", "timescaledb", "kafka")
IMAGE_UID = 1883  # the broker's user in its image
READY_LIMIT_S = 120.0


def chosen() -> bool:
    """Return whether ENGINES=docker is set; SetupError when it is set to something unknown."""
    value = os.environ.get("ENGINES", "")
    if value not in {"", "native", "docker"}:
        raise SetupError(f"ENGINES={value} is unknown: it can be docker, or native (as when it is not set).")
    return value == "docker"


def project_name(state: Path) -> str:
    """Return the compose project of a state folder, so that several live side by side."""
    return f"gaswatch-{hashlib.sha256(str(state).encode()).hexdigest()[:8]}"


def broker_uid() -> int:
    """Return whom the broker runs as: its image's user, or whoever starts it without being root."""
    return os.geteuid() or IMAGE_UID


@dataclass(frozen=True)
class DockerEngines:
    """Engines of one state folder in containers; certificates and password lie where natives' do."""

    state: Path

    def start(self) -> EngineAddresses:
        """Start the containers, wait until each engine is really usable, and write `engines.json`."""
        _demand_docker()
        with locked(self.state / "lock"):
            authority = pki.Authority(self.state / "pki")
            authority.create()
            for client in pki.PLATFORM_CLIENTS:
                pki.write_client(authority, client, authority.folder / "clients")
            mosquitto.write_folder(self.state / "mosquitto", authority, broker_uid())
            for file in pki.write_client(authority, "ready", self.state / "mosquitto" / "tls"):
                os.chown(file, broker_uid(), -1)
            postgres.ensure_password(self.state / "postgres.password")
            try:
                self._compose("--profile", "core", "up", "--detach", "--wait", *SERVICES)
                self._wait_until_usable(authority)
            except BaseException:
                self._compose("stop", *SERVICES, check=False)
                raise
            found = self.addresses()
            content = (json.dumps(asdict(found), indent=2) + "\n").encode()
            pki.write_private(self.state / "engines.json", content)
        return found

    def _wait_until_usable(self, authority: pki.Authority) -> None:
        port = self._ports()
        end = time.monotonic() + READY_LIMIT_S
        while trouble := (
            postgres.trouble_with(self.state / "postgres.password", port["postgres"])
            or kafka.trouble_with(port["kafka"])
            or ("" if mosquitto.accepts(authority, port["mqtt"]) else "Mosquitto lets no client in")
        ):
            if time.monotonic() > end:
                raise SetupError(f"The engines in Docker cannot be used: {trouble}.")
            time.sleep(0.5)

    def addresses(self) -> EngineAddresses:
        """Return where each engine is; containers have no pid here."""
        port, password = self._ports(), self.state / "postgres.password"
        authority = pki.Authority(self.state / "pki")
        return EngineAddresses(
            KafkaAddress(f"{ports.HOST}:{port['kafka']}", None, ""),
            PostgresAddress(ports.HOST, port["postgres"], postgres.USER, str(password),
                            postgres.dsn_of(password, port["postgres"]), None, ""),
            MqttAddress(ports.HOST, port["mqtt"], str(authority.certificate_file), str(authority.key_file),
                        str(self.state / "mosquitto" / "tls" / "crl.pem"), str(authority.folder / "clients"),
                        None, ""),
            str(self.state),
        )  # fmt: skip

    def stop(self) -> None:
        """Stop the containers; their data stays."""
        self._compose("--profile", "core", "stop", check=False)
        (self.state / "engines.json").unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the containers and their data."""
        self._compose("--profile", "core", "down", "--volumes", check=False)

    def _ports(self) -> dict[str, int]:
        return ports.remembered(self.state / "ports.json", PORTS)

    def _compose(self, *arguments: str, check: bool = True) -> None:
        port = self._ports()
        env = {
            **os.environ,
            "GASWATCH_STATE": str(self.state),
            "GASWATCH_UID": str(broker_uid()),
            "GASWATCH_MQTT_PORT": str(port["mqtt"]),
            "GASWATCH_KAFKA_PORT": str(port["kafka"]),
            "GASWATCH_POSTGRES_PORT": str(port["postgres"]),
        }
        command = [
            "docker",
            "compose",
            "-f",
            str(PROJECT / "docker-compose.yml"),
            "-p",
            project_name(self.state),
        ]
        done = subprocess.run([*command, *arguments], env=env, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            said = done.stderr.strip().splitlines() or ["nothing said"]
            raise SetupError(f"docker compose {arguments[0]} failed: {said[-1]}")


AnyEngines = Engines | DockerEngines


def engines_of(state: Path, say: Callable[[str], None]) -> AnyEngines:
    """Return the engines of a state folder, in Docker when ENGINES=docker, else without it."""
    if chosen():
        state.mkdir(parents=True, exist_ok=True)
        return DockerEngines(state)
    return Engines.provisioned(state, say)


def stop(state: Path) -> None:
    """Stop a state folder's containers when Docker is chosen."""
    if chosen() and state.exists():
        DockerEngines(state).stop()


def remove(state: Path) -> None:
    """Remove a state folder's containers when Docker is chosen."""
    if chosen():
        DockerEngines(state).remove()


def _demand_docker() -> None:
    if not shutil.which("docker"):
        raise SetupError(
            "ENGINES=docker is set, but there is no docker command: install Docker or unset ENGINES."
        )
    if subprocess.run(["docker", "info"], capture_output=True, check=False).returncode != 0:
        raise SetupError("ENGINES=docker is set, but no Docker engine answers: start it or unset ENGINES.")
    if subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0:
        raise SetupError("Docker has no compose plugin: install docker-compose-plugin or unset ENGINES.")
