"""Every topic is described, owned and used by services that exist; every schema belongs to a topic."""

import ast
import copy
from pathlib import Path
from typing import Any

import yaml

from shared.contracts import topic_names
from shared.contracts.events import EVENT_TYPES
from shared.contracts.telemetry import TELEMETRY_PARTITIONS
from tests.contract.contracts.validation import CONTRACTS, ROOT

SERVICES = {
    "ingestion", "actuation", "history", "alerting", "registry", "dispatch", "notification", "portal",
    "watchdog",
}  # fmt: skip
NAMES = {
    constant: value
    for constant, value in vars(topic_names).items()
    if constant.isupper() and isinstance(value, str)
}
KEYS = {"name", "about", "owner", "producers", "consumers", "key", "schema", "partitions", "cleanup"}
Topics = dict[str, dict[str, Any]]


def kafka() -> Topics:
    files = sorted((CONTRACTS / "topics").glob("*.yaml"))
    found = {file.stem: yaml.safe_load(file.read_text()) for file in files}
    assert all(name == topic["name"] for name, topic in found.items())
    return found


def mqtt() -> Topics:
    return {
        file.stem: yaml.safe_load(file.read_text()) for file in (CONTRACTS / "topics" / "mqtt").glob("*.yaml")
    }


def faults(topics: Topics, leaves: Topics, schemas: set[str]) -> list[str]:
    """Return what is wrong with a set of descriptions, one sentence each."""
    found = []
    used: set[str] = set()
    for name, topic in topics.items():
        found += [f"{name} lacks {key}" for key in sorted(KEYS - topic.keys())]
        used |= {topic["schema"]} if topic.get("schema") else set()
        if topic.get("cleanup") == "delete" and not topic.get("retention_days"):
            found.append(f"{name} lacks retention_days")
        letters = topic.get("dead_letters")
        if letters is not None and letters not in topics:
            found.append(f"{name} has dead letters that nobody describes")
    for name, topic in {**topics, **leaves}.items():
        parties = {topic.get("owner"), *topic.get("producers", ()), *topic.get("consumers", ())}
        unknown = parties - SERVICES - ({"device"} if name in leaves else set())
        found += [f"{name} names {party}, which is no service" for party in sorted(map(str, unknown))]
        used |= set(topic.get("schemas", ()))
    found += [f"{schema} is not there" for schema in sorted(used - schemas)]
    found += [f"{schema} is of no topic" for schema in sorted(schemas - used)]
    return found


def present() -> set[str]:
    return {file.name for file in (CONTRACTS / "schemas").glob("*.json")}


def test_every_topic_is_described() -> None:
    topics = kafka()
    assert set(topics) == {name for base in NAMES.values() for name in (base, topic_names.dead_letters(base))}
    assert faults(topics, mqtt(), present()) == []
    assert topics["gas.telemetry.v1"]["partitions"] == TELEMETRY_PARTITIONS


def test_every_cloudevents_type_is_listed_once() -> None:
    listed = [name for topic in kafka().values() for name in topic.get("types", ())]
    assert sorted(listed) == sorted(EVENT_TYPES)


def test_bad_descriptions_are_told() -> None:
    topics = copy.deepcopy(kafka())
    del topics["gas.alert.v1"]["owner"]
    topics["gas.order.v1"]["consumers"].append("oracle")
    topics["gas.site.v1"]["schema"] = "house.json"
    del topics["gas.telemetry.v1"]["retention_days"]
    del topics["gas.device.v1.dlq"]
    assert set(faults(topics, mqtt(), present() | {"poem.json"})) == {
        "gas.alert.v1 lacks owner",
        "gas.alert.v1 names None, which is no service",
        "gas.order.v1 names oracle, which is no service",
        "house.json is not there",
        "site.json is of no topic",
        "poem.json is of no topic",
        "gas.telemetry.v1 lacks retention_days",
        "gas.device.v1 has dead letters that nobody describes",
    }


def used_by(service: Path) -> set[str]:
    """Return the topics whose constants a service's code imports."""
    found = set()
    for file in service.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module == "shared.contracts.topic_names":
                found |= {NAMES[alias.name] for alias in node.names if alias.name in NAMES}
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Name)
                and node.value.id in {"topic_names", "names", "topics"}
                and node.attr in NAMES
            ):
                found.add(NAMES[node.attr])
    return found


def strangers(services: Path, topics: Topics) -> list[str]:
    return [
        f"{service} uses {name}, which does not list it"
        for service in sorted(SERVICES)
        for name in sorted(used_by(services / service))
        if not any(
            service in [*topics[each]["producers"], *topics[each]["consumers"]]
            for each in (name, topic_names.dead_letters(name))
        )
    ]


def idle(services: Path, topics: Topics) -> set[tuple[str, str]]:
    """Return who is listed at a topic without using it."""
    return {
        (service, name)
        for name, topic in topics.items()
        if not name.endswith(".dlq")
        for service in {*topic["producers"], *topic["consumers"]}
        if name not in used_by(services / service)
    }


def test_who_is_listed_uses_the_topic() -> None:
    assert idle(ROOT / "services", kafka()) == set()


def test_who_is_listed_in_vain_is_told() -> None:
    topics = kafka()
    topics["gas.order.v1"]["consumers"].append("actuation")
    assert idle(ROOT / "services", topics) == {("actuation", "gas.order.v1")}


def test_a_service_that_uses_a_topic_is_listed_there() -> None:
    assert strangers(ROOT / "services", kafka()) == []


def test_a_service_that_is_not_listed_is_told(tmp_path: Path) -> None:
    (tmp_path / "watchdog").mkdir()
    (tmp_path / "watchdog" / "app.py").write_text("from shared.contracts.topic_names import ORDER\n")
    assert strangers(tmp_path, kafka()) == ["watchdog uses gas.order.v1, which does not list it"]
