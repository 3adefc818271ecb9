"""`python -m deploy.openapi`: prints the portal's OpenAPI document, made without any engine."""

import json
import sys
from pathlib import Path
from typing import Any, Self

from fastapi import FastAPI

from services.alerting.entrypoints import api as alerting
from services.alerting.entrypoints.deps import Deps
from services.dispatch.entrypoints import api as dispatch
from services.dispatch.entrypoints.requests import Orders
from services.history.entrypoints import api as history
from services.notification.entrypoints import api as notification
from services.notification.entrypoints import push_api
from services.portal import app as portal
from services.portal.domain.document import merged
from services.portal.settings import Settings
from services.registry import app as registry
from shared.chassis.clock import SystemClock
from shared.chassis.health import Health
from shared.chassis.http import create_app

KEPT = Path(__file__).parents[1] / "services" / "portal" / "ui" / "openapi.json"


class _Nothing:
    """Stands for what answers need and the document does not."""

    def __getattr__(self, name: str) -> Self:
        return self


NOTHING: Any = _Nothing()


def apps() -> dict[str, FastAPI]:
    """Return the app of every service that people reach through the portal."""
    found = {
        name: create_app(name, health=Health(), key=None)
        for name in ("alerting", "dispatch", "history", "notification")
    }
    alerting.include(found["alerting"], Deps(*[NOTHING] * 7))
    dispatch.add(found["dispatch"], Orders(*[NOTHING] * 5), NOTHING)
    history.add_routes(found["history"], NOTHING, clock=SystemClock(), keep_readings_days=1)
    notification.add(found["notification"], notification.Desk(*[NOTHING] * 3))
    push_api.add(found["notification"], NOTHING, NOTHING)
    return found | {"registry": registry.web(NOTHING, NOTHING, NOTHING, NOTHING, Health(), NOTHING)}


def document() -> dict[str, Any]:
    """Return what the portal answers when all services are there."""
    settings = Settings.model_construct(upstreams={}, public_origin="", ui_folder=Path())
    own = portal.build(settings, NOTHING, NOTHING, NOTHING, NOTHING, Health())
    return merged(own.openapi(), {name: app.openapi() for name, app in apps().items()})


def text() -> str:
    """Return the document as it stands in the front end's folder."""
    return json.dumps(document(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
