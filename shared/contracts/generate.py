"""`python -m shared.contracts.generate`: writes `schemas/*.json` (JSON Schema 2020-12) from the structs.

`--check` writes nothing and ends with 1 when a file is missing, stale or nobody's. What a struct cannot say
(the status of a kind, the data of a type) is added here.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from shared.contracts import events, objects, wire

FOLDER: Final = Path(__file__).parent / "schemas"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
INTEGERS: Final = (
    "An integer is written without fraction or exponent (1.0 is bad_field). At most 16 KiB, depth 4."
)
DEVICE_ID: Final = {
    "type": "string",
    "minLength": 1,
    "maxLength": 64,
    "not": {"pattern": "[^A-Za-z0-9_-]"},
}
RESERVED: Final[dict[str, bool]] = dict.fromkeys(("dropped", "unregistered", "client", "replayed"), False)
"""Names that ingestion writes; a device that uses them finds them taken out."""
TEXT: Final = {"type": "string", "not": {"pattern": "[\\u0000\\ud800-\\udfff]"}}

Schema = dict[str, Any]


def _definitions(*structs: type[msgspec.Struct]) -> dict[str, Schema]:
    _, found = msgspec.json.schema_components(structs, ref_template="#/$defs/{name}")
    return {name: _tidy(schema) for name, schema in sorted(found.items())}


def _tidy(schema: Any) -> Any:
    """Unfold docstrings, so that a schema changes only when its meaning does."""
    if isinstance(schema, dict):
        return {
            key: " ".join(value.split()) if key == "description" and isinstance(value, str) else _tidy(value)
            for key, value in schema.items()
        }
    if isinstance(schema, list):
        return [_tidy(each) for each in schema]
    return schema


def _document(title: str, schema: Schema, definitions: dict[str, Schema] | None = None) -> Schema:
    found = {"$schema": DIALECT, "title": title, "$comment": INTEGERS} | schema
    return found | ({"$defs": definitions} if definitions else {})


def _of(title: str, struct: type[msgspec.Struct]) -> Schema:
    return _document(title, {"$ref": f"#/$defs/{struct.__name__}"}, _definitions(struct))


def _wire_texts(schema: Any) -> Any:
    """Bound every free text of the wire: no NUL and no half surrogate, which no database can hold."""
    if isinstance(schema, dict):
        if schema.get("type") == "string" and "enum" not in schema:
            return {key: value for key, value in schema.items() if key != "type"} | TEXT
        return {key: _wire_texts(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [_wire_texts(each) for each in schema]
    return schema


def reading(kind: wire.DeviceKind) -> Schema:
    """Return the schema of a reading of one kind; other kinds' fields keep their own types."""
    schema = _definitions(wire.Reading)["Reading"]
    schema["properties"] |= {
        "device_id": DEVICE_ID,
        "status": {"enum": sorted(wire.STATUSES[kind])},
        "type": False,
        **RESERVED,
    }
    schema["description"] = f"A reading of a {kind}; its fields: {', '.join(sorted(wire.FIELDS[kind]))}."
    return _document(f"Reading of a {kind}", {key: schema[key] for key in schema if key != "title"})


def event() -> Schema:
    """Return the schema of an event: the data that its type requires."""
    found = _definitions(wire.Event, *wire.EVENT_DATA.values())
    schema = found.pop("Event")
    data = {name: _wire_texts(each) for name, each in found.items()}
    result = data["CommandResult"]
    result["if"] = {"properties": {"command_id": {"type": "null"}}, "required": ["command_id"]}
    result["then"] = {"properties": {"reason": {"const": "bad_signature"}}, "required": ["reason"]}
    schema["properties"] |= {"device_id": DEVICE_ID, "data": {"type": "object"}, **RESERVED}
    schema["oneOf"] = [
        {"properties": {"type": {"const": name}, "data": {"$ref": f"#/$defs/{struct.__name__}"}}}
        for name, struct in wire.EVENT_DATA.items()
    ]
    schema["description"] = "One event of a device."
    return _document("Event", {key: schema[key] for key in schema if key != "title"}, data)


