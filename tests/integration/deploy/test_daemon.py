"""A pid that was recycled is never signalled, and an interrupted starter leaves no process unknown."""

import signal
import subprocess
from pathlib import Path

import pytest

from deploy.native.daemon import Daemon, start_ticks, wait_until


@pytest.fixture
def sleeper(tmp_path):
    daemon = Daemon("sleeper", tmp_path / "run" / "sleeper.pid", tmp_path / "sleeper.log")
    yield daemon
    daemon.stop(limit_s=5)


def test_the_pid_is_that_of_the_command_itself(sleeper):
    sleeper.spawn(["sleep", "1000"])
    pid = sleeper.pid()
    assert wait_until(lambda: Path(f"/proc/{pid}/comm").read_text() == "sleep\n", 5)


def test_starting_again_starts_nothing(sleeper):
    sleeper.spawn(["sleep", "1000"])
    pid = sleeper.pid()
    sleeper.spawn(["sleep", "1000"])
    assert sleeper.pid() == pid


@pytest.fixture
def stranger():
    """Give a process that nobody here recorded."""
    with subprocess.Popen(["sleep", "1000"]) as process:
        yield process
        process.kill()


def test_a_recycled_pid_is_not_ours(sleeper, stranger):
    ticks = start_ticks(stranger.pid)
    assert ticks is not None
    sleeper.pid_file.parent.mkdir()
    sleeper.pid_file.write_text(f"{stranger.pid} {ticks + 1}")
    assert sleeper.pid() is None
    sleeper.stop()
    assert stranger.poll() is None
    sleeper.pid_file.write_text(f"{stranger.pid} {ticks}")
    assert sleeper.pid() == stranger.pid
    sleeper.stop()
    assert stranger.wait(5) == -signal.SIGTERM


@pytest.mark.parametrize("content", ["", "12", "x y", "1 2 3", "-1 0", "99999999 1"])
def test_a_broken_pid_file_means_that_nothing_runs(sleeper, content):
    sleeper.pid_file.parent.mkdir()
    sleeper.pid_file.write_text(content)
    assert sleeper.pid() is None
    sleeper.stop()


def test_a_stopped_process_is_woken_to_end(sleeper):
    sleeper.spawn(["sleep", "1000"])
    sleeper.send(signal.SIGSTOP)
    sleeper.stop(limit_s=5)
    assert sleeper.pid() is None


def test_a_process_that_does_not_listen_is_killed(sleeper):
    sleeper.spawn(["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"])
    pid = sleeper.pid()
    assert wait_until(lambda: "sh" in Path(f"/proc/{pid}/comm").read_text(), 5)
    sleeper.stop(limit_s=0.3)
    assert start_ticks(pid) is None


def test_nothing_starts_once_it_is_no_longer_wanted(sleeper, tmp_path):
    """As when the starter was interrupted and cleared up before the process had got to its command."""
    launch = ["sh", "deploy/native/launch.sh", str(tmp_path / "late.pid"), "touch", str(tmp_path / "started")]
    subprocess.run(launch, check=True)
    assert not (tmp_path / "started").exists()
    (tmp_path / "late.pid.want").touch()
    subprocess.run(launch, check=True)
    assert (tmp_path / "started").exists()
