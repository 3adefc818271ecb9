"""Which alerts and findings send somebody, and whom (column "Dispatch" of the rule table, DOMAIN 9)."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.dispatch.domain.model import Kind, Outcome, Priority

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

RULE_NAMES: Mapping[str, str] = {
    "G01": "燃气泄漏低报 / gas low",
    "G02": "燃气泄漏高报 / gas high",
    "G03": "场站燃气泄漏 / station gas",
    "G04": "同一区域多点报警 / several detectors in one zone",
    "G05": "浓度快速上升 / fast rise",
    "G06": "一氧化碳 / carbon monoxide",
    "V01": "切断阀未关闭 / valve not closed",
    "V02": "切断阀异常动作 / valve moved unexplained",
    "V03": "报警未解除即开阀 / valve reopened during alarm",
    "D01": "探测器停用或静音 / detector disabled",
    "D02": "探测器故障 / sensor fault",
    "D03": "设备离线 / device offline",
    "D04": "设备到期 / end of life",
    "D05": "探测器检定逾期 / detector check overdue",
    "D06": "阀门检验逾期 / valve test overdue",
    "D07": "探测器气种不符 / wrong gas",
    "D08": "未登记设备报警 / alarm of unregistered device",
    "P01": "调压器出口超压 / outlet pressure high",
    "P02": "超压切断 / over-pressure shut-off",
    "P03": "调压器出口低压 / outlet pressure low",
    "P04": "压力骤降流量突增 / pressure drop with flow surge",
    "L01": "LNG储罐超压 / LNG tank pressure high",
    "L02": "储罐液位越限 / tank level",
    "L03": "气化器出口低温 / vaporizer outlet cold",
    "C03": "应装未装报警器或切断阀 / alarm or cutoff missing",
    "C05": "保护范围内施工或占压 / digging or building on a pipe",
}


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
    parts = [cause.rule, RULE_NAMES.get(cause.rule, ""), site_name, cause.zone]
    return " · ".join(part for part in parts if part)