def telemetry() -> Schema:
    """Return the schema of the values of `gas.telemetry.v1`: what is sure of each item, whatever its kind."""
    known = wire.INTEGER_MAX
    counter = {"type": "integer", "minimum": 0, "maximum": known}
    item: Schema = {
        "type": "object",
        "required": ["device_id"],
        "properties": {
            "device_id": DEVICE_ID,
            "boot_id": counter,
            "seq": counter,
            "status": {"enum": sorted(frozenset().union(*wire.STATUSES.values()))},
            "type": {"enum": [*sorted(wire.EVENT_DATA), "alarm_rejected", "connection"]},
            "data": {"type": "object"},
            "time_ms": counter,
            "buffered": {"type": "boolean"},
            "dropped": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
            "unregistered": {"const": True},
            "client": DEVICE_ID,
            "replayed": {"const": True},
        },
        "dependentRequired": {"unregistered": ["client"], "replayed": ["buffered"]},
        "oneOf": [
            {"required": ["status", "boot_id", "seq"], "not": {"required": ["type"]}},
            {
                "required": ["type", "data", "boot_id", "seq"],
                "properties": {"type": {"enum": sorted(wire.EVENT_DATA)}},
            },
            {
                "required": ["type", "data", "boot_id"],
                "not": {"required": ["seq"]},
                "properties": {
                    "type": {"const": "connection"},
                    "data": {"required": ["online"], "properties": {"online": {"type": "boolean"}}},
                },
            },
            {
                "required": ["type", "data"],
                "properties": {
                    "type": {"const": "alarm_rejected"},
                    "data": {"required": ["reason", "sha256"]},
                },
            },
        ],
    }
    array = {"type": "array", "maxItems": 500, "items": item}
    return _document("Readings and events of one partition; an empty array is a mark", array)


def schemas() -> dict[str, Schema]:
    """Return every schema by file name."""
    state = _of("State", wire.State)
    state["$defs"] = _wire_texts(state["$defs"])
    return {
        **{f"reading.{kind}.json": reading(kind) for kind in wire.KINDS},
        "event.json": event(),
        "state.json": state,
        "receipt.json": _of("Receipt", wire.Receipt),
        "command.json": _of("Claims of a valve command", wire.CommandClaims),
        "telemetry.json": telemetry(),
        "device.json": _of("Device", objects.Device),
        "site.json": _of("Site", objects.Site),
        "operator.json": _of("Operator", objects.Operator),
        "licence.json": _of("Licence", objects.Licence),
        "alert.json": _of("Alert after a change", events.AlertChanged),
        "valve-command.json": _of("Valve command", events.ValveCommandIssued),
        "order.json": _of("Order after a change", events.OrderChanged),
        "notification.json": _of("End of a delivery", events.NotificationResult),
        "enforcement.json": _of("Finding of the registry's rules", events.EnforcementEvent),
    }


def texts() -> dict[str, str]:
    """Return what each file must hold."""
    return {
        name: json.dumps(schema, indent=1, ensure_ascii=False) + "\n" for name, schema in schemas().items()
    }


def stale(folder: Path = FOLDER) -> list[str]:
    """Return what is wrong with the files of a folder, one sentence each."""
    wanted = texts()
    present = {file.name: file.read_text() for file in folder.glob("*.json")}
    return [
        *(f"{name} is missing" for name in sorted(wanted.keys() - present.keys())),
        *(f"{name} is of no struct" for name in sorted(present.keys() - wanted.keys())),
        *(f"{name} is stale" for name in sorted(wanted) if name in present and present[name] != wanted[name]),
    ]


def main(arguments: list[str]) -> int:
    """Write the schemas, or only check them."""
    if arguments == ["--check"]:
        faults = stale()
        sys.stderr.write("".join(f"{fault}; run python -m shared.contracts.generate\n" for fault in faults))
        return 1 if faults else 0
    FOLDER.mkdir(exist_ok=True)
    wanted = texts()
    for file in FOLDER.glob("*.json"):
        if file.name not in wanted:
            file.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
