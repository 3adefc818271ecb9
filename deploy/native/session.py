"""Engines for as long as one command runs: those that run already, or a set of its own."""

import fcntl
import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from deploy.native import docker
from deploy.native.daemon import Daemon, start_ticks
from deploy.native.docker import AnyEngines, engines_of
from deploy.native.engines import EngineAddresses, running
from deploy.native.errors import SetupError
from deploy.native.places import locked, state_dir
from deploy.native.postgres import STOP_SIGNAL

ENGINES = ("mosquitto", "postgres", "kafka")
OWN = "own-"
HELD = "held"
COMING = "sessions.lock"


def daemons(state: Path) -> list[Daemon]:
    """Return what may run in a state folder, in the order in which it is stopped.

    First whoever wrote a pid file into the folder itself or into its `run` ("pid start-ticks", as
    launch.sh does), then the engines.
    """
    others = [file for folder in (state, state / "run") for file in sorted(folder.glob("*.pid"))]
    found = [Daemon(file.stem, file, state / "logs" / f"{file.stem}.log") for file in others]
    for name in ENGINES:
        number = STOP_SIGNAL if name == "postgres" else signal.SIGTERM
        found.append(Daemon(name, state / name / f"{name}.pid", state / "logs" / f"{name}.log", number))
    return found


def sessions(state: Path) -> list[Path]:
    """Return the folders of sessions with engines of their own."""
    return sorted(folder for folder in state.glob(f"{OWN}*") if folder.is_dir())


def ports_of(state: Path, name: str = "ports.json") -> dict[str, int]:
    """Return the ports that a state folder has picked for its engines, or for its services."""
    file = state / name
    return dict(json.loads(file.read_text())) if file.exists() else {}


def sweep(state: Path) -> None:
    """Stop and remove what sessions left behind that were killed; living ones are left alone."""
    with locked(state / COMING):
        _sweep(state)


def _sweep(state: Path) -> None:
    for folder in sessions(state):
        with (folder / HELD).open("a") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            for daemon in daemons(folder):
                daemon.stop()
            docker.remove(folder)
            shutil.rmtree(folder, ignore_errors=True)  # what just stopped may take its own files along


@contextmanager
def own(say: Callable[[str], None] = print, name: str = "") -> Iterator[AnyEngines]:
    """Give started engines with fresh state of their own, and stop and remove them at the end.

    The folder is `own-<pid><name>` in the state folder, so that one program may have several; its logs stay,
    as `logs/last-own<name>` there; a SetupError that names one says where it lies then.
    """
    state = state_dir()
    folder = state / f"{OWN}{os.getpid()}{name}"
    kept = state / "logs" / f"last-own{name}"
    with ExitStack() as stack:
        # A folder that its session does not hold yet would look like one that was left behind.
        with locked(state / COMING):
            _sweep(state)
            folder.mkdir()
            held = stack.enter_context((folder / HELD).open("a"))
            fcntl.flock(held, fcntl.LOCK_EX)
        (folder / "owner.pid").write_text(f"{os.getpid()} {start_ticks(os.getpid())}\n")
        engines: AnyEngines | None = None
        try:
            engines = engines_of(folder, say)
            engines.start()
            yield engines
        except SetupError as error:
            raise SetupError(str(error).replace(str(folder / "logs"), str(kept))) from error
        finally:
            with undisturbed():
                if engines is not None:
                    engines.remove()
                _keep_logs(folder, kept)
                shutil.rmtree(folder)


@contextmanager
def borrowed_or_own(say: Callable[[str], None] = print) -> Iterator[EngineAddresses]:
    """Give the engines of the state folder when all of them run, else a set of one's own."""
    try:
        found = running()
    except SetupError:
        with own(say) as engines:
            yield engines.addresses()
    else:
        yield found


@contextmanager
def undisturbed() -> Iterator[None]:
    """Let nobody interrupt the clearing up: a second Ctrl-C would leave an engine running."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, signal.SIG_IGN) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _keep_logs(folder: Path, kept: Path) -> None:
    if (folder / "logs").exists():
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        (folder / "logs").rename(kept)
