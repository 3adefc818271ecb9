"""Acts of people in the audit chain: the intent before, the result after."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Protocol

from services.portal.domain.audit import Entry, Head, Kind, shortened
from services.portal.ports import Audit
from shared.chassis.clock import Clock
from shared.chassis.database import AWAY
from shared.chassis.logs import get_logger
from shared.chassis.principal import Principal

HEAD_EVERY_S = 60.0
REASON_FIELDS = ("reason", "finding", "note", "text")
_OWNED = ("operator_id", "area_code")
# What is searched stands in an index, which takes no text of any length.
_OBJECT_MAX = 500


class AuditAwayError(ConnectionError):
    """Nothing that a person asks for is done while it cannot be written down (503)."""


class Acts:
    """Writes what people do."""

    def __init__(self, audit: Audit, clock: Clock) -> None:
        self._audit = audit
        self._clock = clock

    async def intend(
        self, asking: Principal, action: str, target: str, address: str, *, body: Any, before: Any
    ) -> tuple[int, Entry]:
        """Write what somebody is about to do; whatever is raised here means that it must not be done."""
        entry = replace(
            self._entry("intent", asking, action, target, address),
            **_owner(before),
            reason=_reason(body),
            before=shortened(before),
            after=shortened(body),
        )
        try:
            return await self._audit.add(entry), entry
        except Exception as error:
            get_logger().error("no act without its intent in the audit chain", error=repr(error))
            raise AuditAwayError("The audit chain cannot be written.") from error

    async def happened(self, who: Principal, action: str, target: str, address: str, status: int) -> None:
        """Write what has no intent: signing in and out, a session that its owner ends."""
        entry = replace(self._entry("result", who, action, target, address), status=status)
        try:
            await self._audit.add(entry)
        except Exception as error:  # noqa: BLE001 - it has happened, and nobody is kept from signing in
            get_logger().error("not in the audit chain", action=action, actor=who.subject, error=str(error))

    async def done(self, intent: tuple[int, Entry], status: int, after: Any) -> None:
        """Write what came of it; it has happened, so a chain that is away now is only said in the log."""
        seq, entry = intent
        result = replace(
            entry, at_ms=self._clock.now_ms(), kind="result", about=seq, status=status, before=None,
            after=shortened(after), **_owner(after),
        )  # fmt: skip
        try:
            await self._audit.add(result)
        except Exception as error:  # noqa: BLE001 - the intent without a result stands and is shown as such
            get_logger().error("result not in the audit chain", intent=seq, status=status, error=str(error))

    def _entry(self, kind: Kind, who: Principal, action: str, target: str, address: str) -> Entry:
        return Entry(
            at_ms=self._clock.now_ms(),
            kind=kind,
            actor=who.subject,
            role=",".join(sorted(who.roles)),
            action=action,
            object=target[:_OBJECT_MAX],
            operator_id=who.operator_id,
            area_code=who.area_code,
            address=address,
            session_id=who.session_id,
        )


def _owner(found: Any) -> dict[str, Any]:
    """Return whose an object is, as far as it says so: its operator and its area may read of the act."""
    if not isinstance(found, Mapping):
        return {}
    return {name: found[name] for name in _OWNED if isinstance(found.get(name), str) and found[name]}


def _reason(body: Any) -> str | None:
    if not isinstance(body, Mapping):
        return None
    found = next((body[name] for name in REASON_FIELDS if isinstance(body.get(name), str)), None)
    return found[:1000] if found else None


class Heads(Protocol):
    """Signs what was last."""

    def sign(self, head: Head, at_ms: int) -> str:
        """Return a head's signed form, kept outside the database by then."""
        ...


async def sign_heads(audit: Audit, heads: Heads, clock: Clock) -> None:
    """Sign the last entry each minute in which something was written, until cancelled."""
    while True:
        await asyncio.sleep(HEAD_EVERY_S)
        try:
            await sign_head(audit, heads, clock)
        except AWAY as error:
            get_logger().warning("no head of the audit chain was signed", error=str(error))


async def sign_head(audit: Audit, heads: Heads, clock: Clock) -> None:
    """Sign the last entry if no head covers it."""
    head = await audit.unsigned()
    if head is not None:
        await audit.add_head(head.seq, await asyncio.to_thread(heads.sign, head, clock.now_ms()))
