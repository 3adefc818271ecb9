"""What the OpenAPI document says of answers."""

import httpx
import msgspec
import pytest
from msgspec import Struct

from shared.chassis.health import Health
from shared.chassis.http import create_app
from shared.chassis.openapi import answers, page_of, plain
from shared.contracts import resources
from shared.contracts.resources import Shape, Time


class Thing(Shape):
    """A thing.

    More of it.
    """

    at: Time
    name: str | None


async def test_an_answer_is_said_and_not_looked_at() -> None:
    app = create_app("things", health=Health(), key=None)

    @app.get("/things", responses=answers(page_of(Thing)))
    async def things() -> dict[str, object]:
        return {"items": "whatever", "more": 1}

    @app.get("/thing", responses=plain("text/csv", answers(Thing, page_of(Thing))))
    async def thing() -> dict[str, object]:
        return {}

    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://things") as client:
        assert (await client.get("/things")).json() == {"items": "whatever", "more": 1}
        document = (await client.get("/openapi.json")).json()
        assert (await client.get("/openapi.json")).json() == document
    said = document["paths"]["/things"]["get"]["responses"]
    assert said["200"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/ThingPage"}}
    }
    assert list(said["default"]["content"]) == ["application/problem+json"]
    assert document["components"]["schemas"]["Thing"] == {
        "type": "object",
        "description": "A thing. More of it.",
        "properties": {
            "at": {"type": "string", "format": "date-time"},
            "name": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["at", "name"],
        "additionalProperties": False,
    }
    contents = document["paths"]["/thing"]["get"]["responses"]["200"]["content"]
    references = [{"$ref": f"#/components/schemas/{name}"} for name in ("Thing", "ThingPage")]
    assert contents == {
        "application/json": {"schema": {"anyOf": references}},
        "text/csv": {"schema": {"type": "string"}},
    }


def test_two_shapes_of_one_name_are_refused() -> None:
    app = create_app("things", health=Health(), key=None)
    other = msgspec.defstruct("Thing", [("size", int)])

    @app.get("/a", responses=answers(Thing))
    async def one() -> None: ...

    @app.get("/b", responses=answers(other))
    async def two() -> None: ...

    with pytest.raises(ValueError, match="called Thing"):
        app.openapi()


def test_a_struct_of_an_event_shows_as_the_resource_of_it() -> None:
    class Alert(Struct):
        """It."""

        opened_at_ms: int
        cleared_at_ms: int | None = None
        hidden: bool = True
        count: int = 0

    shape = resources.shape(Alert, "hidden")
    shown = resources.resource(Alert(1)) | {}
    del shown["hidden"]
    assert msgspec.to_builtins(msgspec.convert(shown, shape)) == shown
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(shown | {"more": 1}, shape)
    schema = msgspec.json.schema(shape)["$defs"]["Alert"]
    assert schema["required"] == ["opened_at", "cleared_at", "count"]
