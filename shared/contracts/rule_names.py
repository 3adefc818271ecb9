"""What the rules of DOMAIN.md section 9 are called: short enough for a row, a title and a phone.

Messages, orders, the screens and the terminal say the same; the screens' catalogues are held to it by a test.
"""

from typing import NamedTuple


class Name(NamedTuple):
    """A rule's name; the English one may stand in the middle of a sentence."""

    zh: str
    en: str


RULE_NAMES: dict[str, Name] = {
    "G01": Name("燃气泄漏低报", "gas low"),
    "G02": Name("燃气泄漏高报", "gas high"),
    "G03": Name("场站燃气报警", "gas at a station"),
    "G04": Name("同一区域多点报警", "several detectors in one zone"),
    "G05": Name("浓度快速上升", "concentration rises fast"),
    "G06": Name("一氧化碳超标", "carbon monoxide"),
    "V01": Name("切断阀未关闭", "valve not closed"),
    "V02": Name("切断阀异常动作", "valve moved without reason"),
    "V03": Name("报警未解除即开阀", "valve reopened while in alarm"),
    "D01": Name("探测器停用、断电或消音", "detector disabled, unplugged or muted"),
    "D02": Name("探测器故障", "sensor fault"),
    "D03": Name("设备离线", "device offline"),
    "D04": Name("设备到期", "end of life"),
    "D05": Name("探测器检定逾期", "detector check overdue"),
    "D06": Name("切断阀试验逾期", "valve test overdue"),
    "D07": Name("探测器气种与场所不符", "detector of the wrong gas"),
    "D08": Name("未登记设备报警", "alarm of an unregistered device"),
    "P01": Name("调压器出口压力高", "outlet pressure high"),
    "P02": Name("超压或切断动作", "over-pressure or slam-shut"),
    "P03": Name("调压器出口压力低", "outlet pressure low"),
    "P04": Name("压力骤降且流量突增", "pressure falls while flow surges"),
    "L01": Name("LNG储罐压力高", "LNG tank pressure high"),
    "L02": Name("储罐液位越限", "tank level out of limits"),
    "L03": Name("气化器出口温度低", "vaporizer outlet cold"),
    "O01": Name("加臭量不足", "odorant low"),
    "C01": Name("涉嫌无证经营", "possibly unlicensed"),
    "C02": Name("许可证即将到期", "licence expires"),
    "C03": Name("应装未装报警器或切断阀", "alarm or cutoff missing"),
    "C04": Name("整改逾期", "rectification overdue"),
    "C05": Name("保护范围内施工或占压", "digging or building on a pipe"),
    "S01": Name("报警洪泛、抖动或滞留", "flood, chattering or stale alarms"),
    "S02": Name("平台自身异常", "the platform itself"),
}
