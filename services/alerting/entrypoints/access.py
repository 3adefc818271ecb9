"""Who may do what with alerts, valves and rules; everything else is refused."""

from typing import Annotated

from fastapi import Depends

from shared.chassis.http import Asking, require
from shared.chassis.principal import Principal

WATCH = frozenset({"watch", "watch_supervisor"})
CLOSERS = WATCH | {"dispatcher"}
ACTORS = WATCH | {"dispatcher", "administrator"}
RESETTERS = frozenset({"crew_lead"})
RULE_MAKERS = frozenset({"watch_supervisor", "administrator"})
REGULATORS = frozenset({"regulator_viewer", "regulator_officer", "regulator_approver", "inspector"})
CREW = frozenset({"crew_member", "crew_lead"})
READERS = ACTORS | REGULATORS | CREW | {"operator_admin", "government_approver"}


class Allow:
    """A dependency that refuses with 403 who has none of the roles."""

    def __init__(self, roles: frozenset[str]) -> None:
        self._roles = roles

    def __call__(self, asking: Asking) -> Principal:
        """Return who asks."""
        require(asking, self._roles)
        return asking


Reading = Annotated[Principal, Depends(Allow(READERS))]
Acting = Annotated[Principal, Depends(Allow(ACTORS))]
Closing = Annotated[Principal, Depends(Allow(CLOSERS))]
Resetting = Annotated[Principal, Depends(Allow(RESETTERS))]
RuleMaking = Annotated[Principal, Depends(Allow(RULE_MAKERS))]
