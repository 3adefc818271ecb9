"""The audit chain: each entry's hash covers the one before, so that nothing is changed or lost unseen.

An entry is one text, and the hash is taken of that text: what is searched is derived from it.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any, Literal

GENESIS = bytes(32)
TEXT_BYTES_MAX = 16 * 1024
DEPTH_MAX = 100
# Said once and to one person; the chain is read by others, and for years.
SECRET_FIELDS = frozenset(
    {
        "password",
        "new_password",
        "otp",
        "token",
        "arm_token",
        "keys",
        "key",
        "totp_secret",
        "totp_uri",
        "totp_picture",
        "certificate",
    }
)
Kind = Literal["intent", "result", "automatic"]


@dataclass(frozen=True, slots=True)
class Entry:
    """Who did what to which object, when and from where; `before` and `after` are its states, if known.

    A person's act has two entries: the intent, written before the request goes on, and the result, which
    names the intent in `about`. What alerting did by itself has one, `automatic`.
    """

    at_ms: int
    kind: Kind
    actor: str
    role: str
    action: str
    object: str
    operator_id: str | None = None
    area_code: str | None = None
    address: str | None = None
    session_id: str | None = None
    about: int | None = None
    status: int | None = None
    reason: str | None = None
    before: Any = None
    after: Any = None


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as it stands in the chain; `seq` begins at 1."""

    seq: int
    hash: bytes
    text: str


@dataclass(frozen=True, slots=True)
class Head:
    """What was last at some time, signed by the portal and kept outside the database, too."""

    seq: int
    hash: bytes


class Fault(Enum):
    """What was done to a chain."""

    EDITED = "edited"
    DELETED = "deleted"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, and at which entry."""

    fault: Fault
    seq: int


def text_of(entry: Entry, seq: int) -> str:
    """Return the one text of an entry; its place stands in it, so that it fits in no other."""
    said = _storable(asdict(entry) | {"seq": seq})
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _storable(value: Any) -> Any:
    """Show U+0000, which no text of the database holds, by its symbol: what was tried is written down."""
    if isinstance(value, str):
        return value.replace("\x00", "\u2400")
    if isinstance(value, dict):
        return {_storable(name): _storable(inner) for name, inner in value.items()}
    return [_storable(inner) for inner in value] if isinstance(value, list) else value


def chained(previous: bytes, text: str) -> bytes:
    """Return the hash of an entry that follows the one with hash `previous`."""
    return hashlib.sha256(previous + text.encode()).digest()


def following(last: Head | None, entry: Entry) -> Link:
    """Return the link of an entry behind the last one."""
    seq = last.seq + 1 if last else 1
    text = text_of(entry, seq)
    return Link(seq, chained(last.hash if last else GENESIS, text), text)


def _place(text: str) -> int | None:
    try:
        found = json.loads(text)["seq"]
    except (ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) else None


def verify(links: Iterable[Link], heads: Sequence[Head]) -> Finding | int:
    """Return how many entries stand in a whole chain, or the first thing that is wrong with it.

    `links` come by `seq`. A deletion shows as a gap, two entries that changed places as texts that name
    other places, an edit as a hash that does not fit, an end that was cut off by a head beyond it, and a
    chain that was computed anew from some place on by a head with another hash.
    """
    signed = {head.seq: head.hash for head in heads}
    previous, seq = GENESIS, 0
    for link in links:
        if link.seq != seq + 1:
            return Finding(Fault.DELETED, seq + 1)
        seq = link.seq
        if _place(link.text) not in {seq, None}:
            return Finding(Fault.REORDERED, seq)
        if chained(previous, link.text) != link.hash:
            return Finding(Fault.EDITED, seq)
        if signed.get(seq, link.hash) != link.hash:
            return Finding(Fault.REWRITTEN, seq)
        previous = link.hash
    return Finding(Fault.TRUNCATED, seq + 1) if max(signed, default=0) > seq else seq


def shortened(value: Any) -> Any:
    """Return what a chain keeps of a body: no secret, of what is too long its length and hash.

    Nobody nests as deep as `DEPTH_MAX` but to find out what happens; of such a body that much is kept.
    """
    try:
        kept = _without_secrets(value, DEPTH_MAX)
    except _TooDeepError:
        return {"deeper_than": DEPTH_MAX}
    text = json.dumps(kept, ensure_ascii=False).encode()
    if len(text) <= TEXT_BYTES_MAX:
        return kept
    return {"bytes": len(text), "sha256": hashlib.sha256(text).hexdigest()}


class _TooDeepError(Exception):
    """A body is nested deeper than anybody means."""


def _without_secrets(value: Any, depth: int) -> Any:
    if depth == 0:
        raise _TooDeepError
    if isinstance(value, dict):
        return {
            name: "…" if name in SECRET_FIELDS else _without_secrets(inner, depth - 1)
            for name, inner in value.items()
        }
    return [_without_secrets(inner, depth - 1) for inner in value] if isinstance(value, list) else value
