"""The HTTP API of alerting: alerts and their figures, valves, rules, and the public keys of commands."""

from fastapi import FastAPI

from services.alerting.entrypoints import api_alerts, api_figures, api_rules, api_valves
from services.alerting.entrypoints.deps import Deps


def include(app: FastAPI, deps: Deps) -> None:
    """Add every route to an app made by the chassis."""
    for part in (api_alerts, api_figures, api_valves, api_rules):
        app.include_router(part.router(deps))
