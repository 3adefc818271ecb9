"""Use cases: take an event in, escalate, deliver."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.notification.domain.backoff import next_delay_s
from services.notification.domain.escalation import ladder
from services.notification.domain.model import Book, Delivery, Intake, Notice, Planned, Result
from services.notification.domain.routing import plan
from services.notification.ports import Channels, Ledger


@dataclass(frozen=True, slots=True)
class Notifying:
    """The use cases over one ledger; `areas` maps a prefix of the area code to seconds per level."""

    ledger: Ledger
    channels: Channels
    areas: Mapping[str, Sequence[int]]

    async def take_in(self, notice: Notice, message_id: str, *, acknowledged: bool = False) -> Intake | None:
        """Plan deliveries and escalations of one event; an acknowledged alert is escalated no further."""

        def decide(book: Book) -> Intake:
            return Intake(
                planned=plan(notice, book, self.channels.names),
                escalate_after_s=ladder(notice, acknowledged=acknowledged, areas=self.areas),
                answered=acknowledged,
                over=notice.over and notice.priority == "P1" and not notice.mark,
            )

        return await self.ledger.take_in(notice, message_id, decide)

    async def escalate(self) -> int:
        """Send on everything that nobody acknowledged in time; return how many levels that were."""
        count = 0

        def decide(notice: Notice, book: Book) -> Sequence[Planned]:
            return plan(notice, book, self.channels.names)

        while await self.ledger.escalate(decide):
            count += 1
        return count

    async def mark(self, delivery: Delivery, result: Result) -> None:
        """Record how a delivery went, and when it is tried again if it failed."""
        delay_s = None if result.final else next_delay_s(delivery.attempts)
        await self.ledger.mark(delivery, result, delay_s)
