"""What the registry's use cases refuse, and why; the entrypoint says it in HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.registry.domain.kinds import Kind


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of one input; `absent` = it names what does not exist for who asks."""

    index: int
    field: str
    reason: str
    absent: bool = False


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """The base of the refusals."""


class BadInput(Refused):
    """Fields are wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"{len(faults)} fields are wrong")
        self.faults = faults


class Absent(Refused):
    """There is no such object, or it belongs to another tenant; `ids` = which of those asked for."""

    def __init__(self, kind: Kind, ids: Sequence[str] = ()) -> None:
        super().__init__(kind.table)
        self.kind = kind
        self.ids = ids


class Stale(Refused):
    """Somebody changed the object since it was read."""


class NotAllowed(Refused):
    """The state of the object does not allow this step."""
