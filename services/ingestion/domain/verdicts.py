"""What ingestion decides about one message."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.ingestion.domain.fields import Reason

Leaf = Literal["reading", "event", "state"]


@dataclass(frozen=True, slots=True)
class Known:
    """What ingestion knows of a registered device: its kind, and the client that speaks for it."""

    kind: str
    client: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """What came (`raw`) and goes on as `item`; an alarm is receipted at once, never held back."""

    item: bytes
    raw: bytes
    device_id: str
    boot_id: int
    seq: int
    is_event: bool
    is_alarm: bool
    unregistered: bool = False
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message that does not go on; ids are None where they cannot be read, `raw` is what came."""

    reason: Reason
    raw: bytes
    detail: str = ""
    device_id: str | None = None
    boot_id: int | None = None
    seq: int | None = None

    @property
    def has_ids(self) -> bool:
        """Return whether the message can be named by its ids alone."""
        return self.device_id is not None and self.boot_id is not None and self.seq is not None

    @property
    def holds_alarm(self) -> bool:
        """Return whether it speaks of an alarm, so that people hear of it (rule S02)."""
        return b"alarm" in self.raw.lower()


Verdict = Accepted | Rejected


@dataclass(frozen=True, slots=True)
class Online:
    """The word of a client on its connection; `item` is the event `connection` made from it."""

    item: bytes
    boot_id: int


class Letter(NamedTuple):
    """A dead letter."""

    client: str
    source_topic: str
    reason: str
    detail: str
    value: bytes


class Waiting(NamedTuple):
    """A dead letter with the reason `unknown_device`: its device may be registered one day."""

    client: str
    leaf: Leaf
    value: bytes
    failed_at_ms: int
