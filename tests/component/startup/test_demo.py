"""`make demo` that cannot begin says why in one sentence and touches nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.native.demo import only_one
from deploy.native.places import PROJECT


def demo(state: Path, *arguments: str, settings: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            "env",
            f"GASWATCH_STATE={state}",
            *settings,
            sys.executable,
            "-m",
            "deploy.native",
            "demo",
            *arguments,
        ],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def files(state: Path) -> list[str]:
    return sorted(file.name for file in state.iterdir()) if state.exists() else []


def test_another_demo_runs(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with only_one(state):
        done = demo(state, "--once")
        assert files(state) == ["demo.lock"]
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == "A demo of this clone runs already: stop it there with Ctrl-C, or `make stop`.\n"


@pytest.mark.parametrize("name", ["happy-end", ""])
def test_a_story_that_nobody_wrote(tmp_path: Path, name: str) -> None:
    done = demo(tmp_path / "state", "--once", "--story", name)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"'{name}'" in done.stderr
    assert "restaurant-leak" in done.stderr
    assert files(tmp_path / "state") == []


def test_engines_that_nobody_knows(tmp_path: Path) -> None:
    done = demo(tmp_path / "state", "--once", settings=("ENGINES=banana",))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "ENGINES=banana is unknown: it can be docker, or native (as when it is not set).\n"
