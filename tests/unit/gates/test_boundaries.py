"""Every contract of pyproject.toml about who may import whom stops what it is there for."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.unit.gates.gate import PROJECT, run, small_project

SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
LAYERS, NEIGHBOURS, SHARED, PURE, STOREYS = (contract["name"] for contract in SETTINGS["contracts"])
SERVICES = sorted(file.parent.name for file in (PROJECT / "services").glob("*/__init__.py"))

# What is added to which file, which contract breaks, and a part of what is said.
BAD = {
    "a domain that waits": (
        "services/dispatch/domain/policy.py",
        "import asyncio",
        PURE,
        "services.dispatch.domain.policy -> asyncio",
    ),
    "a domain that logs": (
        "services/registry/domain/kinds.py",
        "import logging",
        PURE,
        "services.registry.domain.kinds -> logging",
    ),
    "a domain that knows the plumbing": (
        "services/alerting/domain/gas.py",
        "from shared.chassis import clock",
        PURE,
        "services.alerting.domain.gas -> shared.chassis.clock",
    ),
    "a service that knows another": (
        "services/history/handlers.py",
        "from services.alerting import ports",
        NEIGHBOURS,
        "services.history.handlers -> services.alerting.ports",
    ),
    "plumbing that knows the messages": (
        "shared/chassis/ids.py",
        "from shared.contracts import wire",
        SHARED,
        "shared.chassis.ids -> shared.contracts.wire",
    ),
    "messages that know the plumbing": (
        "shared/contracts/objects.py",
        "from shared.chassis import ids",
        SHARED,
        "shared.contracts.objects -> shared.chassis.ids",
    ),
    "shared that knows a service": (
        "shared/chassis/ids.py",
        "from services.watchdog import ports",
        STOREYS,
        "shared.chassis.ids -> services.watchdog.ports",
    ),
    "a service that knows how it is deployed": (
        "services/portal/handlers.py",
        "from deploy.native import ports",
        STOREYS,
        "services.portal.handlers -> deploy.native.ports",
    ),
    "simulators that know a service": (
        "simulators/people.py",
        "from services.alerting import ports",
        STOREYS,
        "simulators.people -> services.alerting.ports",
    ),
    "a core that reaches its adapters": (
        "services/alerting/handlers.py",
        "from services.alerting.adapters import postgres",
        LAYERS,
        "services.alerting.handlers -> services.alerting.adapters.postgres",
    ),
    "an entrance that reaches the way out": (
        "services/actuation/entrypoints/commands.py",
        "from services.actuation.adapters import mqtt",
        LAYERS,
        "services.actuation.entrypoints.commands -> services.actuation.adapters.mqtt",
    ),
    "a stray utils.py": (
        "services/watchdog/utils.py",
        "",
        LAYERS,
        "utils",
    ),
}


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project(tmp_path_factory.mktemp("ours"), "services", "shared", "simulators", "deploy")


def test_our_own_tree_is_kept(ours: Path) -> None:
    done = run("lint-imports", ours)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(SETTINGS['contracts'])} kept, 0 broken." in done.stdout


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_stopped(name: str, ours: Path, tmp_path: Path) -> None:
    path, line, contract, said = BAD[name]
    project = tmp_path / "bad"
    shutil.copytree(ours, project, symlinks=True)
    file = project / path
    file.write_text((file.read_text() if file.exists() else "") + f"\n{line}\n")
    done = run("lint-imports", project)
    told = " ".join(done.stdout.split())
    assert done.returncode != 0
    assert f"{contract} BROKEN" in told, told
    assert said in told, told


def test_every_service_is_in_every_contract() -> None:
    contracts = {contract["name"]: contract for contract in SETTINGS["contracts"]}
    assert sorted(contracts[LAYERS]["containers"]) == [f"services.{name}" for name in SERVICES]
    assert sorted(contracts[NEIGHBOURS]["modules"]) == [f"services.{name}" for name in SERVICES]
    assert sorted(contracts[PURE]["source_modules"]) == [f"services.{name}.domain" for name in SERVICES]
    assert contracts[LAYERS]["exhaustive"] is True
