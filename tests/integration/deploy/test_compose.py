"""The Docker way: the compose file is valid, pinned, checked for health, and shares the configuration."""

import shutil
import subprocess

import pytest
import yaml

from deploy.native.places import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PROFILES = [argument for profile in ("core", "sim", "obs") for argument in ("--profile", profile)]


def compose_plugin() -> bool:
    return bool(shutil.which("docker")) and (
        subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    )


@pytest.mark.skipif(not compose_plugin(), reason="no docker client with compose on this machine")
def test_docker_accepts_the_file():
    done = subprocess.run(
        ["docker", "compose", *PROFILES, "config", "--quiet"],
        cwd=PROJECT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_pinned_checked_and_in_a_profile(name):
    service = SERVICES[name]
    assert set(service["profiles"]) <= {"core", "sim", "obs"}
    image, _, version = service["image"].partition(":")
    assert image
    assert version not in {"", "latest"}
    assert "healthcheck" in service
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:")


def test_every_service_of_the_product_has_a_container():
    built = {name for name, service in SERVICES.items() if service.get("image") == "gaswatch:local"}
    found = {folder.parent.name for folder in (PROJECT / "services").glob("*/__main__.py")}
    assert found <= built


@pytest.mark.parametrize(
    ("service", "file"),
    [
        ("mosquitto", "./deploy/mosquitto/mosquitto.conf"),
        ("kafka", "./deploy/kafka/server.properties"),
        ("timescaledb", "./deploy/timescaledb/postgresql.conf"),
    ],
)
def test_engines_use_the_configuration_that_is_used_without_docker(service, file):
    assert [mount for mount in SERVICES[service]["volumes"] if mount.startswith(f"{file}:")]
    assert (PROJECT / file).is_file()


def test_kafka_is_of_the_version_that_maven_fetches():
    version = SERVICES["kafka"]["image"].partition(":")[2]
    assert f"<version>{version}</version>" in (PROJECT / "deploy" / "native" / "pom.xml").read_text()


def test_no_password_stands_in_the_file():
    assert not [
        line for line in (PROJECT / "docker-compose.yml").read_text().splitlines() if "PASSWORD:" in line
    ]
