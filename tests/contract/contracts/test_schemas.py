"""The schemas are those of the structs, every example fits, every type has one, nothing is nobody's."""

import json
from pathlib import Path

import jsonschema
import msgspec
import pytest

from shared.contracts import generate, objects, wire
from shared.contracts.events import EVENT_TYPES
from tests.contract.contracts.validation import examples, payloads, schema_of, validator

EXAMPLES = examples()


def test_schemas_are_up_to_date() -> None:
    assert generate.stale() == []


def test_a_stale_a_missing_and_a_foreign_schema_are_told(tmp_path: Path) -> None:
    for name, text in generate.texts().items():
        (tmp_path / name).write_text(text)
    assert generate.stale(tmp_path) == []
    (tmp_path / "state.json").write_text("{}")
    (tmp_path / "event.json").unlink()
    (tmp_path / "poem.json").write_text("{}")
    assert generate.stale(tmp_path) == [
        "event.json is missing",
        "poem.json is of no struct",
        "state.json is stale",
    ]


@pytest.mark.parametrize("name", sorted(EXAMPLES))
def test_an_example_fits_its_schema(name: str) -> None:
    for payload in payloads(EXAMPLES[name]):
        validator(schema_of(name)).validate(payload)


def test_the_schemas_forbid_something() -> None:
    for name in sorted(EXAMPLES):
        schema = validator(schema_of(name))
        for payload in payloads(EXAMPLES[name]):
            if isinstance(payload, dict):
                required = json.loads(json.dumps(payload))
                required.pop(next(iter(required)))
                with pytest.raises(jsonschema.ValidationError):
                    schema.validate(required)


def test_every_cloudevents_type_has_an_example_whose_data_its_struct_reads() -> None:
    for name, struct in EVENT_TYPES.items():
        example = EXAMPLES[f"{name}.json"]
        assert example["type"] == name
        msgspec.convert(example["data"], struct)


def test_every_wire_message_has_an_example() -> None:
    wanted = {f"reading.{kind}.json" for kind in wire.KINDS} | {
        f"event.{name}.json" for name in wire.EVENT_DATA
    }
    wanted |= {"state.online.json", "state.offline.json", "receipt.json", "command.json", "telemetry.json"}
    wanted |= {"device.json", "site.json", "operator.json", "licence.json"}
    assert wanted <= EXAMPLES.keys()


def test_structs_read_the_examples() -> None:
    for name, struct in {
        "device": objects.Device,
        "site": objects.Site,
        "operator": objects.Operator,
        "licence": objects.Licence,
        "receipt": wire.Receipt,
        "command": wire.CommandClaims,
        "state.online": wire.State,
    }.items():
        msgspec.convert(EXAMPLES[f"{name}.json"], struct)
