"""Valves and their commands in PostgreSQL; every function works in the caller's transaction.

A command leaves by the outbox, before everything else in it, in the transaction that decided it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from services.alerting.domain.command import Command
from services.alerting.domain.valve import Valve
from shared.chassis.database import Connection
from shared.chassis.outbox import Message
from shared.contracts.events import ValveCommandIssued
from shared.contracts.topic_names import VALVE_COMMAND
from shared.contracts.wire import CommandClaims

ISSUED = "cn.gas.valve-command.issued.v1"


class Signer(Protocol):
    """Turns claims into the text that a valve verifies."""

    def sign(self, claims: CommandClaims) -> str:
        """Return the JWS."""
        ...


@dataclass(frozen=True, slots=True)
class Place:
    """Whose valve it is, what it protects, and which client speaks for it."""

    valve_id: str
    client_id: str
    site_id: str
    operator_id: str
    area_code: str
    zone: str


_SAVE = """
INSERT INTO valve (valve_id, client_id, site_id, operator_id, area_code, zone, position, state, next_deadline)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, to_timestamp($9::double precision / 1000))
ON CONFLICT (valve_id) DO UPDATE SET
  client_id = EXCLUDED.client_id, site_id = EXCLUDED.site_id, operator_id = EXCLUDED.operator_id,
  area_code = EXCLUDED.area_code, zone = EXCLUDED.zone, position = EXCLUDED.position,
  state = EXCLUDED.state, next_deadline = EXCLUDED.next_deadline, updated_at = clock_timestamp()
"""
_SAVE_COMMAND = """
INSERT INTO valve_command (command_id, valve_id, site_id, operator_id, area_code, zone, seq, issued_at,
  expires_at, alert_ids, actors, automatic, reason, attempt, results, closed)
VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8::double precision / 1000),
  to_timestamp($9::double precision / 1000), $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (command_id) DO UPDATE SET
  attempt = EXCLUDED.attempt, results = EXCLUDED.results, closed = EXCLUDED.closed
"""


def from_states(states: Sequence[object] | None) -> dict[str, Valve]:
    """Return valves by id from their stored states."""
    valves = [msgspec.convert(state, Valve) for state in states or ()]
    return {valve.valve_id: valve for valve in valves}


async def save(connection: Connection, valves: Sequence[tuple[Place, Valve, int | None]]) -> None:
    """Write valves with their deadlines (Unix ms), and what became of their last commands."""
    await connection.executemany(
        _SAVE,
        [
            (*_place(place), valve.position, msgspec.to_builtins(valve), deadline_ms)
            for place, valve, deadline_ms in valves
        ],
    )
    commands = [(place, valve.command) for place, valve, _ in valves if valve.command is not None]
    await connection.executemany(_SAVE_COMMAND, [_command(place, command) for place, command in commands])


def messages(
    signer: Signer, places: Mapping[str, Place], commands: Sequence[tuple[str, Command]]
) -> list[Message]:
    """Return the outbox messages that send the commands, given as (valve id, command)."""
    return [_message(signer, places[valve_id], command) for valve_id, command in commands]


def _place(place: Place) -> tuple[str, str, str, str, str, str]:
    return (
        place.valve_id,
        place.client_id,
        place.site_id,
        place.operator_id,
        place.area_code,
        place.zone,
    )


def _command(place: Place, command: Command) -> tuple[object, ...]:
    return (
        command.command_id,
        place.valve_id,
        place.site_id,
        place.operator_id,
        place.area_code,
        place.zone,
        command.seq,
        command.issued_ms,
        command.expires_ms,
        list(command.alert_ids),
        list(command.actors),
        command.automatic,
        command.reason,
        command.attempt,
        list(command.results),
        command.ended,
    )


def _message(signer: Signer, place: Place, command: Command) -> Message:
    alert_id = command.alert_ids[0] if command.alert_ids else None
    actors = list(command.actors)
    claims = CommandClaims(
        command_id=command.command_id,
        valve_id=place.valve_id,
        action="close",
        seq=command.seq,
        issued_at_ms=command.issued_ms,
        expires_at_ms=command.expires_ms,
        alert_id=alert_id,
        actors=actors,
    )
    event = ValveCommandIssued(
        command_id=command.command_id,
        valve_id=place.valve_id,
        client_id=place.client_id,
        site_id=place.site_id,
        operator_id=place.operator_id,
        area_code=place.area_code,
        zone=place.zone,
        jws=signer.sign(claims),
        seq=command.seq,
        issued_at_ms=command.issued_ms,
        expires_at_ms=command.expires_ms,
        alert_id=alert_id,
        actors=actors,
        automatic=command.automatic,
        reason=command.reason,
        attempt=command.attempt,
    )
    value = msgspec.json.encode(event)
    return Message(VALVE_COMMAND, place.site_id, value, type=ISSUED, urgent=True)
