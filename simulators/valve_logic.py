"""How a valve judges a command: pure, so that the valve's own firmware could be tested against it.

A valve keeps two things in non-volatile memory, the `seq` and the id it executed last, and writes them
before it moves. It has no wall clock: it knows the time by its monotonic clock and the offset learnt from
the `server_time_ms` of a receipt. It can be closed from afar and is opened by hand on site.
"""

from dataclasses import dataclass, replace
from typing import Any, Literal, NamedTuple

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared.contracts.wire import CommandReason

LIFE_MS_MAX = 30_000
_HEADER = {"alg": "Ed25519", "typ": "gas-cmd+jwt"}


class _Claims(msgspec.Struct):
    """What is read of a verified command; `action` stays a text, so that a strange one can be named."""

    command_id: str
    valve_id: str
    action: str
    seq: int
    issued_at_ms: int
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What survives a loss of power."""

    seq: int = -1
    command_id: str | None = None


class Verdict(NamedTuple):
    """What a valve answers, what it keeps, and whether its motor starts."""

    result: Literal["accepted", "done", "refused"]
    reason: CommandReason | None
    command_id: str | None
    memory: Memory
    moves: bool = False

    def data(self) -> dict[str, Any]:
        """Return the `data` of the event `command_result`."""
        answer: dict[str, Any] = {"command_id": self.command_id, "result": self.result}
        return answer | ({"reason": self.reason} if self.reason else {})


@dataclass(frozen=True, slots=True)
class ValveLogic:
    """A valve's id, the keys it trusts, and what it knows of the time and of the past."""

    valve_id: str
    keys: KeySet
    memory: Memory = Memory()
    offset_ms: int | None = None

    def learn_time(self, server_time_ms: int, monotonic_ms: int) -> "ValveLogic":
        """Take a receipt's time; the latest counts, so that a corrected server is followed."""
        return replace(self, offset_ms=server_time_ms - monotonic_ms)

    def judge(self, text: str, monotonic_ms: int) -> Verdict:
        """Judge one command in the order of WIRE section 1, small print; keep `verdict.memory`, then move."""
        claims = self._verified(text)
        if claims is None:
            return Verdict("refused", "bad_signature", None, self.memory)
        if claims.valve_id != self.valve_id:
            return self._refused("wrong_valve", claims)
        if claims.action != "close":
            return self._refused("unknown_action", claims)
        if claims.command_id == self.memory.command_id:
            return Verdict("done", None, claims.command_id, self.memory)
        if self.offset_ms is None:
            return self._refused("clock_unset", claims)
        now_ms = monotonic_ms + self.offset_ms
        if now_ms >= claims.expires_at_ms or claims.expires_at_ms - claims.issued_at_ms > LIFE_MS_MAX:
            return self._refused("expired", claims)
        if claims.seq <= self.memory.seq:
            return self._refused("replayed", claims)
        memory = Memory(claims.seq, claims.command_id)
        return Verdict("accepted", None, claims.command_id, memory, moves=True)

    def _verified(self, text: str) -> _Claims | None:
        try:
            found = jws.deserialize_compact(text, self.keys, algorithms=["Ed25519"])
            if any(found.headers().get(name) != value for name, value in _HEADER.items()):
                return None
            return msgspec.json.decode(found.payload, type=_Claims)
        except (JoseError, ValueError):
            return None

    def _refused(self, reason: CommandReason, claims: _Claims) -> Verdict:
        return Verdict("refused", reason, claims.command_id, self.memory)
