"""A valve can be closed from afar, never opened: in no schema, topic, API route or code path."""

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from services.alerting.domain import command, valve, valve_loop
from services.alerting.entrypoints import api
from services.alerting.entrypoints.deps import Deps
from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.contracts import events, topic_names, wire
from tests.integration.alerting.rig import Places

ROOT = Path(__file__).resolve().parents[3]
# Any word for letting gas flow again from afar, as a part of a name or as a value.
OPENING = re.compile(
    r"(?<![a-z])(re)?open[_-]?valve|valve[_-]?(re)?open(?!ed)|(?<![a-z])(un)?latch[_-]?open|remote[_-]?open"
    r"|open[_-]?command|command[_-]?open|on_open(ing)?_due|on_manual_open",
    re.IGNORECASE,
)
OTHER_ACTIONS = {"open", "reopen", "toggle", "unlock"}


def sources() -> Iterator[Path]:
    for part in ("services", "shared"):
        for file in (ROOT / part).rglob("*"):
            skip = {"node_modules", "__pycache__", "dist"} & set(file.parts)
            if file.suffix in {".py", ".sql", ".yaml", ".json", ".ts", ".vue"} and not skip:
                yield file


def offences(name: str, text: str) -> list[str]:
    """Return what in a source would open a valve: by its names, or as an action that is not close."""
    found = [f"{name}: {match[0]}" for match in OPENING.finditer(text)]
    if name.endswith(".py"):
        found += [f"{name}: action {value!r}" for value in _actions(ast.parse(text))]
    return found


def _actions(tree: ast.AST) -> Iterator[str]:
    """Yield every literal that is given to something called `action`."""
    for node in ast.walk(tree):
        pairs: list[tuple[Any, Any]] = []
        if isinstance(node, ast.Dict):
            pairs = list(zip(node.keys, node.values, strict=True))
            pairs = [(key.value, value) for key, value in pairs if isinstance(key, ast.Constant)]
        elif isinstance(node, ast.keyword):
            pairs = [(node.arg, node.value)]
        for key, value in pairs:
            if key == "action" and isinstance(value, ast.Constant) and value.value in OTHER_ACTIONS:
                yield str(value.value)


def test_no_source_opens_a_valve() -> None:
    found = [hit for file in sources() for hit in offences(str(file.relative_to(ROOT)), file.read_text())]
    assert found == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x.py", "def open_valve(valve_id): ..."),
        ("x.py", "send({'action': 'open'})"),
        ("x.py", "CommandClaims(action='open')"),
        ("x.sql", "CREATE TABLE valve_open_command ()"),
        ("x.yaml", "type: cn.gas.valve-open.v1"),
        ("x.ts", "post(`/valves/${id}:x`, remoteOpen)"),
    ],
)
def test_the_search_finds_what_it_is_for(name: str, text: str) -> None:
    assert offences(name, text)


def test_the_signed_claims_know_one_action() -> None:
    assert get_args(get_type_hints(wire.CommandClaims)["action"]) == ("close",)
    good = {
        "command_id": "c",
        "valve_id": "v",
        "seq": 1,
        "issued_at_ms": 1,
        "expires_at_ms": 2,
        "alert_id": None,
    }
    for action in ("open", "toggle", "CLOSE", ""):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(good | {"action": action, "actors": []}, wire.CommandClaims)


def test_a_command_of_the_domain_has_nowhere_to_say_anything_else() -> None:
    assert "action" not in {field.name for field in fields(command.Command)}
    steps = {name for name in vars(valve_loop) if name.startswith("on_")}
    assert steps == {
        "on_close_due",
        "on_manual_close",
        "on_result",
        "on_position",
        "on_supply",
        "on_online",
        "on_concentration",
        "on_reset",
        "on_timer",
    }
    effects = {effect.__name__ for effect in get_args(valve.Effect)}
    assert effects == {"SendCommand", "RaiseV01", "ClearV01", "Item"}


def test_one_topic_and_one_event_type_reach_valves() -> None:
    topics = [value for name, value in vars(topic_names).items() if name.isupper() and "valve" in str(value)]
    assert topics == ["gas.valve-command.v1"]
    types = [name for name in events.EVENT_TYPES if "valve-command" in name]
    assert types == ["cn.gas.valve-command.issued.v1"]


async def test_the_api_closes_and_nothing_else() -> None:
    app: FastAPI = create_app("alerting", health=Health(), key=None)
    none: Any = None
    api.include(app, Deps(none, none, Places(), none, dict, lambda: None, lambda: None))
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://alerting"
    ) as client:
        paths = (await client.get("/openapi.json")).json()["paths"]
    about_valves = {
        (path, method) for path, methods in paths.items() if "/valves" in path for method in methods
    }
    assert about_valves == {
        ("/api/v1/valves/{valve_id}:arm", "post"),
        ("/api/v1/valves/{valve_id}:close", "post"),
        ("/api/v1/valves/{valve_id}/commands", "get"),
    }
    assert not [path for path in paths if re.search(r"open(?!api)", path)]


def test_an_opening_position_is_only_ever_heard_never_asked_for() -> None:
    """The words of a limit switch stand in what valves say, not in what is said to them."""
    said = {field.name for field in msgspec.structs.fields(wire.CommandClaims)}
    assert "position" not in said
    assert "position" not in {field.name for field in msgspec.structs.fields(events.ValveCommandIssued)}
