"""Identifiers that sort by the time they were made."""

import secrets
import time
import uuid


def uuid7() -> str:
    """Return a new UUIDv7 (RFC 9562) as text."""
    unix_ms = time.time_ns() // 1_000_000
    value = unix_ms << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
