"""One OpenAPI document of the portal's own and those of the services behind it."""

from collections.abc import Mapping
from typing import Any

_PLACE = "#/components/schemas/"


def merged(own: Mapping[str, Any], behind: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the document of all; a component `X` is `<service>.X` unless the portal has the same one."""
    schemas = dict(_schemas(own))
    paths = dict(own["paths"])
    for service, document in sorted(behind.items()):
        names = {
            name: name if schemas.get(name) == schema else f"{service}.{name}"
            for name, schema in _schemas(document).items()
        }
        paths |= _renamed(document.get("paths", {}), names)
        schemas |= {names[name]: _renamed(schema, names) for name, schema in _schemas(document).items()}
    return {**own, "paths": paths, "components": {**own.get("components", {}), "schemas": schemas}}


def _schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    return found


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, list):
        return [_renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    renamed = {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(place := value.get("$ref"), str):
        renamed["$ref"] = _PLACE + names[place.removeprefix(_PLACE)]
    return renamed
