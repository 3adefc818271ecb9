"""What the API reads and writes beside the site under its lock; each function takes the caller's connection.

The modules of the same names in `adapters` are these protocols; `app` hands them over.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.alerting.domain.figures import Alarm
from services.alerting.domain.rule_changes import Proposal
from services.alerting.domain.setpoints import SetPoint
from services.alerting.domain.site import Alert
from shared.chassis.database import Connection


class AlertReads(Protocol):
    """Alerts as this connection may see them."""

    async def page(
        self, connection: Connection, filters: Mapping[str, Any], after: Sequence[Any] | None, limit: int
    ) -> list[Alert]:
        """Return alerts, the newest first; `after` is (opened_at_ms, alert_id) of the last seen."""
        ...

    async def get(self, connection: Connection, alert_id: str) -> Alert | None:
        """Return one alert."""
        ...

    async def timeline(
        self, connection: Connection, alert_id: str, after: int | None, limit: int
    ) -> list[tuple[int, dict[str, Any]]]:
        """Return the lines of an alert's timeline, each with its number."""
        ...

    async def visible(self, connection: Connection, operator_id: str, area_code: str) -> bool:
        """Tell whether what belongs to an operator, in an area, may be seen."""
        ...

    async def holder_crew(self, connection: Connection, site_id: str, order_id: str | None) -> str | None:
        """Return the crew that came with this order and holds the site."""
        ...


class FigureReads(Protocol):
    """What alarm figures are computed from, as this connection may see it."""

    async def now_ms(self, connection: Connection) -> int:
        """Return the database's clock."""
        ...

    async def alarms(
        self, connection: Connection, operator_id: str | None, from_ms: int, to_ms: int, limit: int
    ) -> list[Alarm]:
        """Return episodes that opened in a span, in the order of their time; tests and canaries left out."""
        ...

    async def stale(
        self, connection: Connection, operator_id: str | None, at_ms: int, *, past: bool
    ) -> list[Alert]:
        """Return alerts that had been active for more than a day at a time, the oldest first."""
        ...


class CommandReads(Protocol):
    """Valve commands as this connection may see them."""

    async def page(
        self, connection: Connection, valve_id: str, after: Sequence[Any] | None, limit: int
    ) -> list[dict[str, Any]]:
        """Return the commands of a valve, the newest first; `after` is (seq, command_id) of the last seen."""
        ...


class Arming(Protocol):
    """Tokens with which a person closes a valve: one person, one valve, one use, 60 s."""

    async def arm(
        self,
        connection: Connection,
        valve_id: str,
        operator_id: str,
        area_code: str,
        subject: str,
        reason: str,
    ) -> tuple[str, int]:
        """Return (token, its end in Unix ms)."""
        ...

    async def use(self, connection: Connection, token: str, valve_id: str, subject: str) -> str | None:
        """Use a token up and return the reason given when arming, None when it is not valid."""
        ...


class RuleStore(Protocol):
    """Set-points and the proposals to change them."""

    async def now_ms(self, connection: Connection) -> int:
        """Return the database's clock."""
        ...

    async def points(self, connection: Connection) -> list[SetPoint]:
        """Return every version of every set-point, by key, scope and version."""
        ...

    async def add(self, connection: Connection, point: SetPoint, owner: tuple[str, str] | None) -> None:
        """Write a new version, which ends the one before; `owner` = (operator, area) of its site."""
        ...

    async def propose(
        self, connection: Connection, proposal: Proposal, owner: tuple[str, str] | None
    ) -> Proposal:
        """Write a proposal and return it as it now stands; `owner` = (operator, area) of its site."""
        ...

    async def lock(self, connection: Connection, proposal_id: str) -> Proposal | None:
        """Lock and return a proposal."""
        ...

    async def proposals(self, connection: Connection, after: str | None, limit: int) -> list[Proposal]:
        """Return proposals, the newest first; `after` is the id of the last seen."""
        ...

    async def approve(self, connection: Connection, proposal_id: str, subject: str) -> None:
        """Note the second person."""
        ...


@dataclass(frozen=True, slots=True)
class Stores:
    """All of them."""

    alerts: AlertReads
    commands: CommandReads
    arming: Arming
    rules: RuleStore
    figures: FigureReads
