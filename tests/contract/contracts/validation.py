"""JSON Schema as the wire reads it, and which schema an example is of."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.validators import extend

ROOT = Path(__file__).resolve().parents[3]
CONTRACTS = ROOT / "shared" / "contracts"
_INTEGERS = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _checker, value: isinstance(value, int) and not isinstance(value, bool)
)
Validator = extend(Draft202012Validator, type_checker=_INTEGERS)


def validator(schema: str) -> Any:
    return Validator(json.loads((CONTRACTS / "schemas" / schema).read_text()))


def schema_of(example: str) -> str:
    """Return the schema file of an example's name: `reading.tank.json`, `cn.gas.alert.raised.v1.json`."""
    parts = example.removesuffix(".json").split(".")
    if parts[:2] == ["cn", "gas"]:
        return f"{parts[2]}.json"
    return f"reading.{parts[1]}.json" if parts[0] == "reading" else f"{parts[0]}.json"


def examples() -> dict[str, Any]:
    return {file.name: json.loads(file.read_text()) for file in (CONTRACTS / "examples").glob("*.json")}


def payloads(example: Any) -> list[Any]:
    """Return what the schema speaks of: the data of a CloudEvent, each reading of an array."""
    if isinstance(example, dict) and "specversion" in example:
        return [example["data"]]
    is_readings = isinstance(example, list) and all("type" not in item for item in example)
    return example if is_readings else [example]
