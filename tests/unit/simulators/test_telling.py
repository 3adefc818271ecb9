"""What the demo prints: causes first, both languages, columns that stand below one another."""

import time
import unicodedata
from typing import Any, get_args

import pytest

from shared.contracts.events import OrderState
from simulators import stories, telling
from simulators.observer import Seen
from simulators.telling import WORDS, Teller, padded

SITE = "site-yunling"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "HOLD_S", 0.05)


def seen(see: str, at: float, happened_at: float | None = None, **facts: Any) -> Seen:
    return Seen(at, see, SITE, facts, at if happened_at is None else happened_at)


def columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(one) in {"W", "F"} else 1 for one in text)


async def told(capsys: pytest.CaptureFixture[str], teller: Teller) -> list[str]:
    await teller.tell_all()
    return [line for line in capsys.readouterr().out.splitlines() if " s  " in line]


async def test_lines_come_in_the_order_in_which_things_happened(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    story = stories.load("restaurant-leak")
    now = time.monotonic()
    teller.story(story, now)
    teller.act(story.actions[0])
    alert = {"alert_id": "a", "rule": "G02", "priority": "P1", "active": True, "site_id": SITE}
    teller.live(seen("command_result", now + 0.03, device_id="v1", type="command_result", result="accepted"))
    teller.live(seen("alert", now + 0.04, now + 0.02, **alert))
    teller.live(
        seen("device_alarm", now + 0.05, now + 0.01, device_id="d1", type="alarm_raised", level="high")
    )
    lines = await told(capsys, teller)
    assert [line.split()[2] for line in lines] == ["▶", "探测器报警", "报警", "阀门应答"]
    assert [float(line.split()[0]) for line in lines] == sorted(float(line.split()[0]) for line in lines)
    assert "0.00 s  ▶ 云岭人家饭庄开始泄漏 a leak begins" in lines[0]
    assert "P1 G02 燃气泄漏高报 gas high" in lines[2]


async def test_a_step_says_from_what_to_what_and_its_limit(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    for wanted in stories.load("restaurant-leak").expect[:3]:
        teller.met(wanted, time.monotonic(), 2.0, 3.0, 2.0, stories.Text("泄漏", "a leak"))
    lines = await told(capsys, teller)
    assert len({columns(line[: line.index("≤")]) for line in lines}) == 1
    assert "✓ 切断阀关到位 valve closed, limit switch" in lines[2]
    assert lines[2].endswith("2.00 s ≤ 3 s (电机 motor 2 s + 1 s)  自 since: 泄漏 a leak")


async def test_a_message_is_one_line_for_all_its_channels_and_said_in_english(
    capsys: pytest.CaptureFixture[str],
) -> None:
    teller = Teller()
    title = "P1 紧急 G02 燃气泄漏高报 · 云岭人家饭庄"
    for channel in ("sms", "app", "app"):
        teller.live(
            seen("message", time.monotonic(), recipient="contact-watch", channel=channel, title=title)
        )
    (line,) = await told(capsys, teller)
    assert line.endswith(f"→ watch (app ×2, sms) {title} · gas high")


async def test_an_order_without_a_crew_says_so_and_what_is_of_an_earlier_story_too(
    capsys: pytest.CaptureFixture[str],
) -> None:
    teller = Teller()
    teller.story(stories.load("stuck-valve"), time.monotonic())
    order: dict[str, Any] = {
        "order_id": "o",
        "state": "open",
        "priority": "P2",
        "crew_id": None,
        "site_id": SITE,
    }
    teller.live(seen("order", time.monotonic(), **order))
    (line,) = await told(capsys, teller)
    assert "尚无班组 no crew yet" in line
    assert line.endswith("(前 earlier story)")


def test_every_state_has_words() -> None:
    assert set(get_args(OrderState)) == set(WORDS["orders"])


def test_wide_characters_take_two_columns() -> None:
    assert columns(padded("报警 alert", 30)) == columns(padded("alert", 30)) == 30


async def test_nothing_is_lost_when_a_heading_comes(capsys: pytest.CaptureFixture[str]) -> None:
    teller = Teller()
    teller.live(seen("event", time.monotonic(), device_id="d1", type="alarm_cleared"))
    teller.heading("the end")
    first, *_, last = capsys.readouterr().out.splitlines()
    assert first.endswith("探测器恢复 detector normal     d1")
    assert last == "the end"
