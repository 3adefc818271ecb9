"""What `make demo` makes of its variables, and how it ends."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import pytest

from deploy.native import demo
from deploy.native.live import Live
from deploy.native.places import PROJECT
from simulators.stories import load
from simulators.telling import Teller


@pytest.mark.parametrize(
    ("given", "expected"),
    [("ONCE=1", True), ("ONCE=yes", True), ("ONCE=0", False), ("ONCE=no", False), ("ONCE=", False)],
)
def test_once_of_nothing_is_not_once(given: str, expected: bool) -> None:
    said = subprocess.run(
        ["make", "-n", "demo", given], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert ("--once" in said.stdout) is expected


@pytest.fixture
def _signals() -> Iterator[None]:
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.getsignal(number) for number in numbers]
    yield
    for number, handler in zip(numbers, before, strict=True):
        signal.signal(number, handler)


@pytest.mark.usefixtures("_signals")
@pytest.mark.parametrize(("arguments", "code"), [([], 0), (["--once"], 130)])
def test_ctrl_c_is_the_end_that_an_endless_demo_has(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: list[str], code: int
) -> None:
    def interrupted(*_: Any, **__: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "_run", interrupted)
    monkeypatch.setenv("GASWATCH_STATE", str(tmp_path))
    assert demo.main(arguments) == code


async def test_no_story_begins_where_the_one_before_has_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """A round that began while the last one's order was closing took that order for its own."""
    done: list[str] = []

    class Ended(Exception):  # noqa: N818 - it is no error
        pass

    class Round(Live):
        def __init__(self) -> None:
            self._teller = Teller()

        async def _be_clean(self, story: Any) -> None:
            done.append(f"clean {story.name}")

        async def perform(self, story: Any) -> list[str]:
            done.append(f"play {story.name}")
            if len(done) > 3:
                raise Ended
            return []

    monkeypatch.setattr("deploy.native.live.PAUSE_BETWEEN_STORIES_S", 0.0)
    with pytest.raises(Ended):
        await Round().show([load("restaurant-leak")])
    assert done == ["clean restaurant-leak", "play restaurant-leak"] * 2


async def test_after_the_last_check_it_says_that_it_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Stopping takes seconds, in which nothing moves on the screen."""

    class Seen:
        world = SimpleNamespace(devices=())

        def __init__(self, *_: Any) -> None:
            pass

        async def __aenter__(self) -> Self:
            return self

        async def __aexit__(self, *_: object) -> None:
            pass

        def introduce(self) -> None:
            pass

        async def perform(self, _story: Any) -> list[str]:
            return []

    monkeypatch.setattr(demo, "Live", Seen)
    stack: Any = None
    assert await demo._play(stack, [load("restaurant-leak")], Teller(), tmp_path / "run.json", once=True) == 0
    said = capsys.readouterr().out
    assert said.index("All steps seen in time") < said.index("Ending: services and engines are being stopped")
