"""`make demo` that cannot begin says why in one sentence and touches nothing."""

import subprocess
import sys
from pathlib import Path

from deploy.native.demo import only_one
from deploy.native.places import PROJECT


def demo(state: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["env", f"GASWATCH_STATE={state}", sys.executable, "-m", "deploy.native.demo", *arguments],
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


def test_a_story_that_nobody_wrote(tmp_path: Path) -> None:
    done = demo(tmp_path / "state", "--once", "--story", "happy-end")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "happy-end" in done.stderr
    assert "restaurant-leak" in done.stderr
    assert files(tmp_path / "state") == []
