"""What the READMEs, the descriptions of topics and the code say of who reads and writes which topic."""

import ast
import re
from pathlib import Path
from typing import Any

import yaml

from shared.contracts import topic_names

ROOT = Path(__file__).resolve().parents[3]
TOPIC = re.compile(r"(?<![\w.])gas\.[a-z-]+\.v1(?:\.dlq)?(?![\w.]*\w)")
DIRECTIONS = {"In": "in", "Out": "out"}
NAMES = {name: value for name, value in vars(topic_names).items() if name.isupper()}
Ways = dict[str, set[str]]


def services(root: Path = ROOT) -> list[str]:
    """Return the services that there are."""
    return sorted(file.parent.name for file in (root / "services").glob("*/__init__.py"))


def cells(line: str) -> list[str]:
    """Return the cells of a table's line, none for another line."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []


def in_readme(text: str) -> Ways:
    """Return the topics in and out as a README tells them.

    `In` or `Out` stands as a heading over a table, as the first cell of its head, or before one line of it.
    """
    found: Ways = {"in": set(), "out": set()}
    section = table = None
    for before, line in zip(["", *text.splitlines()], text.splitlines(), strict=False):
        if line.startswith("#"):
            section = DIRECTIONS.get(line.strip("# "))
        first = (cells(line) or [""])[0]
        if first and not cells(before):
            table = DIRECTIONS.get(first)
        direction = DIRECTIONS.get(first) or table or section
        if direction and cells(line):
            found[direction] |= set(TOPIC.findall(line))
        table = table if cells(line) else None
    return found


def in_descriptions(service: str, folder: Path = ROOT / "shared" / "contracts" / "topics") -> Ways:
    """Return the topics of which `topics/*.yaml` names this service as consumer or producer."""
    topics: list[dict[str, Any]] = [yaml.safe_load(file.read_text()) for file in folder.glob("*.yaml")]
    return {
        "in": {topic["name"] for topic in topics if service in topic["consumers"]},
        "out": {topic["name"] for topic in topics if service in topic["producers"]},
    }


def in_code(folder: Path) -> set[str]:
    """Return the topics whose names a service's code uses, and the dead letters that it can write or read.

    Dead letters are named by `dead_letters(TOPIC)`; a consumer loop writes those of its topics, unless these
    are dead letters themselves.
    """
    found: set[str] = set()
    for file in folder.rglob("*.py"):
        tree = ast.parse(file.read_text())
        known = _known(tree)
        found |= {topic for node in ast.walk(tree) for topic in _named(node, known)}
        found |= {f"{topic}.dlq" for topic in _looped(tree, known)}
    return found


def _known(tree: ast.Module) -> dict[str, str]:
    """Return what stands for a topic in a module: names it imports, or names behind the module's own."""
    found = {
        f"{module}.{name}": topic for module in ("names", "topic_names") for name, topic in NAMES.items()
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "shared.contracts.topic_names":
            found |= {alias.name: NAMES[alias.name] for alias in node.names if alias.name in NAMES}
    return found


def _called(node: ast.AST, name: str) -> bool:
    """Return whether a node calls a function of this name, with or without its module's."""
    if not isinstance(node, ast.Call):
        return False
    called = node.func
    return (called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")) == name


def _named(node: ast.AST, known: dict[str, str]) -> set[str]:
    if isinstance(node, ast.Call) and _called(node, "dead_letters"):
        return {f"{known[one]}.dlq" for one in map(ast.unparse, node.args) if one in known}
    if isinstance(node, ast.Name | ast.Attribute) and (said := ast.unparse(node)) in known:
        return {known[said]}
    return set()


def _looped(tree: ast.Module, known: dict[str, str]) -> set[str]:
    """Return the topics of a consumer loop: those of its list, or of a constant `TOPICS`."""
    found: set[str] = set()
    for node in ast.walk(tree):
        value: ast.AST | None = None
        if isinstance(node, ast.Call) and _called(node, "ConsumerLoop"):
            value = node.args[2]
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "TOPICS":
            value = node.value
        if isinstance(value, ast.List | ast.Tuple):
            found |= {known[one] for one in map(ast.unparse, value.elts) if one in known}
    return found
