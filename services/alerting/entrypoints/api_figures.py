"""`GET /api/v1/alert-figures`: how much of people's attention alarms took."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query

from services.alerting.domain import figures
from services.alerting.domain.figures import TARGETS, Figures, Span
from services.alerting.domain.site import Alert
from services.alerting.entrypoints import shapes
from services.alerting.entrypoints.deps import Deps
from shared.chassis.database import transaction
from shared.chassis.http import Asking, query_problem
from shared.chassis.openapi import answers
from shared.chassis.times import Moment, rfc3339

DAY_MS = 86_400_000
SPAN_MS_MAX = 31 * DAY_MS
# A flood that lasts when the span begins is known by the alarms of the day before.
LEAD_MS = DAY_MS
ALARMS_MAX = 300_000
PRESENT_MS = 60_000
Time = Annotated[Moment | None, Query()]


def router(deps: Deps) -> APIRouter:
    """Return the route."""
    routes = APIRouter(prefix="/api/v1")

    @routes.get("/alert-figures", responses=answers(shapes.AlertFigures))
    async def alert_figures(
        asking: Asking,
        from_: Annotated[Moment | None, Query(alias="from")] = None,
        to: Time = None,
        operator_id: str | None = None,
    ) -> dict[str, Any]:
        """Return the figures of the last 24 hours, or of 31 days at most.

        Without `operator_id` those of all operators that who asks may see; time in flood is then the share of
        all their positions' time together.
        """
        reads = deps.stores.figures
        async with transaction(deps.api_pool, asking) as connection:
            now_ms = await reads.now_ms(connection)
            span = _span(from_, to, now_ms)
            alarms = await reads.alarms(
                connection, operator_id, span.from_ms - LEAD_MS, span.to_ms, ALARMS_MAX + 1
            )
            past = span.to_ms < now_ms - PRESENT_MS
            stale = await reads.stale(connection, operator_id, span.to_ms, past=past)
        if len(alarms) > ALARMS_MAX:
            raise query_problem("from", f"more than {ALARMS_MAX} alarms: ask about a shorter time")
        found = await asyncio.to_thread(figures.compute, alarms, span)
        return _shown(found, span, stale)

    return routes


def _span(from_: Moment | None, to: Moment | None, now_ms: int) -> Span:
    """Return what is asked about; what lies in the future has no figures."""
    to_ms = min(round(to.timestamp() * 1000) if to else now_ms, now_ms)
    from_ms = round(from_.timestamp() * 1000) if from_ else to_ms - DAY_MS
    if from_ms >= to_ms:
        raise query_problem("from", "must lie before `to`, and before now")
    if to_ms - from_ms > SPAN_MS_MAX:
        raise query_problem("from", "more than 31 days")
    return Span(from_ms, to_ms)


def _shown(found: Figures, span: Span, stale: list[Alert]) -> dict[str, Any]:
    return {
        "from": rfc3339(span.from_ms),
        "to": rfc3339(span.to_ms),
        "total": found.total,
        "positions": found.positions,
        "per_10_min": [{"at": rfc3339(at_ms), "count": count} for at_ms, count in found.per_window],
        "in_flood_percent": found.in_flood_percent,
        "floods": [
            {
                "operator_id": flood.operator_id,
                "from": rfc3339(flood.from_ms),
                "to": rfc3339(flood.to_ms),
                "count": flood.count,
            }
            for flood in found.floods
        ],
        "chattering": [
            {
                "device_id": one.device_id,
                "site_id": one.site_id,
                "count": one.count,
                "from": rfc3339(one.from_ms),
                "to": rfc3339(one.to_ms),
            }
            for one in found.chattering
        ],
        "stale": [_stale(alert, span) for alert in stale],
        "priorities": [
            {
                "priority": share.priority,
                "count": share.count,
                "percent": share.percent,
                "target_percent": TARGETS.get(share.priority),
            }
            for share in found.priorities
        ],
        "worst": [
            {"device_id": one.device_id, "site_id": one.site_id, "count": one.count} for one in found.worst
        ],
        "acknowledged_s": [
            {"priority": one.priority, "count": one.count, "median": one.median_s, "p95": one.p95_s}
            for one in found.acknowledged
        ],
    }


def _stale(alert: Alert, span: Span) -> dict[str, Any]:
    return {
        "alert_id": alert.alert_id,
        "rule": alert.rule,
        "priority": alert.priority,
        "site_id": alert.site_id,
        "device_ids": list(alert.device_ids),
        "opened_at": rfc3339(alert.opened_at_ms),
        "hours": round((span.to_ms - alert.opened_at_ms) / 3_600_000, 1),
    }
