"""Set-points: read by everybody, changed by two persons, from a date on."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.alerting.adapters import rule_store
from services.alerting.adapters.rule_store import Proposal
from services.alerting.domain.rule_changes import Fault, changed, find
from services.alerting.domain.setpoints import SetPoint
from services.alerting.entrypoints.access import Reading, RuleMaking
from services.alerting.entrypoints.deps import ActingUnit, Deps, acting
from services.alerting.entrypoints.inputs import Nothing, Propose
from shared.chassis.database import transaction
from shared.chassis.http import Limit, decode_cursor, field_problem, not_found, page, problem
from shared.chassis.idempotency import once
from shared.chassis.ids import uuid7
from shared.chassis.principal import Principal

_NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"


def router(deps: Deps) -> APIRouter:
    """Return the routes below `/api/v1/rules` and `/api/v1/rule-proposals`."""
    routes = APIRouter(prefix="/api/v1")
    _reads(routes, deps)

    @routes.post("/rules/{rule}:propose")
    async def propose(rule: str, body: Propose, request: Request, asking: RuleMaking) -> Response:
        async with acting(deps) as unit:

            async def act() -> tuple[int, dict[str, Any]]:
                await _may_change(deps, asking, body.scope)
                return 201, (await _propose(unit, asking, rule, body)).as_json()

            return await once(request, asking, unit.connection, act)

    @routes.post("/rule-proposals/{proposal_id}:approve")
    async def approve(
        proposal_id: UUID, request: Request, asking: RuleMaking, _body: Nothing | None = None
    ) -> Response:
        async with acting(deps) as unit:

            async def act() -> tuple[int, dict[str, Any]]:
                return 200, (await _approve(unit, deps, asking, str(proposal_id))).as_json()

            answer = await once(request, asking, unit.connection, act)
        deps.rules_changed()
        return answer

    return routes


def _reads(routes: APIRouter, deps: Deps) -> None:
    @routes.get("/rules")
    async def rules(
        asking: Reading, rule: str | None = None, cursor: str | None = None, limit: Limit = 500
    ) -> dict[str, Any]:
        after = _key(decode_cursor(cursor, 3)) if cursor else None
        async with transaction(deps.api_pool, asking) as connection:
            now_ms = await connection.fetchval(_NOW)
            found = await rule_store.points(connection)
        wanted = [p for p in found if rule in {None, p.rule} and (after is None or _place(p) > after)]
        items = [rule_store.point_as_json(point, now_ms) for point in wanted[:limit]]
        return page(items, limit, _place(wanted[limit - 1]) if len(wanted) > limit else None)

    @routes.get("/rule-proposals")
    async def proposals(asking: Reading, cursor: str | None = None, limit: Limit = 50) -> dict[str, Any]:
        after = _uuid(decode_cursor(cursor, 1)[0]) if cursor else None
        async with transaction(deps.api_pool, asking) as connection:
            found = await rule_store.proposals(connection, after, limit)
        last = (found[-1].proposal_id,) if found else None
        return page([proposal.as_json() for proposal in found], limit, last)


def _place(point: SetPoint) -> tuple[Any, ...]:
    return (point.key, point.scope, point.version)


def _key(values: list[Any]) -> tuple[str, str, int]:
    key, scope, version = values
    if not (isinstance(key, str) and isinstance(scope, str) and isinstance(version, int)):
        raise field_problem("cursor", "not a cursor of this list")
    return key, scope, version


def _uuid(text: Any) -> str:
    try:
        return str(UUID(text))
    except (TypeError, ValueError, AttributeError) as error:
        raise field_problem("cursor", "not a cursor of this list") from error


async def _may_change(deps: Deps, asking: Principal, scope: str) -> None:
    """Refuse a scope that cannot be, and sites of others."""
    if not scope.startswith("site:"):
        if scope and not scope.isdecimal():
            raise field_problem("scope", "must be empty, an area code's beginning, or site:<id>")
        return
    site = deps.registry.site(scope.removeprefix("site:"))
    visible = False
    if site is not None:
        async with transaction(deps.api_pool, asking) as connection:
            visible = await connection.fetchval("SELECT gw.visible($1, $2)", site.operator_id, site.area_code)
    if not visible:
        raise not_found("site")


def _changes(body: Propose) -> dict[str, Any]:
    given = body.model_dump(
        include={"value", "on_s", "off_s", "deadband", "standard", "clause", "verified"}, exclude_none=True
    )
    for name in ("on_s", "off_s"):
        if name in given:
            given[f"{name.removesuffix('_s')}_ms"] = given.pop(name) * 1000
    return given


async def _propose(unit: ActingUnit, asking: Principal, rule: str, body: Propose) -> Proposal:
    from_ms = int(body.effective_from.timestamp() * 1000)
    if from_ms <= unit.now_ms:
        raise field_problem("effective_from", "must lie in the future: a second person has to agree first")
    versions = await rule_store.points(unit.connection)
    if all(point.rule != rule for point in versions):
        raise not_found("rule")
    changes = _changes(body)
    before = _unless(find(versions, rule, body.key, body.scope, from_ms))
    _unless(changed(before, changes, body.scope, from_ms, versions))
    return await rule_store.propose(
        unit.connection,
        Proposal(
            proposal_id=uuid7(),
            rule=rule,
            key=before.key,
            scope=body.scope,
            changes=changes,
            reason=body.reason,
            effective_from_ms=from_ms,
            proposed_by=asking.subject,
            by_administrator=asking.has({"administrator"}),
        ),
    )


async def _approve(unit: ActingUnit, deps: Deps, asking: Principal, proposal_id: str) -> Proposal:
    proposal = await rule_store.lock(unit.connection, proposal_id)
    if proposal is None:
        raise not_found("proposal")
    await _may_change(deps, asking, proposal.scope)
    if proposal.approved_by is not None:
        raise problem(409, "already-approved", f"{proposal.approved_by} approved it before.")
    if proposal.proposed_by == asking.subject:
        raise problem(409, "second-person-required", "A change takes two persons: another has to approve it.")
    local = proposal.scope.startswith("site:")
    if not (local or proposal.by_administrator or asking.has({"administrator"})):
        raise problem(
            403, "forbidden", "One of the two must be an administrator: it holds at other operators too."
        )
    from_ms = max(proposal.effective_from_ms, unit.now_ms)
    versions = await rule_store.points(unit.connection)
    before = _unless(find(versions, proposal.rule, proposal.key, proposal.scope, from_ms))
    await rule_store.add(
        unit.connection, _unless(changed(before, proposal.changes, proposal.scope, from_ms, versions))
    )
    await rule_store.approve(unit.connection, proposal_id, asking.subject)
    return await rule_store.lock(unit.connection, proposal_id) or proposal


def _unless(found: SetPoint | Fault) -> SetPoint:
    if isinstance(found, Fault):
        raise field_problem(found.field, found.reason)
    return found
