"""The Docker way: the compose file is valid, pinned, checked for health, and shares the configuration."""

import shutil
import subprocess

import pytest
import yaml

from deploy.native.places import PROJECT

COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
PROFILES = [argument for profile in ("core", "obs") for argument in ("--profile", profile)]


def compose() -> list[str]:
    """Return the command of Compose 2: a plugin of Docker, or a program of its own (as Debian 13 has it)."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            said = subprocess.run([*command, "version"], capture_output=True, text=True, check=False)
            if said.returncode == 0 and "Docker Compose version" in said.stdout:
                return command
    return []


@pytest.mark.skipif(not compose(), reason="no Compose 2 on this machine")
def test_compose_accepts_the_file():
    done = subprocess.run(
        [*compose(), *PROFILES, "config", "--quiet"], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_image_holds_the_apps_where_the_portal_looks_for_them():
    image = (PROJECT / "deploy" / "docker" / "Dockerfile").read_text()
    assert "-m deploy.native.ui /apps" in image
    assert "ENV GW_UI_FOLDER=/apps" in image


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_each_service_is_pinned_checked_and_in_a_profile(name):
    service = SERVICES[name]
    assert set(service["profiles"]) <= {"core", "obs"}
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
