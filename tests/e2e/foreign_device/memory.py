"""What outlives the power."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from . import Message

READINGS_MAX = 500


class Memory:
    """The number of this start, what nobody has receipted, and the command each valve executed last."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.kept: Message = {"boot_id": 0, "unreceipted": [], "executed": {}}
        if file.exists():
            self.kept = json.loads(file.read_text())
        self.kept["boot_id"] += 1
        self.save()

    @property
    def unreceipted(self) -> list[Message]:
        return self.kept["unreceipted"]  # type: ignore[no-any-return]

    def save(self) -> None:
        new = self._file.with_suffix(".new")
        with new.open("w") as file:
            json.dump(self.kept, file)
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._file)

    def keep(self, leaf: str, message: Message) -> Message:
        """Keep a message until it is receipted; a full memory drops its oldest reading, never an event."""
        entry = {"leaf": leaf, "message": message, "measured_ms": message["time_ms"], "sent": 0, "next": 0.0}
        self.unreceipted.append(entry)
        readings = [one for one in self.unreceipted if one["leaf"] == "reading"]
        if len(readings) > READINGS_MAX:
            self.unreceipted.remove(readings[0])
        self.save()
        return entry

    def drop(self, gone: Callable[[Message], bool]) -> int:
        """Forget what is receipted and return how many that were."""
        before = len(self.unreceipted)
        self.kept["unreceipted"] = [one for one in self.unreceipted if not gone(one["message"])]
        self.save()
        return before - len(self.unreceipted)
