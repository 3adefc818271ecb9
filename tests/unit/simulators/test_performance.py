"""A story's check goes red when a step is missing, late, or about something else than this episode."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from joserfc.jwk import KeySet

from simulators import performance, stories, telling
from simulators.city import build, load
from simulators.client import Broker
from simulators.observer import Observer
from simulators.performance import perform
from simulators.stories import Story, Text
from simulators.telling import Teller
from simulators.world import World

SITE = "site-yunling"
DEVICE = f"{SITE}-d1"
Note = Callable[..., None]


class Scene:
    """A story whose events a test notes by hand; nothing is simulated and nothing asked of a portal."""

    def __init__(self, steps: set[str], never: tuple[stories.Expectation, ...] = ()) -> None:
        city = build(load())
        self.world = World(city, Broker("", 0, lambda _client: None), KeySet([]), 1)  # type: ignore[arg-type, return-value]
        found = stories.load("restaurant-leak")
        expect = tuple(replace(one, within_s=0.4) for one in found.expect if one.name in steps)
        self.story = Story("leak", found.title, (), expect, never, limit_s=2.0)
        self.observer = Observer(self.world)

    def alarm(self) -> None:
        self.note("device_alarm", device_id=DEVICE, type="alarm_raised", level="high")

    def alert(self, alert_id: str = "a1", *, active: bool = True) -> None:
        self.note(
            "alert",
            alert_id=alert_id,
            rule="G02",
            priority="P1",
            active=active,
            updated_at=stamp(),
            site_id=SITE,
        )

    def order(
        self, state: str = "assigned", crew: str | None = "crew-1", alert_id: str = "a1", priority: str = "P1"
    ) -> None:
        self.note(
            "order", order_id=f"o-{alert_id}", kind="response", state=state, crew_id=crew,
            alert_ids=[alert_id], priority=priority, updated_at=stamp(), site_id=SITE,
        )  # fmt: skip

    def message(self, subject: str = "alert:a1", priority: str = "P1", to: str = "contact-watch") -> None:
        self.note(
            "message",
            subject=subject,
            priority=priority,
            recipient=to,
            channel="app",
            topic="alert",
            title="x",
        )

    def note(self, see: str, **facts: Any) -> None:
        self.observer.note(see, SITE, facts)

    async def play(self, *happens: Callable[[], None]) -> list[str]:
        """Perform the story while these things happen one after the other."""
        playing = asyncio.create_task(perform(self.story, self.world, self.observer, None, Teller()))  # type: ignore[arg-type]
        for one in happens:
            await asyncio.sleep(0.02)
            one()
        return await playing


def stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "LATE_S", 0.3)
    monkeypatch.setattr(telling, "HOLD_S", 0.05)


ORDER = {"alarm", "alert", "order"}


async def test_an_order_of_this_alert_with_a_crew() -> None:
    scene = Scene(ORDER)
    assert await scene.play(scene.alarm, scene.alert, scene.order) == []


async def test_an_order_that_stood_manned_already_was_there_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene = Scene(ORDER)
    assert await scene.play(scene.order, scene.alarm, scene.alert) == []
    assert " 0.00 s ≤ 0.4 s" in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "open", "crew": None},
        {"state": "closed"},
        {"state": "cancelled"},
        {"crew": None},
        {"alert_id": "a-of-an-earlier-round"},
        {"priority": "P2"},
    ],
)
async def test_another_order_is_not_it(wrong: dict[str, Any]) -> None:
    scene = Scene(ORDER)
    (fault,) = await scene.play(scene.alarm, scene.alert, lambda: scene.order(**wrong))
    assert fault.startswith("leak: order was not seen")


async def test_an_order_that_was_closed_before_the_cause_does_not_stand() -> None:
    scene = Scene(ORDER)
    faults = await scene.play(scene.order, lambda: scene.order("closed"), scene.alarm, scene.alert)
    assert [fault.split(" was")[0] for fault in faults] == ["leak: order"]


async def test_an_alert_of_an_earlier_round_or_one_that_ends_is_not_it() -> None:
    scene = Scene({"alarm", "alert"})
    scene.alert()
    (earlier,) = await scene.play(scene.alarm, scene.alert)
    assert earlier.startswith("leak: alert was not seen")
    (ended,) = await scene.play(scene.alarm, lambda: scene.alert("a2", active=False))
    assert ended.startswith("leak: alert was not seen")


async def test_an_effect_before_its_cause_is_not_clamped_to_nothing() -> None:
    scene = Scene({"alarm", "alert"})
    (fault,) = await scene.play(scene.alert, scene.alarm)
    assert fault.startswith("leak: alert was not seen")


async def test_what_comes_late_is_late_and_what_hangs_on_the_missing_is_named() -> None:
    scene = Scene(ORDER)
    scene.story = replace(
        scene.story, expect=tuple(replace(one, within_s=0.01) for one in scene.story.expect)
    )
    faults = await scene.play(lambda: None, scene.alarm)
    assert faults[0].startswith("leak: alarm came after 0.0")
    assert faults[1].startswith("leak: alert was not seen")
    assert faults[2] == "leak: order was not looked for, because alert is missing"


@pytest.mark.parametrize("wrong", [{"subject": "alert:a0"}, {"subject": "order:o-a1"}, {"priority": "P2"}])
async def test_a_message_about_something_else_is_not_it(wrong: dict[str, str]) -> None:
    scene = Scene({"alarm", "alert", "message"})
    assert await scene.play(scene.alarm, scene.alert, scene.message) == []
    scene = Scene({"alarm", "alert", "message"})
    (fault,) = await scene.play(scene.alarm, scene.alert, lambda: scene.message(**wrong))
    assert fault.startswith("leak: message was not seen")


async def test_a_message_that_comes_before_its_alert_is_seen_was_there_at_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    scene = Scene({"alarm", "alert", "message"})
    expect = tuple(
        replace(one, after="alert") if one.name == "message" else one for one in scene.story.expect
    )
    scene.story = replace(scene.story, expect=expect)
    assert await scene.play(scene.alarm, scene.message, scene.alert) == []
    assert " 0.00 s ≤ 0.4 s" in capsys.readouterr().out


async def test_what_must_not_be_is_watched_for_after_the_last_step() -> None:
    (found,) = stories.load("network-cut").never
    for within_s, faults in ((0.3, 1), (0.0, 0)):
        never = replace(found, site=SITE, after=stories.START, within_s=within_s)
        scene = Scene({"alarm"}, (never,))
        valve = {"device_id": f"{SITE}-v1", "type": "position_changed", "position": "closed"}
        playing = asyncio.create_task(scene.play(scene.alarm))
        await asyncio.sleep(0.15)
        scene.note("limit_switch", **valve)
        assert len(await playing) == faults


async def test_messages_one_by_one_are_counted_for_each_person() -> None:
    (never,) = (one for one in stories.load("flood").never if one.name == "one-by-one")
    most = never.where["nth_each"] - 1
    scene = Scene(set(), (replace(never, site=SITE),))

    def messages(count: int, to: str) -> None:
        for number in range(count):
            scene.message(f"alert:{number}", "P2", to)

    scene.story = replace(
        scene.story, expect=(replace(stories.load("restaurant-leak").expect[0], within_s=1.0),)
    )
    assert (
        await scene.play(
            lambda: messages(most, "contact-watch"), lambda: messages(most, "contact-dispatcher"), scene.alarm
        )
        == []
    )
    (fault,) = await scene.play(lambda: messages(most + 1, "contact-watch"), scene.alarm)
    assert f"{most + 1} to one person instead of {most}" in fault


async def test_readings_that_a_cut_kept_count_as_much_as_events() -> None:
    scene = Scene(set())
    (client,) = scene.world.clients_of_site("site-duanwang")
    (wanted,) = (one for one in stories.load("network-cut").expect if one.see == "all_receipted")
    await client.cut_network()
    client.read_due()
    assert client.buffer.kept
    assert not any(kept.is_event for kept in client.buffer.kept.values())

    async def seen() -> bool:
        began = time.monotonic()
        found = await scene.observer.wait(wanted, began, began, began + 0.3, None)  # type: ignore[arg-type]
        return found is not None

    assert not await seen(), "the network is still cut"
    client.restored_at = time.monotonic()
    assert not await seen(), "readings have no receipt"
    kept = [kept.message for kept in client.buffer.kept.values()]
    client.buffer.receipt(
        {
            "accepted": [
                {
                    "device_id": one["device_id"],
                    "boot_id": one["boot_id"],
                    "ranges": [[one["seq"], one["seq"]]],
                }
                for one in kept[1:]
            ],
            "rejected": kept[:1],
        }
    )
    assert not await seen(), "a rejected reading is not receipted data"
    client.buffer.rejected = 0
    assert await seen()


def test_a_story_starts_with_its_cause_and_says_all_in_both_languages() -> None:
    assert stories.load("dig-cuts-main").cause_s == 10.0
    for name in stories.names():
        story = stories.load(name)
        assert any(action.text for action in story.actions), name
        texts: list[Text] = [story.title, *(one.text for one in (*story.expect, *story.never))]
        texts += [action.text for action in story.actions if action.text]
        for text in texts:
            assert not text.zh.isascii(), (name, text)
            assert text.en.isascii(), (name, text)


def test_a_step_that_hangs_on_nothing_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    text = (stories.FOLDER / "restaurant-leak.yaml").read_text()
    (tmp_path / "wrong.yaml").write_text(text.replace("of: alert", "of: alart", 1))
    monkeypatch.setattr(stories, "FOLDER", tmp_path)
    with pytest.raises(stories.StoryError, match="order hangs on"):
        stories.load("wrong")
