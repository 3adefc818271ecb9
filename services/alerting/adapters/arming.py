"""Arm tokens in PostgreSQL: random, stored as a digest, for one person, one valve, one use, 60 s."""

import hashlib
import secrets
from typing import NamedTuple

from shared.chassis.database import Connection

ARM_S = 60


class Armed(NamedTuple):
    """A token just given; `expires_at_ms` by the database's clock."""

    token: str
    expires_at_ms: int


async def arm(
    connection: Connection, valve_id: str, operator_id: str, area_code: str, subject: str, reason: str
) -> Armed:
    """Give a token; tokens that expired a day ago are forgotten on the way."""
    token = secrets.token_urlsafe(32)
    await connection.execute("DELETE FROM valve_arm WHERE expires_at < now() - interval '1 day'")
    expires_at_ms: int = await connection.fetchval(
        "INSERT INTO valve_arm (token_sha256, valve_id, operator_id, area_code, subject, reason, expires_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, clock_timestamp() + make_interval(secs => $7))"
        " RETURNING (extract(epoch FROM expires_at) * 1000)::bigint",
        _digest(token),
        valve_id,
        operator_id,
        area_code,
        subject,
        reason,
        ARM_S,
    )
    return Armed(token, expires_at_ms)


async def use(connection: Connection, token: str, valve_id: str, subject: str) -> str | None:
    """Use a token up and return the reason given when arming; None when it is not (or no longer) valid."""
    reason: str | None = await connection.fetchval(
        "UPDATE valve_arm SET used_at = clock_timestamp() WHERE token_sha256 = $1 AND valve_id = $2"
        " AND subject = $3 AND used_at IS NULL AND expires_at > clock_timestamp() RETURNING reason",
        _digest(token),
        valve_id,
        subject,
    )
    return reason


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
