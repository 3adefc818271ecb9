"""Holds the answers that tests get against the OpenAPI document: a hook for their clients.

What an answer has and the document does not name is as wrong as what is missing.
"""

import datetime as dt
import functools
import json
import re
from pathlib import Path
from typing import Any

import httpx
from jsonschema import Draft202012Validator, FormatChecker

DOCUMENT = json.loads((Path(__file__).parents[1] / "services/portal/ui/openapi.json").read_text())
_FORMATS = FormatChecker(formats=())


@_FORMATS.checks("date-time", ValueError)
def _is_time(value: object) -> bool:
    return not isinstance(value, str) or dt.datetime.fromisoformat(value).utcoffset() == dt.timedelta()


@_FORMATS.checks("date", ValueError)
def _is_day(value: object) -> bool:
    return not isinstance(value, str) or bool(dt.date.fromisoformat(value))


@functools.cache
def _paths() -> list[tuple[re.Pattern[str], str]]:
    """Return the document's paths, those without ids first."""
    found = sorted(DOCUMENT["paths"], key=lambda path: path.count("{"))
    return [(re.compile(re.sub(r"\\{[^}]*\\}", "[^/:]+", re.escape(path))), path) for path in found]


def operation(method: str, path: str) -> dict[str, Any] | None:
    """Return what the document says of a method at a path."""
    for pattern, template in _paths():
        said: dict[str, Any] | None = DOCUMENT["paths"][template].get(method.lower())
        if said is not None and pattern.fullmatch(path):
            return said
    return None


@functools.cache
def _validator(reference: str) -> Any:
    schema = json.loads(reference) | {"components": DOCUMENT["components"]}
    return Draft202012Validator(schema, format_checker=_FORMATS)


def component_faults(name: str, value: Any) -> list[str]:
    """Return what a component of the document does not say of a value."""
    found = _validator(json.dumps({"$ref": f"#/components/schemas/{name}"})).iter_errors(value)
    return [f"{fault.json_path}: {fault.message}" for fault in found]


def faults(response: httpx.Response) -> list[str]:
    """Return what the document does not say of an answer, which must have been read if it is JSON."""
    request = response.request
    here = f"{request.method} {request.url.path} {response.status_code}"
    said = operation(request.method, request.url.path)
    if said is None:
        # What does not exist is refused like everything else.
        said = DOCUMENT["paths"]["/api/v1/session"]["post"]
        if response.is_success:
            return [f"{here}: no such operation"]
    answer = said["responses"].get(str(response.status_code), said["responses"]["default"])
    if response.is_success and answer is said["responses"]["default"]:
        return [f"{here}: no such success"]
    content = answer.get("content", {})
    if not content:
        return [] if response.status_code == 204 else [f"{here}: no content is said"]
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if media_type not in content:
        return [f"{here}: {media_type} is not said"]
    if not media_type.endswith("json"):
        return []
    validator = _validator(json.dumps(content[media_type]["schema"]))
    return [
        f"{here} {fault.json_path}: {fault.message[:300]}" for fault in validator.iter_errors(response.json())
    ]


async def fits(response: httpx.Response) -> None:
    """Fail when an answer of the API is not what the document says; for a client's `event_hooks`."""
    if response.request.url.path.startswith("/api/v1/"):
        if "json" in response.headers.get("content-type", ""):
            await response.aread()
        found = faults(response)
        assert found == [], found


HOOKS: dict[str, list[Any]] = {"response": [fits]}
