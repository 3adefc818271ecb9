"""What people read."""

from typing import Any, get_args

import pytest

from services.notification.domain.texts import ADVICE, GASES, compose
from shared.contracts.events import EnforcementEvent, Rule
from shared.contracts.rule_names import RULE_NAMES
from tests.unit.notification.test_routing import notice

FINDINGS = get_args(EnforcementEvent.__annotations__["rule"])


def test_every_rule_has_a_text_of_its_own() -> None:
    assert set(ADVICE) == set(RULE_NAMES) == set(get_args(Rule)) | set(FINDINGS)


@pytest.mark.parametrize("rule", sorted(ADVICE))
def test_every_text_says_what_to_do_and_what_not_to_do(rule: str) -> None:
    chinese = compose(notice(rule=rule, site_name="老街火锅"), "zh-CN")
    english = compose(notice(rule=rule, site_name="老街火锅"), "en")
    assert "应当：" in chinese[1]
    assert "Do not:" in english[1]
    assert rule in chinese[0]
    assert "老街火锅" in chinese[0]
    assert not any("\u4e00" <= letter <= "\u9fff" for letter in english[1])


@pytest.mark.parametrize(
    ("gas", "lel", "uel"), [("CH4", "5", "15"), ("LPG", "1.5", "9.5"), ("CO", "12.5", "74")]
)
def test_the_explosion_limits_of_the_sites_gas_are_said(gas: str, lel: str, uel: str) -> None:
    body = compose(notice(gas=gas), "zh-CN")[1]
    assert f"爆炸下限 {lel} %，爆炸上限 {uel} %" in body


def test_heavy_gas_lies_on_the_floor() -> None:
    assert "沿地面" in compose(notice(gas="LPG"), "zh-CN")[1]
    assert {name for name, gas in GASES.items() if gas.lighter} == {"CH4", "CO"}


@pytest.mark.parametrize(
    ("mark", "zh", "en"), [("test", "【测试】", "[TEST] "), ("drill", "【演练】", "[DRILL] ")]
)
def test_tests_and_drills_are_marked_first_of_all(mark: Any, zh: str, en: str) -> None:
    assert compose(notice(mark=mark), "zh-CN")[0].startswith(zh)
    assert compose(notice(mark=mark), "en")[0].startswith(en)


def test_who_loses_an_order_is_told_not_to_go() -> None:
    order = notice(topic="order", what="taken_over", rule="", text="G02 · 厨房")
    assert "不必前往" in compose(order, "zh-CN")[0]
    assert "do not go" in compose(order, "en")[0]
    assert compose(order, "zh-CN")[1] == "G02 · 厨房"


def test_an_order_says_never_alone() -> None:
    order = notice(topic="order", what="assigned", rule="", text="G02 · 厨房")
    assert "两人以上" in compose(order, "zh-CN")[1]
    assert "G02 · 厨房" in compose(order, "zh-CN")[1]


@pytest.mark.parametrize(
    ("reason", "zh", "en"),
    [
        ("no_crew", "没有空闲班组", "No crew is free"),
        ("not_accepted", "无人接受", "Nobody accepted"),
        ("arrival_late", "到场超时", "late on site"),
    ],
)
def test_an_order_that_needs_a_person_says_why(reason: str, zh: str, en: str) -> None:
    order = notice(topic="order", what="escalated", rule="", reason=reason)
    assert zh in compose(order, "zh-CN")[0]
    assert en in compose(order, "en")[0]
    others = {"没有空闲班组", "无人接受", "到场超时"} - {zh}
    assert not any(other in compose(order, "zh-CN")[0] for other in others)


def test_an_escalation_says_that_the_alert_is_over() -> None:
    assert "已恢复正常" in compose(notice(level=1, over=True), "zh-CN")[0]
    assert "back to normal" in compose(notice(level=2, over=True), "en")[0]
    assert "恢复" not in compose(notice(level=1), "zh-CN")[0]


@pytest.mark.parametrize("reason", ["alarm_rejected", "unreadable_alarm"])
def test_an_alarm_that_could_not_be_read_says_so_and_where(reason: str) -> None:
    found = notice(rule="S02", reason=reason, device="det-7", site_name="新饭店")
    assert "恢复" not in compose(notice(rule="S02", reason=reason, level=1, over=True), "zh-CN")[0]
    zh, en = compose(found, "zh-CN")[0], compose(found, "en")[0]
    assert "报警信息无法读取" in zh
    assert "新饭店" in zh
    assert "det-7" in zh
    assert "an alarm could not be read" in en
    assert "无法读取" not in compose(notice(rule="S02", reason="too_slow"), "zh-CN")[0]
