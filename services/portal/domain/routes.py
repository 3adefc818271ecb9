"""Which service answers which path below `/api/v1/`."""

import re

_SERVICE_OF = {
    "operators": "registry",
    "licences": "registry",
    "sites": "registry",
    "devices": "registry",
    "unlicensed": "registry",
    "coverage": "registry",
    "readings": "history",
    "device-events": "history",
    "device-latest": "history",
    "alerts": "alerting",
    "valves": "alerting",
    "command-keys": "alerting",
    "rules": "alerting",
    "rule-proposals": "alerting",
    "orders": "dispatch",
    "crews": "dispatch",
    "shifts": "dispatch",
    "contacts": "notification",
    "routes": "notification",
    "deliveries": "notification",
    "push-key": "notification",
    "push-subscriptions": "notification",
    "alert-figures": "alerting",
}
# What the service would decode once more names another object than the audit chain says.
_SAFE = re.compile(r"[A-Za-z0-9_.:/~-]+\Z")
ARM = re.compile(r"valves/[A-Za-z0-9_-]{1,64}:arm\Z")


def service_of(path: str) -> str | None:
    """Return who answers `path` (without `/api/v1/`), or None when nobody does."""
    if not _SAFE.match(path) or ".." in path or "//" in path or path.endswith("/"):
        return None
    return _SERVICE_OF.get(re.split(r"[/:]", path, maxsplit=1)[0])


def services() -> frozenset[str]:
    """Return every service behind the portal."""
    return frozenset(_SERVICE_OF.values())
