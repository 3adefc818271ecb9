"""What the demo prints: each step with its time, in words of the field."""

import sys
import time
from typing import Any

from simulators.observer import Seen
from simulators.stories import Expectation, Story

_WORDS = {
    "alarm_raised": "探测器报警 detector alarm",
    "alarm_cleared": "探测器恢复 detector normal",
    "position_changed": "阀门动作 valve moved",
    "trip": "超压切断 trip",
    "fault_raised": "设备故障 fault",
    "muted": "消音 muted",
}


class Teller:
    """Prints lines with the seconds since `began`."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._told: set[tuple[str, ...]] = set()

    def begin(self) -> None:
        """Count seconds from now."""
        self.began = time.monotonic()

    def say(self, text: str, at: float | None = None) -> None:
        """Print a line with its time."""
        seconds = (time.monotonic() if at is None else at) - self.began
        sys.stdout.write(f"{seconds:8.2f} s  {text}\n")
        sys.stdout.flush()

    def heading(self, text: str) -> None:
        """Print a line without a time."""
        sys.stdout.write(f"\n{text}\n")
        sys.stdout.flush()

    def live(self, seen: Seen) -> None:
        """Print what is seen, each change once."""
        text = self._text(seen)
        if text is not None:
            self.say(text, seen.at)

    def _text(self, seen: Seen) -> str | None:
        facts = seen.facts
        if seen.see in {"device_alarm", "event", "limit_switch"}:
            return f"{_WORDS.get(facts['type'], facts['type']):<28} {facts['device_id']} {_shown(facts)}"
        if seen.see == "command_result":
            return f"{'阀门应答 valve answers':<28} {facts['device_id']} {facts['result']}"
        if seen.see == "alert":
            state = "报警 alert" if facts["active"] else "报警恢复 alert cleared"
            key = ("alert", facts["alert_id"], str(facts["active"]), facts["rule"])
            return self._once(key, f"{state:<28} {facts['rule']} {facts['priority']} {facts['site_id']}")
        if seen.see == "order":
            order = ("order", facts["order_id"], facts["state"])
            crew = facts.get("crew_id") or "-"
            return self._once(order, f"{'派单 order ' + facts['state']:<28} {facts['site_id']} {crew}")
        if seen.see == "message":
            to = f"{facts.get('recipient', '')}({facts.get('channel', '')})"
            return f"{'通知 message':<28} → {to} {str(facts.get('title', ''))[:60]}"
        return None

    def _once(self, key: tuple[str, ...], text: str) -> str | None:
        if key in self._told:
            return None
        self._told.add(key)
        return text

    def met(self, story: Story, wanted: Expectation, seconds: float, limit: float) -> None:
        """Print that an expectation was met."""
        self.say(f"✓ {wanted.text or wanted.name:<40} {seconds:6.2f} s ≤ {limit:g} s  [{story.name}]")

    def missed(self, story: Story, wanted: Expectation, text: str) -> None:
        """Print that an expectation was not met."""
        self.say(f"✗ {wanted.text or wanted.name:<40} {text}  [{story.name}]")


def _shown(facts: dict[str, Any]) -> str:
    hidden = {"device_id", "type", "command_id"}
    return " ".join(f"{name}={value}" for name, value in facts.items() if name not in hidden)
