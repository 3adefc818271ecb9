"""The words of the screens, by which a test finds what it looks for."""

import json
from functools import cache
from typing import Any

from deploy.native.places import PROJECT

FOLDER = PROJECT / "services" / "portal" / "ui" / "src" / "words" / "zh-CN"


@cache
def _catalogue(app: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in ("common", app):
        found |= json.loads((FOLDER / f"{name}.json").read_text())
    return found


def word(key: str, app: str = "console", **values: object) -> str:
    """Return what `key` says in Chinese, its gaps filled."""
    found: Any = _catalogue(app)
    for part in key.split("."):
        found = found[part]
    text = str(found)
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", str(value))
    return text
