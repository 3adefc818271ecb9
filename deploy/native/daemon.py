"""A process that outlives its starter, known by its pid and the moment it began."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.native.errors import SetupError

LAUNCH = Path(__file__).with_name("launch.sh")
SPAWN_LIMIT_S = 30.0
POLL_S = 0.02
LOG_BYTES_MAX = 20_000_000  # an older log is kept once, as .log.1


def start_ticks(pid: int) -> int | None:
    """Return when the process began, in clock ticks since boot; None when it is gone.

    A zombie is gone once its last thread is: until then a killed JVM still holds its ports.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    gone = fields[0] in "ZX" and int(fields[17]) <= 1
    return None if gone else int(fields[19])


def wait_until(condition: Callable[[], bool], limit_s: float) -> bool:
    """Return True as soon as the condition holds, False when it does not within the limit."""
    end = time.monotonic() + limit_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(POLL_S)
    return True


@dataclass(frozen=True)
class Daemon:
    """One engine's process: its pid file decides what is killed, and only while the start time agrees."""

    name: str
    pid_file: Path
    log_file: Path
    stop_signal: signal.Signals = signal.SIGTERM

    def pid(self) -> int | None:
        """Return the pid of the running process, else None; never that of a later process of that number."""
        try:
            pid, ticks = (int(word) for word in self.pid_file.read_text().split())
        except (OSError, ValueError):
            return None
        return pid if start_ticks(pid) == ticks else None

    def spawn(self, argv: list[str], env: dict[str, str] | None = None) -> None:
        """Start the command in a session of its own; its output is appended to the log file."""
        if self.pid() is not None:
            return
        for folder in (self.pid_file.parent, self.log_file.parent):
            folder.mkdir(parents=True, exist_ok=True)
        if self.log_file.exists() and self.log_file.stat().st_size > LOG_BYTES_MAX:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        self.pid_file.unlink(missing_ok=True)
        self._want.touch()
        with self.log_file.open("ab") as log:
            subprocess.run(
                ["setsid", "--fork", "sh", str(LAUNCH), str(self.pid_file), *argv],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, check=True, cwd="/",
            )  # fmt: skip
        if not wait_until(self.pid_file.exists, SPAWN_LIMIT_S):
            raise SetupError(f"{self.name} did not start: see {self.log_file}.")

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the running process, if there is one."""
        pid = self.pid()
        if pid is not None:
            os.kill(pid, number)

    def stop(self, limit_s: float = 30.0) -> None:
        """Ask the process to end, wake it if it was stopped, and kill it when the limit has passed."""
        self._want.unlink(missing_ok=True)
        self.send(self.stop_signal)
        self.send(signal.SIGCONT)
        if not wait_until(lambda: self.pid() is None, limit_s):
            self.kill()
        self.pid_file.unlink(missing_ok=True)

    def kill(self) -> None:
        """Kill the process as a power cut would (SIGKILL) and wait until it is gone."""
        self._want.unlink(missing_ok=True)
        pid = self.pid()
        self.send(signal.SIGKILL)
        if not wait_until(lambda: self.pid() is None, 10.0):
            raise SetupError(f"{self.name} (pid {self.pid()}) does not die.")
        if pid is not None:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)  # ours when this process adopts orphans (tests do)

    def last_words(self) -> str:
        """Return the last line of the log, for an error's sentence."""
        try:
            lines = self.log_file.read_text(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return lines[-1].strip() if lines else ""

    @property
    def _want(self) -> Path:
        return self.pid_file.with_name(self.pid_file.name + ".want")
