"""The steps of a licence's life."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from services.registry.domain.kinds import LICENCE
from services.registry.domain.licences import Verb, after
from services.registry.handlers.changing import apply, current, load
from services.registry.handlers.errors import BadInput, Fault, NotAllowed
from services.registry.handlers.publishing import licence_state
from services.registry.handlers.registering import Context
from services.registry.ports import Row, Unit


@dataclass(frozen=True, slots=True)
class Step:
    """One step: from which day it holds (None = today), why, and for a renewal the new end."""

    verb: Verb
    on: dt.date | None
    reason: str
    valid_to: dt.date | None


async def take(unit: Unit, id_: str, step: Step, context: Context) -> Row:
    """Take a step in a licence's life; raise Absent, BadInput, or NotAllowed by its state that day."""
    day = step.on or context.moment.day
    if day > context.moment.day:
        raise BadInput([Fault(0, "on", "a step may not lie in the future")])
    if step.on not in {None, context.moment.day} and not context.licenses:
        # A firm that could date its filing back would have its expired licence deemed renewed.
        raise BadInput([Fault(0, "on", "what a firm files counts from the day it files it")])
    versions = await load(unit, LICENCE, id_)
    then = next((version.fields for version in versions if version.holds_on(day)), current(versions))
    before = licence_state(dict(then), day)
    state = after(step.verb, before)
    if state is None:
        raise NotAllowed(f"{step.verb} is not possible for a licence that is {before}")
    changes: dict[str, object] = {"state": state, "state_reason": step.reason}
    changes |= _renewal(step, dict(then), day)
    return await apply(unit, LICENCE, versions, changes, context, day)


def _renewal(step: Step, licence: Row, day: dt.date) -> Mapping[str, object]:
    if step.verb == "file-renewal":
        return {"renewal_filed_on": day.isoformat()}
    if step.verb != "renew":
        return {}
    if step.valid_to is None or step.valid_to.isoformat() <= licence["valid_to"]:
        raise BadInput([Fault(0, "valid_to", "a renewal needs a new end after the old one")])
    return {"valid_to": step.valid_to.isoformat(), "renewal_filed_on": None}
