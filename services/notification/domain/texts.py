"""What people read: what happened, what to do, what not to do, in Chinese and English."""

from dataclasses import dataclass

from services.notification.domain.model import Language, Notice
from shared.contracts.rule_names import RULE_NAMES, Name


@dataclass(frozen=True, slots=True)
class Gas:
    """A gas with its explosion limits in vol% and its density against air (DOMAIN 2)."""

    zh: str
    en: str
    lel_volpct: float
    uel_volpct: float
    lighter: bool


GASES = {
    "CH4": Gas("天然气", "natural gas", 5, 15, lighter=True),
    "LPG": Gas("液化石油气", "LPG", 1.5, 9.5, lighter=False),
    "C3H8": Gas("丙烷", "propane", 2.1, 9.5, lighter=False),
    "C4H10": Gas("正丁烷", "n-butane", 1.5, 8.5, lighter=False),
    "CO": Gas("一氧化碳", "carbon monoxide", 12.5, 74, lighter=True),
}


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do and what not to do."""

    do_zh: str
    dont_zh: str
    do_en: str
    dont_en: str


LEAK = Advice(
    "立即疏散人员，关闭气源总阀，打开门窗自然通风，到室外拨打抢修电话，等待抢修班组",
    "严禁开关任何电器和照明，严禁明火，严禁在现场打电话，严禁人员返回，严禁单人作业",
    "Evacuate, close the main gas valve, open doors and windows, call from outside, wait for the crew",
    "No switching of anything electric, no flames, no calls inside, nobody goes back, nobody works alone",
)
STATION = Advice(
    "按场站应急预案启动现场紧急切断，疏散，设置警戒，现场测量浓度",
    "严禁车辆启动和进出，严禁产生火花的作业，浓度高于 20 %LEL 严禁检修",
    "Start the site's emergency shut-down, evacuate, cordon, measure on site",
    "No vehicle starts or moves, no sparks, no repair above 20 %LEL",
)
CO = Advice(
    "立即打开门窗通风，人员撤到室外空气新鲜处，有头痛恶心者就医，关闭燃具",
    "严禁继续使用燃具，严禁关窗，严禁留人值守室内",
    "Open doors and windows, go outside, see a doctor with headache or nausea, turn appliances off",
    "Do not use appliances, do not close windows, nobody stays inside",
)
VALVE = Advice(
    "电话联系用户和抢修班组，人工到现场确认并关闭阀门，按泄漏处置",
    "阀门未经现场确认不得视为已关闭；报警未解除严禁开阀",
    "Call the user and the crew, check and close the valve by hand on site, treat it as a leak",
    "Never take the valve for closed before it was seen closed; never open it while the alarm lasts",
)
PRESSURE = Advice(
    "确认切断阀状态，到现场检查调压器，逐户检查后方可恢复供气",
    "未逐户检查严禁恢复供气；严禁带压拆卸",
    "Check the cutoff, inspect the regulator on site, visit users one by one before restoring supply",
    "Do not restore supply before every user was visited; do not dismantle under pressure",
)
DAMAGE = Advice(
    "立即联系抢修和施工单位停工，设置警戒，关闭上下游阀门",
    "严禁机械继续作业，严禁明火，严禁围观",
    "Call the crew, stop the digging, cordon, close the valves up- and downstream",
    "No machine works on, no flames, no bystanders",
)
TANK = Advice(
    "停止进液，按场站规程泄压或倒罐，检查液位计和压力表",
    "严禁超装，严禁人员单独靠近储罐",
    "Stop filling, vent or transfer by the site's rules, check level and pressure gauges",
    "Do not overfill, nobody goes near the tank alone",
)
DEVICE = Advice(
    "核实原因，恢复设备正常工作，按期维修或更换，并留存记录",
    "任何人不得关闭、拔除报警器或篡改其数据（安全生产法第三十六条）",
    "Find the reason, bring the device back, repair or replace it in time, keep a record",
    "Nobody may switch off or unplug an alarm or falsify its data (Work Safety Law, art. 36)",
)
PLATFORM = Advice(
    "平台自身异常：加强电话值守，检查平台，必要时人工巡查",
    "不得认为“无报警”就是安全",
    "The platform itself is ill: watch by phone, check it, patrol where needed",
    "Do not take silence for safety",
)
LEDGER = Advice(
    "在系统中核实证据，按期整改或处理",
    "未经人工确认不得对外公布",
    "Check the evidence, put it right in time",
    "Nothing is published before a person has confirmed it",
)

ADVICE: dict[str, Advice] = {
    "G01": LEAK,
    "G02": LEAK,
    "G03": STATION,
    "G04": LEAK,
    "G05": LEAK,
    "G06": CO,
    "V01": VALVE,
    "V02": VALVE,
    "V03": VALVE,
    "D01": DEVICE,
    "D02": DEVICE,
    "D03": DEVICE,
    "D04": DEVICE,
    "D05": DEVICE,
    "D06": DEVICE,
    "D07": DEVICE,
    "D08": LEAK,
    "P01": PRESSURE,
    "P02": PRESSURE,
    "P03": PRESSURE,
    "P04": DAMAGE,
    "L01": TANK,
    "L02": TANK,
    "L03": TANK,
    "O01": DEVICE,
    "C01": LEDGER,
    "C02": LEDGER,
    "C03": LEDGER,
    "C04": LEDGER,
    "C05": DAMAGE,
    "S01": PLATFORM,
    "S02": PLATFORM,
}
UNKNOWN = Name("报警", "alert")
PRIORITIES = {"P1": ("紧急", "urgent"), "P2": ("高", "high"), "P3": ("中", "medium"), "P4": ("低", "low")}
MARKS = {"": ("", ""), "test": ("【测试】", "[TEST] "), "drill": ("【演练】", "[DRILL] ")}
LEVELS = {
    1: ("无人确认，升级至值班主管：", "Not acknowledged, to the supervisor: "),
    2: ("仍无人确认，升级至值班经理：", "Still not acknowledged, to the duty manager: "),
}
ORDERS = {
    "assigned": ("抢修派单，请立即接单", "Dispatch order, accept it now"),
    "reassigned": ("改派抢修派单，请立即接单", "Dispatch order now yours, accept it now"),
    "cancelled": ("派单已取消", "Dispatch order cancelled"),
    "taken_over": ("派单已转交其他班组，不必前往", "Dispatch order given to another crew, do not go"),
    "escalated": ("派单需要人工处理", "This order needs a person to act"),
    "unassigned": ("新派单待派班组，请派单", "A new order waits for a crew, send one"),
}
# What the crew must know of the valve while it is on its way or at work.
JOINED = {
    "V01": ("注意：切断阀未关闭，现场可能仍在供气", "Mind: the valve did not close, gas may still flow"),
    "V03": ("注意：切断阀已被打开，现场可能仍在供气", "Mind: the valve was opened again, gas may flow"),
}
# Why an order needs a person, in the words of its timeline.
ESCALATED = {
    "no_crew": ("没有空闲班组可派，请人工派单", "No crew is free for this order, send one by hand"),
    "not_accepted": (
        "派单无人接受，也没有其他空闲班组，请人工派单",
        "Nobody accepted this order and no other crew is free, send one by hand",
    ),
    "arrival_late": ("班组到场超时，请人工处理", "The crew is late on site, act by hand"),
}
# What the platform says of itself, by the reason of its alert.
_UNREAD = ("有报警信息无法读取，按报警处置", "an alarm could not be read, take it for one")
ILL = {
    "alarm_rejected": _UNREAD,
    "unreadable_alarm": _UNREAD,
    "quarantined": ("设备数据持续无法读取", "a device keeps sending what cannot be read"),
    "halted": ("报警判断已停止：数据普遍无法读取", "alerting has halted: nothing can be read"),
}
# Over as soon as they are told, for the message was one; nothing came back to normal by that.
_ONE_MESSAGE = frozenset({"alarm_rejected", "unreadable_alarm"})
OVER = ("（已恢复正常，待确认）", " (back to normal, not acknowledged)")


def compose(notice: Notice, language: Language) -> tuple[str, str]:
    """Return title and body of a notice."""
    zh = language == "zh-CN"
    mark = MARKS[notice.mark][0 if zh else 1]
    level = LEVELS.get(notice.level, ("", ""))[0 if zh else 1]
    priority = PRIORITIES[notice.priority][0 if zh else 1]
    place = " · ".join(part for part in (notice.site_name or notice.site_id, notice.zone) if part)
    if notice.topic == "order":
        what = _of_order(notice)[0 if zh else 1]
        return f"{mark}{notice.priority} {priority} {what} · {place}", _order_body(notice, zh=zh)
    advice = ADVICE.get(notice.rule, DEVICE)
    name_zh, name_en = RULE_NAMES.get(notice.rule, UNKNOWN)
    if notice.rule == "S02" and notice.reason in ILL:
        name_zh, name_en = ILL[notice.reason]
        place = f"{place} · {notice.device}" if notice.device else place
    over = OVER[0 if zh else 1] if notice.over and notice.reason not in _ONE_MESSAGE else ""
    name = f"{name_zh if zh else name_en}{over}"
    title = f"{mark}{level}{notice.priority} {priority} {notice.rule} {name} · {place}"
    lines = [_measured(notice, zh=zh), _limits(notice, zh=zh), notice.text]
    if zh:
        lines += [f"应当：{advice.do_zh}。", f"严禁：{advice.dont_zh}。"]
    else:
        lines += [f"Do: {advice.do_en}.", f"Do not: {advice.dont_en}."]
    return title, "\n".join(line for line in lines if line)


def _of_order(notice: Notice) -> tuple[str, str]:
    """Return what happened to an order; one that needs a person says why."""
    if notice.what == "escalated" and notice.reason in ESCALATED:
        return ESCALATED[notice.reason]
    if notice.what == "alert_joined" and notice.rule in JOINED:
        return JOINED[notice.rule]
    return ORDERS.get(notice.what, (notice.what, notice.what))


def _order_body(notice: Notice, *, zh: bool) -> str:
    """Return the text of an order and what every crew keeps to (DOMAIN 5)."""
    if notice.what not in {"assigned", "reassigned"}:
        return notice.text
    rules = (
        "应当：两人以上同行，先测浓度，设警戒，浓度不高于 20 %LEL 方可作业并反复测量。\n"
        "严禁：单人作业；浓度高于 50 %LEL 停止作业并撤离；未查明原因不得离开。"
        if zh
        else "Do: go as two or more, measure first, cordon, work only at 20 %LEL or below, re-measure.\n"
        "Do not: work alone; work above 50 %LEL; leave before the cause is found."
    )
    return f"{notice.text}\n{rules}"


def _measured(notice: Notice, *, zh: bool) -> str:
    """Return the value that raised the alert."""
    if notice.value is None:
        return ""
    return f"{'测得' if zh else 'Measured'} {notice.value:g} {notice.unit}".rstrip()


def _limits(notice: Notice, *, zh: bool) -> str:
    """Return the explosion limits of the site's gas; staff often do not know them."""
    gas = GASES.get(notice.gas)
    if gas is None or notice.rule[:1] not in {"G", "D", "V"}:
        return ""
    if zh:
        where = "比空气轻，向上积聚" if gas.lighter else "比空气重，沿地面和低处积聚"
        return (
            f"{gas.zh}：爆炸下限 {gas.lel_volpct:g} %，爆炸上限 {gas.uel_volpct:g} %（体积分数）；{where}。"
        )
    where = "lighter than air, gathers above" if gas.lighter else "heavier than air, gathers at the floor"
    return f"{gas.en}: LEL {gas.lel_volpct:g} vol%, UEL {gas.uel_volpct:g} vol%; {where}."
