"""What the demo prints: each step with its time, in words of the field, in both languages.

Lines wait half a second and come out in the order in which things happened: an alert is seen a little
later than the valve that obeys it answers.
"""

import asyncio
import sys
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from shared.contracts.rule_names import RULE_NAMES
from simulators.observer import Seen
from simulators.stories import Action, Expectation, Story, Text

HOLD_S = 0.5
WORDS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "scenarios" / "words.yaml").read_text())
_LABEL_COLUMNS = 30
_STEP_COLUMNS = 50


def padded(text: str, columns: int) -> str:
    """Return a text that is filled up to so many columns of a terminal, where wide characters take two."""
    wide = sum(unicodedata.east_asian_width(one) in {"W", "F"} for one in text)
    return text + " " * max(0, columns - len(text) - wide)


def word(kind: str, code: str) -> Text:
    """Return what a code means; an unknown one stands for itself."""
    found = WORDS[kind].get(code)
    return Text(**found) if found else Text(code, "")


@dataclass
class _Line:
    """A line that waits; a message of one title to one person is one line, with how many on each channel."""

    at: float
    number: int
    text: str
    channels: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        """Return it as it is printed."""
        channels = [
            name if count == 1 else f"{name} ×{count}" for name, count in sorted(self.channels.items())
        ]
        return self.text.replace("{channels}", ", ".join(channels))


class Teller:
    """Prints lines with the seconds since `began`."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._sites: frozenset[str] = frozenset()
        self._told: set[tuple[str, ...]] = set()
        self._held: dict[tuple[str, ...], _Line] = {}
        self._number = 0
        self._last = 0.0

    # --- at once ---

    def say(self, text: str) -> None:
        """Print a line with its time, now."""
        self._print(time.monotonic(), text)

    def heading(self, text: str) -> None:
        """Print a line without a time."""
        self._tell_until(float("inf"))
        sys.stdout.write(f"\n{text}\n")
        sys.stdout.flush()

    def story(self, story: Story, began: float) -> None:
        """Print a story's title; its clock starts when its cause happens."""
        self.heading(f"══ {story.title.zh} · {story.title.en} [{story.name}] ══")
        self.began, self._sites, self._last = began, story.sites, 0.0

    def _print(self, at: float, text: str) -> None:
        sys.stdout.write(f"{at - self.began:8.2f} s  {text}\n")
        sys.stdout.flush()

    # --- in the order in which it happened ---

    async def tell_all(self) -> None:
        """Return when everything that was seen until now is printed."""
        await asyncio.sleep(HOLD_S)
        self._tell_until(float("inf"))

    def _hold(self, at: float, text: str, key: tuple[str, ...] = (), channel: str = "") -> None:
        self._number += 1
        line = self._held.setdefault(key or (str(self._number),), _Line(at, self._number, text))
        if channel:
            line.channels[channel] += 1
        asyncio.get_running_loop().call_later(HOLD_S, self._tell_until, time.monotonic())

    def _tell_until(self, moment: float) -> None:
        due = [(key, line) for key, line in self._held.items() if line.at <= moment]
        for key, line in sorted(due, key=lambda one: (one[1].at, one[1].number)):
            del self._held[key]
            # What was seen too late for its place is not put before what stands there already.
            self._last = max(self._last, line.at)
            self._print(self._last, str(line))

    def act(self, action: Action) -> None:
        """Print what a story does: the cause of all that follows."""
        if action.text is not None:
            self._hold(time.monotonic(), f"▶ {action.text} · {action.site}")

    def live(self, seen: Seen) -> None:
        """Print what is seen, each change once."""
        found = self._text(seen)
        if found is None:
            return
        label, rest = found
        earlier = seen.site and self._sites and seen.site not in self._sites
        text = f"{padded(label, _LABEL_COLUMNS)} {rest.rstrip()}{'  (前 earlier story)' if earlier else ''}"
        if seen.see == "message":
            key = ("message", str(seen.facts.get("recipient")), str(seen.facts.get("title")))
            self._hold(seen.at, text, key, str(seen.facts.get("channel")))
        else:
            self._hold(seen.happened_at, text)

    def _text(self, seen: Seen) -> tuple[str, str] | None:
        facts = seen.facts
        if seen.see in {"device_alarm", "event", "limit_switch", "command_result"}:
            return str(word("events", facts["type"])), f"{facts['device_id']} {_shown(facts)}"
        if seen.see == "alert":
            label = "报警 alert" if facts["active"] else "报警恢复 alert cleared"
            rule = f"{facts['rule']} {' '.join(RULE_NAMES[facts['rule']])}"
            key: tuple[str, ...] = ("alert", facts["alert_id"], str(facts["active"]), facts["rule"])
            return self._once(key, label, f"{facts['priority']} {rule} · {facts['site_id']}")
        if seen.see == "order":
            crew = facts.get("crew_id") or "尚无班组 no crew yet"
            key = ("order", facts["order_id"], facts["state"], facts["priority"] + crew)
            state = word("orders", facts["state"])
            return self._once(
                key, "抢修派单 order", f"{facts['priority']} {state} {crew} · {facts['site_id']}"
            )
        if seen.see == "message":
            to = str(facts.get("recipient", "")).removeprefix("contact-")
            title = str(facts.get("title", ""))
            return "通知 message", f"→ {to} ({{channels}}) {title}{_in_english(title)}"
        return None

    def _once(self, key: tuple[str, ...], label: str, rest: str) -> tuple[str, str] | None:
        if key in self._told:
            return None
        self._told.add(key)
        return label, rest

    def met(
        self, wanted: Expectation, at: float, seconds: float, limit: float, motor_s: float, cause: Text | None
    ) -> None:
        """Print that an expectation was met: from what on, how soon, and the limit."""
        motor = f" (电机 motor {motor_s:g} s + {limit - motor_s:g} s)" if motor_s else ""
        took = f"{seconds:6.2f} s ≤ {limit:g} s{motor}"
        since = f"  自 since: {cause}" if cause else ""
        self._hold(at, f"✓ {padded(str(wanted.text), _STEP_COLUMNS)} {took}{since}")

    def missed(self, wanted: Expectation, text: str) -> None:
        """Print that an expectation was not met."""
        self._hold(time.monotonic(), f"✗ {padded(str(wanted.text), _STEP_COLUMNS)} {text}")


def _in_english(title: str) -> str:
    """Return in English what a title that was sent in Chinese is about."""
    if title.isascii():
        return ""
    found = [one["en"] for one in WORDS["messages"] if one["zh"] in title]
    found += [name.en for code, name in RULE_NAMES.items() if f" {code} " in title]
    return f" · {' '.join(found)}" if found else ""


def _shown(facts: dict[str, Any]) -> str:
    hidden = {"device_id", "type", "command_id"}
    return " ".join(f"{name}={value}" for name, value in facts.items() if name not in hidden)
