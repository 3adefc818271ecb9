"""Which alerts and findings send somebody, and whom (column "Dispatch" of the rule table, DOMAIN 9)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.dispatch.domain.model import Kind, Outcome, Priority
from shared.contracts.rule_names import RULE_NAMES

# What can make an order necessary that was not before; all else leaves orders alone.
TRIGGERS = frozenset({"raised", "escalated", "unshelved"})
ENDS = frozenset({"cleared", "reset"})


@dataclass(frozen=True, slots=True)
class Sends:
    """The order a rule leads to: its kind, the skill it needs, the lowest priority that leads to it."""

    kind: Kind
    skill: str
    from_priority: Priority = "P4"


RULES: Mapping[str, Sends] = {
    **{rule: Sends("response", "leak") for rule in ("G01", "G02", "G03", "G04", "G05", "G06", "D08")},
    **{rule: Sends("response", "valve") for rule in ("V01", "V02", "V03")},
    **{rule: Sends("response", "pressure") for rule in ("P01", "P02", "P03", "P04")},
    **{rule: Sends("response", "station") for rule in ("L01", "L02", "L03")},
    "D01": Sends("inspection", "detector"),
    "D02": Sends("repair", "detector"),
    # Offline devices are repaired once they are escalated (24 h); the P1 form is below.
    "D03": Sends("repair", "detector", from_priority="P2"),
    "D04": Sends("repair", "detector"),
    "D05": Sends("inspection", "detector"),
    "D06": Sends("inspection", "valve"),
    "D07": Sends("inspection", "detector"),
    "C03": Sends("inspection", "detector"),
    "C05": Sends("inspection", "patrol"),
}
# A detector that falls silent while its alarm lasts: somebody goes now.
SILENT_IN_ALARM = Sends("response", "leak")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """An alert or finding that may make an order necessary; `cause_id` is the alert's or finding's id.

    `again`: raised before, and now anew: it grew graver, or what had gone has returned.
    """

    cause_id: str
    rule: str
    priority: Priority
    zone: str = ""
    trigger: str = "raised"
    active: bool = True
    suppressed: bool = False
    test: bool = False
    reserved: bool = False
    latched: bool = False
    again: bool = False

    @property
    def binds(self) -> bool:
        """Whether a crew stays with it until it ends (DOMAIN 5: not left while the cause is unfound)."""
        return self.active and (self.latched or self.priority == "P1")


def sends(cause: Cause) -> Sends | Outcome:
    """Return the order that `cause` leads to, or why it leads to none."""
    if cause.reserved:
        return Outcome.RESERVED
    if cause.test:
        return Outcome.TEST
    if cause.trigger not in TRIGGERS:
        return Outcome.NOT_A_TRIGGER
    if not cause.active:
        return Outcome.NOT_ACTIVE
    if cause.suppressed:
        return Outcome.SUPPRESSED
    if cause.rule == "D03" and cause.priority == "P1":
        return SILENT_IN_ALARM
    found = RULES.get(cause.rule)
    if found is None or cause.priority > found.from_priority:
        return Outcome.RULE_SENDS_NOBODY
    return found


LINES_MAX = 12  # an order is read on a phone (default)


def joined_text(text: str, line: str, priority: str, present: str) -> str:
    """Return an order's text with what joins it: first when graver than the rest, last when as grave."""
    lines = text.splitlines()
    if priority < present:
        return "\n".join([line, *(one for one in lines if one != line)][:LINES_MAX])
    says = priority == present and line not in lines and len(lines) < LINES_MAX
    return "\n".join([*lines, line]) if says else text


def text_of(cause: Cause, site_name: str) -> str:
    """Return the text of an order that `cause` opens, Chinese first."""
    parts = [cause.rule, " / ".join(RULE_NAMES.get(cause.rule, ())), site_name, cause.zone]
    return " · ".join(part for part in parts if part)
