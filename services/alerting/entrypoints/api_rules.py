"""Set-points: read by everybody, changed by two persons, from a date on."""

from typing import Any, TypeAlias

from fastapi import APIRouter, Request, Response

from services.alerting.domain.rule_changes import Fault, Proposal, changed, find
from services.alerting.domain.setpoints import SetPoint
from services.alerting.entrypoints import shapes, shown
from services.alerting.entrypoints.deps import ActingUnit, Deps, acting, as_uuid
from services.alerting.entrypoints.inputs import Nothing, Propose
from shared.chassis.database import transaction
from shared.chassis.http import (
    Asking,
    Limit,
    decode_cursor,
    field_problem,
    not_found,
    page,
    problem,
    query_problem,
)
from shared.chassis.idempotency import once
from shared.chassis.ids import uuid7
from shared.chassis.openapi import answers
from shared.chassis.principal import Principal

Owner: TypeAlias = tuple[str, str]


def router(deps: Deps) -> APIRouter:
    """Return the routes below `/api/v1/rules` and `/api/v1/rule-proposals`."""
    routes = APIRouter(prefix="/api/v1")
    _reads(routes, deps)

    @routes.post("/rules/{rule}:propose", status_code=201, responses=answers(shapes.RuleProposal, status=201))
    async def propose(rule: str, body: Propose, request: Request, asking: Asking) -> Response:
        async with acting(deps) as unit:

            async def act() -> tuple[int, dict[str, Any]]:
                owner = await _may_change(deps, asking, body.scope)
                return 201, shown.proposal(await _propose(unit, deps, asking, rule, body, owner))

            return await once(request, asking, unit.connection, act)

    @routes.post("/rule-proposals/{proposal_id}:approve", responses=answers(shapes.RuleProposal))
    async def approve(
        proposal_id: str, request: Request, asking: Asking, _body: Nothing | None = None
    ) -> Response:
        async with acting(deps) as unit:

            async def act() -> tuple[int, dict[str, Any]]:
                return 200, shown.proposal(await _approve(unit, deps, asking, proposal_id))

            answer = await once(request, asking, unit.connection, act)
        deps.rules_changed()
        return answer

    return routes


def _reads(routes: APIRouter, deps: Deps) -> None:
    @routes.get("/rules", responses=answers(shapes.SetPointPage))
    async def rules(
        asking: Asking, rule: str | None = None, cursor: str | None = None, limit: Limit = 500
    ) -> dict[str, Any]:
        after = _key(decode_cursor(cursor, 3)) if cursor else None
        async with transaction(deps.api_pool, asking) as connection:
            now_ms = await deps.stores.rules.now_ms(connection)
            found = await deps.stores.rules.points(connection)
        wanted = [p for p in found if rule in {None, p.rule} and (after is None or _place(p) > after)]
        items = [shown.point(point, now_ms) for point in wanted[:limit]]
        return page(items, limit, _place(wanted[limit - 1]) if len(wanted) > limit else None)

    @routes.get("/rule-proposals", responses=answers(shapes.RuleProposalPage))
    async def proposals(asking: Asking, cursor: str | None = None, limit: Limit = 50) -> dict[str, Any]:
        after = as_uuid(decode_cursor(cursor, 1)[0]) if cursor else None
        if cursor and after is None:
            raise query_problem("cursor", "not a cursor of this list")
        async with transaction(deps.api_pool, asking) as connection:
            found = await deps.stores.rules.proposals(connection, after, limit)
        last = (found[-1].proposal_id,) if found else None
        return page([shown.proposal(proposal) for proposal in found], limit, last)


def _place(point: SetPoint) -> tuple[Any, ...]:
    return (point.key, point.scope, point.version)


def _key(values: list[Any]) -> tuple[str, str, int]:
    key, scope, version = values
    if not (isinstance(key, str) and isinstance(scope, str) and isinstance(version, int)):
        raise query_problem("cursor", "not a cursor of this list")
    return key, scope, version


async def _may_change(deps: Deps, asking: Principal, scope: str, what: str = "site") -> Owner | None:
    """Refuse a scope that cannot be, and sites of others; return (operator, area) of a site.

    `what` does not exist for a stranger: no word tells it from what does not exist for anybody.
    """
    if not scope.startswith("site:"):
        if scope and not scope.isdecimal():
            raise field_problem("scope", "must be empty, an area code's beginning, or site:<id>")
        return None
    site = deps.registry.site(scope.removeprefix("site:"))
    if site is None:
        raise not_found(what)
    async with transaction(deps.api_pool, asking) as connection:
        if not await deps.stores.alerts.visible(connection, site.operator_id, site.area_code):
            raise not_found(what)
    return site.operator_id, site.area_code


def _changes(body: Propose) -> dict[str, Any]:
    given = body.model_dump(
        include={"value", "on_s", "off_s", "deadband", "standard", "clause", "verified"}, exclude_none=True
    )
    for name in ("on_s", "off_s"):
        if name in given:
            given[f"{name.removesuffix('_s')}_ms"] = given.pop(name) * 1000
    return given


async def _propose(
    unit: ActingUnit, deps: Deps, asking: Principal, rule: str, body: Propose, owner: Owner | None
) -> Proposal:
    from_ms = int(body.effective_from.timestamp() * 1000)
    if from_ms <= unit.now_ms:
        raise field_problem("effective_from", "must lie in the future: a second person has to agree first")
    versions = await deps.stores.rules.points(unit.connection)
    if all(point.rule != rule for point in versions):
        raise not_found("rule")
    changes = _changes(body)
    before = _unless(find(versions, rule, body.key, body.scope, from_ms))
    _unless(changed(before, changes, body.scope, from_ms, versions))
    return await deps.stores.rules.propose(
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
        owner,
    )


async def _approve(unit: ActingUnit, deps: Deps, asking: Principal, proposal_id: str) -> Proposal:
    number = as_uuid(proposal_id)
    proposal = await deps.stores.rules.lock(unit.connection, number) if number else None
    if proposal is None:
        raise not_found("proposal")
    owner = await _may_change(deps, asking, proposal.scope, "proposal")
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
    versions = await deps.stores.rules.points(unit.connection)
    before = _unless(find(versions, proposal.rule, proposal.key, proposal.scope, from_ms))
    after = _unless(changed(before, proposal.changes, proposal.scope, from_ms, versions))
    await deps.stores.rules.add(unit.connection, after, owner)
    await deps.stores.rules.approve(unit.connection, proposal.proposal_id, asking.subject)
    return await deps.stores.rules.lock(unit.connection, proposal.proposal_id) or proposal


def _unless(found: SetPoint | Fault) -> SetPoint:
    if isinstance(found, Fault):
        raise field_problem(found.field, found.reason)
    return found
