"""What the OpenAPI document says of answers. Nothing of this is looked at while requests are answered.

An answer's shape is a msgspec struct whose name becomes that of the component; an answer that is no shape's
instance is found by the tests, which hold every answer they get against the document.
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from fastapi import FastAPI
from msgspec import UNSET, Struct, UnsetType

_REF = "#/components/schemas/{name}"
_PROBLEM = "application/problem+json"
Responses = dict[int | str, dict[str, Any]]


class FieldFault(Struct):
    """A field or parameter that is wrong, and why."""

    loc: list[str | int]
    msg: str
    type: str


class Problem(Struct):
    """A refusal (RFC 9457); `type` is a code, members beyond these belong to their type."""

    type: str
    title: str
    status: int
    detail: str | UnsetType = UNSET
    errors: list[FieldFault] | UnsetType = UNSET


def page_of(item: type[Struct], *more: tuple[str, Any]) -> type[Struct]:
    """Return the shape of a page of `item`, and of what stands beside its items."""
    fields = [("items", list[item]), ("next_cursor", str | None), *more]  # type: ignore[valid-type]
    return msgspec.defstruct(f"{item.__name__}Page", fields, forbid_unknown_fields=True)


def _said(shapes: Sequence[type[Struct]], media_type: str) -> dict[str, Any]:
    """Return the content of an answer; its components come along as `$defs` until the document is made."""
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    for component in components.values():
        component.pop("title", None)
        if "description" in component:
            component["description"] = " ".join(component["description"].split())
    schema: dict[str, Any] = schemas[0] if len(schemas) == 1 else {"anyOf": list(schemas)}
    return {media_type: {"schema": {**schema, "$defs": components}}}


def answers(*shapes: type[Struct], status: int = 200) -> Responses:
    """Return the `responses` of a route that succeeds with one of these shapes."""
    return {status: {"content": _said(shapes, "application/json")}}


def refuses(shape: type[Struct], status: int) -> Responses:
    """Return the `responses` of a route with a problem of its own, beside the usual ones of that status."""
    return {status: {"content": _said([shape, Problem], _PROBLEM)}}


def plain(media_type: str, beside: Responses | None = None) -> Responses:
    """Return the `responses` of a route that succeeds with no JSON, perhaps as another form of `beside`."""
    content = {media_type: {"schema": {"type": "string"}}}
    return {200: {"content": (beside[200]["content"] if beside else {}) | content}}


REFUSALS: Responses = {"default": {"description": "Refused.", "content": _said([Problem], _PROBLEM)}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return an app's document, the shapes of its answers among its components."""
    found = FastAPI.openapi(app)
    components: dict[str, Any] = found.setdefault("components", {}).setdefault("schemas", {})
    for operations in found["paths"].values():
        for operation in operations.values():
            for response in operation["responses"].values():
                for content in response.get("content", {}).values():
                    content["schema"] = _moved(content["schema"], components)
    return found


def _moved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    """Take an answer's components out; what FastAPI said of the function's `dict` goes, too."""
    if "$defs" not in schema:
        return schema
    for name, component in schema["$defs"].items():
        if components.setdefault(name, component) != component:
            raise ValueError(f"two things are called {name} in the OpenAPI document")
    return {name: schema[name] for name in ("$ref", "anyOf") if name in schema}
